#include "tiny_model.h"

#include <torch/torch.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/base/rng.h"
#include "worker/engine/study.h"

namespace eida::testing {
namespace {

const std::vector<std::string> kPraise = {"good", "great", "fine", "bright", "warm", "clever"};
const std::vector<std::string> kBlame = {"bad", "poor", "dull", "cold", "weak", "tired"};
const std::vector<std::string> kFiller = {"a",    "the",  "film", "with", "and",  "story",
                                          "very", "plot", "of",   "cast", "long", "it"};

std::vector<std::string> Vocabulary() {
  std::vector<std::string> words = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ",", "."};
  for (const auto* list : {&kPraise, &kBlame, &kFiller})
    words.insert(words.end(), list->begin(), list->end());
  words.insert(words.end(), {"##ly", "##s"});
  return words;
}

Json Tokenizer() {
  Json vocabulary, special = Json::array();
  const std::vector<std::string> words = Vocabulary();
  for (size_t i = 0; i < words.size(); ++i) vocabulary[words[i]] = i;
  for (int i = 0; i < 5; ++i) {
    special.push_back({{"id", i},
                       {"special", true},
                       {"content", words[i]},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false}});
  }
  Json tokenizer = Json::parse(R"({"version": "1.0", "truncation": null, "padding": null,
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                 {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
      "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
      "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
          "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}})");
  tokenizer["added_tokens"] = special;
  tokenizer["model"]["vocab"] = vocabulary;
  return tokenizer;
}

engine::Weights RandomBert(const Json& config) {
  const int64_t hidden = config["hidden_size"], inner = config["intermediate_size"];
  const torch::NoGradGuard no_grad;
  torch::manual_seed(5);
  engine::Weights weights;
  const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
    weights[name + ".weight"] = torch::randn({out, in}) * 0.1;
    weights[name + ".bias"] = torch::randn({out}) * 0.02;
  };
  const auto norm = [&](const std::string& name) {
    weights[name + ".weight"] = torch::ones({hidden});
    weights[name + ".bias"] = torch::zeros({hidden});
  };
  const auto embedding = [&](const std::string& name, int64_t rows) {
    weights["embeddings." + name + ".weight"] = torch::randn({rows, hidden}) * 0.1;
  };
  embedding("word_embeddings", config["vocab_size"]);
  embedding("position_embeddings", config["max_position_embeddings"]);
  embedding("token_type_embeddings", 2);
  norm("embeddings.LayerNorm");
  for (int64_t layer = 0; layer < config["num_hidden_layers"].get<int64_t>(); ++layer) {
    const std::string prefix = "encoder.layer." + std::to_string(layer) + ".";
    for (const char* part : {"query", "key", "value"})
      linear(prefix + "attention.self." + part, hidden, hidden);
    linear(prefix + "attention.output.dense", hidden, hidden);
    norm(prefix + "attention.output.LayerNorm");
    linear(prefix + "intermediate.dense", hidden, inner);
    linear(prefix + "output.dense", inner, hidden);
    norm(prefix + "output.LayerNorm");
  }
  linear("pooler.dense", hidden, hidden);
  return weights;
}

std::string Reviews(int rows) {
  Rng rng(17, "tiny reviews");
  std::string text = "text\tlabel\n";
  for (int row = 0; row < rows; ++row) {
    const bool praise = rng.Below(2) == 1;
    const auto& own = praise ? kPraise : kBlame;
    const uint64_t words = 3 + rng.Below(9);
    const uint64_t at = rng.Below(words);
    for (uint64_t w = 0; w < words; ++w) {
      if (w > 0) text += ' ';
      text += w == at ? own[rng.Below(own.size())] : kFiller[rng.Below(kFiller.size())];
    }
    text += praise ? "\t1\n" : "\t0\n";
  }
  return text;
}

void Must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(Message(status));
}

}  // namespace

TinyStudy MakeTinyStudy(const std::string& dir, int rows, int hidden) {
  const Json config = {{"architectures", {"BertModel"}},
                       {"model_type", "bert"},
                       {"attention_probs_dropout_prob", 0.1},
                       {"hidden_dropout_prob", 0.1},
                       {"hidden_act", "gelu"},
                       {"hidden_size", hidden},
                       {"initializer_range", 0.02},
                       {"intermediate_size", 2 * hidden},
                       {"layer_norm_eps", 1e-12},
                       {"max_position_embeddings", 48},
                       {"num_attention_heads", 4},
                       {"num_hidden_layers", 2},
                       {"pad_token_id", 0},
                       {"position_embedding_type", "absolute"},
                       {"type_vocab_size", 2},
                       {"vocab_size", Vocabulary().size()}};
  Must(MakeDirs(dir));
  TinyStudy study;
  Json digests;
  Must(WriteFileAtomic(JoinPath(dir, "config.json"), Pretty(config)));
  Must(WriteFileAtomic(JoinPath(dir, "tokenizer.json"), Pretty(Tokenizer())));
  Must(engine::WriteSafetensors(RandomBert(config), {{"format", "pt"}},
                                JoinPath(dir, "model.safetensors")));
  for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
    study.inputs[std::string("model/") + name] = JoinPath(dir, name);
    digests[name] = DigestOfFile(JoinPath(dir, name))->str();
  }
  const std::string reviews = JoinPath(dir, "reviews.tsv");
  Must(WriteFileAtomic(reviews, Reviews(rows)));
  study.inputs["data/train"] = reviews;
  study.model = {
      {"digest", DigestOf(Canonical(digests)).str()}, {"architecture", "bert"}, {"labels", 2}};
  study.data = {
      {"task", "classification"},
      {"format", "tsv"},
      {"columns", {{"text", "text"}, {"label", "label"}}},
      {"max_length", 24},
      {"limit", Json::object()},
      {"splits",
       Json::array({{{"name", "train"}, {"digest", DigestOfFile(reviews)->str()}},
                    {{"name", "select"}, {"from", "train"}, {"fraction", 0.25}, {"seed", 0}},
                    {{"name", "report"}, {"from", "train"}, {"fraction", 0.25}, {"seed", 1}}})}};
  return study;
}

}  // namespace eida::testing
