#include "tests/unit/engine/tiny.h"

#include <torch/torch.h>

#include <limits>

#include "common/base/rng.h"

namespace eida::engine {
namespace {

const std::vector<std::string> kWords = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "fine",
                                         "great", "warm",  "bad",   "dull",  "poor", "cold",
                                         "film",  "story", "actor", "scene", "the",  "a",
                                         "is",    "was",   "very",  "and",   "##ly", "end"};

Json TokenizerJson() {
  Json vocab = Json::object();
  for (size_t i = 0; i < kWords.size(); ++i) vocab[kWords[i]] = i;
  const auto special = [](const std::string& id, int type) {
    return Json{{"SpecialToken", {{"id", id}, {"type_id", type}}}};
  };
  const auto sequence = [](const std::string& id, int type) {
    return Json{{"Sequence", {{"id", id}, {"type_id", type}}}};
  };
  Json added = Json::array();
  for (int i = 0; i < 4; ++i) {
    added.push_back({{"id", i},
                     {"content", kWords[i]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer",
           {{"type", "BertNormalizer"},
            {"clean_text", true},
            {"handle_chinese_chars", true},
            {"strip_accents", nullptr},
            {"lowercase", true}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor",
           {{"type", "TemplateProcessing"},
            {"single", {special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)}},
            {"pair",
             {special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0), sequence("B", 1),
              special("[SEP]", 1)}},
            {"special_tokens",
             {{"[CLS]", {{"id", "[CLS]"}, {"ids", {2}}, {"tokens", {"[CLS]"}}}},
              {"[SEP]", {{"id", "[SEP]"}, {"ids", {3}}, {"tokens", {"[SEP]"}}}}}}}},
          {"decoder", nullptr},
          {"model",
           {{"type", "WordPiece"},
            {"unk_token", "[UNK]"},
            {"continuing_subword_prefix", "##"},
            {"max_input_chars_per_word", 100},
            {"vocab", vocab}}}};
}

at::Tensor Random(Rng& rng, const std::vector<int64_t>& shape, double spread, double centre = 0) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  float* data = tensor.data_ptr<float>();
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    data[i] = static_cast<float>(centre + spread * (rng.Unit() + rng.Unit() + rng.Unit() - 1.5));
  }
  return tensor;
}

Weights RandomBert(const TinyOptions& o) {
  Rng rng(7);
  Weights w;
  const std::string prefix = o.with_prefix ? "bert." : "";
  const auto linear = [&](const std::string& name, int64_t out, int64_t in) {
    w[name + ".weight"] = Random(rng, {out, in}, 0.2);
    w[name + ".bias"] = Random(rng, {out}, 0.1);
  };
  const auto norm = [&](const std::string& name) {
    w[name + ".weight"] = Random(rng, {o.hidden}, 0.1, 1);
    w[name + ".bias"] = Random(rng, {o.hidden}, 0.1);
  };
  w[prefix + "embeddings.word_embeddings.weight"] =
      Random(rng, {static_cast<int64_t>(kWords.size()), o.hidden}, 0.5);
  w[prefix + "embeddings.position_embeddings.weight"] = Random(rng, {o.positions, o.hidden}, 0.2);
  w[prefix + "embeddings.token_type_embeddings.weight"] = Random(rng, {2, o.hidden}, 0.2);
  norm(prefix + "embeddings.LayerNorm");
  w[prefix + "embeddings.position_ids"] = at::arange(o.positions, at::kLong).unsqueeze(0);
  for (int64_t i = 0; i < o.layers; ++i) {
    const std::string at = prefix + "encoder.layer." + std::to_string(i) + ".";
    for (const char* part : {"query", "key", "value"})
      linear(at + "attention.self." + part, o.hidden, o.hidden);
    linear(at + "attention.output.dense", o.hidden, o.hidden);
    norm(at + "attention.output.LayerNorm");
    linear(at + "intermediate.dense", o.inner, o.hidden);
    linear(at + "output.dense", o.hidden, o.inner);
    norm(at + "output.LayerNorm");
  }
  linear(prefix + "pooler.dense", o.hidden, o.hidden);
  if (o.with_prefix) linear("classifier", 2, o.hidden);
  return w;
}

// Label 1 = more kind words than unkind ones; lengths vary.
std::string Rows(int64_t count) {
  Rng rng(11);
  std::string text = "text\tlabel\n";
  for (int64_t i = 0; i < count; ++i) {
    const bool kind = rng.Below(2) == 1;
    std::string row;
    const int64_t words = 2 + static_cast<int64_t>(rng.Below(12));
    for (int64_t k = 0; k < words; ++k) {
      const bool telling = k == 0 || rng.Below(3) == 0;
      const uint64_t word = telling ? (kind ? 4 : 8) + rng.Below(4) : 12 + rng.Below(10);
      row += (k == 0 ? "" : " ") + kWords[word];
    }
    text += row + "\t" + (kind ? "1" : "0") + "\n";
  }
  return text;
}

void Save(const std::string& path, const std::string& content) {
  const Status status = WriteFileAtomic(path, content);
  TORCH_CHECK(status.ok(), Message(status));
}

}  // namespace

Tiny::Tiny(const TinyOptions& o) : dir_("eida-tiny") {
  const Json config = {{"model_type", "bert"},
                       {"architectures", {"BertModel"}},
                       {"hidden_size", o.hidden},
                       {"num_hidden_layers", o.layers},
                       {"num_attention_heads", o.heads},
                       {"intermediate_size", o.inner},
                       {"vocab_size", kWords.size()},
                       {"max_position_embeddings", o.positions},
                       {"type_vocab_size", 2},
                       {"hidden_act", "gelu"},
                       {"layer_norm_eps", 1e-12},
                       {"initializer_range", 0.02},
                       {"pad_token_id", 0},
                       {"hidden_dropout_prob", 0.1},
                       {"attention_probs_dropout_prob", 0.1}};
  Save(path("config.json"), Pretty(config));
  Save(path("tokenizer.json"), Pretty(TokenizerJson()));
  Save(path("tokenizer_config.json"), "{\"tokenizer_class\": \"BertTokenizerFast\"}\n");
  Save(path("rows.tsv"), Rows(o.rows));
  const Status status =
      WriteSafetensors(RandomBert(o), {{"format", "pt"}}, path("model.safetensors"));
  TORCH_CHECK(status.ok(), Message(status));
}

Json Tiny::data() const {
  return {{"task", "classification"},
          {"format", "tsv"},
          {"columns", {{"text", "text"}, {"label", "label"}}},
          {"max_length", 24},
          {"limit", Json::object()},
          {"splits",
           {{{"name", "train"}, {"digest", "rows"}},
            {{"name", "select"}, {"from", "train"}, {"items", 24}, {"seed", 3}}}}};
}

Job Tiny::Make(const std::string& kind, Json spec) const {
  Job job;
  job.kind = kind;
  job.name = "tiny/" + kind;
  spec["model"] = model();
  if (!spec.contains("data")) spec["data"] = data();
  job.spec = std::move(spec);
  for (const char* file :
       {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}) {
    job.inputs[std::string("model/") + file] = path(file);
  }
  job.inputs["data/train"] = path("rows.tsv");
  job.out = path("out" + std::to_string(outs_++));
  const Status status = MakeDirs(job.out);
  TORCH_CHECK(status.ok(), Message(status));
  return job;
}

Job Tiny::Train(const Json& changes) const {
  Json spec = {
      {"seed", 1},
      {"adapter",
       {{"type", "lora"},
        {"r", 2},
        {"alpha", 8},
        {"dropout", 0},
        {"targets", {"query", "value"}},
        {"bias", "none"}}},
      {"train",
       {{"epochs", 3},
        {"batch_size", 8},
        {"grad_accum", 1},
        {"lr", 0.01},
        {"optimizer",
         {{"name", "adamw"}, {"betas", {0.9, 0.999}}, {"eps", 1e-8}, {"weight_decay", 0.01}}},
        {"schedule", {{"name", "linear"}, {"warmup_ratio", 0.1}}},
        {"precision", "fp32"},
        {"grad_clip", 1.0},
        {"batching", "bucketed"},
        {"dropout", nullptr}}},
      {"eval", {{"every", nullptr}}},
      {"checkpoint", {{"every", nullptr}, {"keep", {"last"}}}}};
  spec.merge_patch(changes);
  return Make("train", spec);
}

double Recorder::Last(const std::string& series) const {
  double value = std::numeric_limits<double>::quiet_NaN();
  for (const Point& point : metrics) {
    if (point.series == series) value = point.value;
  }
  return value;
}

std::string ArtifactPath(const JobResult& result, const std::string& name) {
  for (const OutputFile& file : result.artifacts) {
    if (file.name == name) return file.path;
  }
  return "";
}

std::string Bytes(const std::string& path) { return ReadFile(path).value_or("unreadable " + path); }

double Difference(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return std::numeric_limits<double>::infinity();
  return a.numel() == 0 ? 0
                        : at::max(at::abs(a.to(at::kDouble) - b.to(at::kDouble))).item<double>();
}

}  // namespace eida::engine
