// Generation: a token at a time against whole passes, and texts against transformers' generate.
#include "worker/engine/generate/generate.h"

#include <torch/torch.h>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/model_world.h"
#include "worker/engine/generate/top_tokens.h"
#include "worker/engine/models/decode.h"
#include "worker/engine/nn/cached.h"
#include "worker/engine/nn/functional.h"

namespace eida::engine {
namespace {

constexpr int64_t kDecoderStart = 2;  // of make_models.py

std::vector<catalog::Model> Generators() {
  std::vector<catalog::Model> models;
  for (const catalog::Model& model : catalog::Models()) {
    if (model.generates) models.push_back(model);
  }
  return models;
}

void AddItem(TokenIds& to, const std::vector<int64_t>& ids) {
  to.ids.insert(to.ids.end(), ids.begin(), ids.end());
  to.types.resize(to.ids.size(), 0);
  to.special.resize(to.ids.size(), 0);
  to.starts.push_back(static_cast<int64_t>(to.ids.size()));
}

Prompts PromptsOf(const ModelWorld& w) {
  Prompts prompts;
  prompts.tokens = w.rows.tokens;
  for (int64_t i = 0; w.rows.decoder.size() > 0 && i < prompts.tokens.size(); ++i)
    AddItem(prompts.decoder, {kDecoderStart});
  return prompts;
}

class EveryGenerator : public ::testing::TestWithParam<catalog::Model> {
 protected:
  ModelWorld w{GetParam().id};
  Tensors tensors{nullptr, &w.base->weights};

  bool encodes() const { return w.rows.decoder.size() > 0; }
  // A batch of items that read what items 0 and 1 read (encoder-decoders) and have these tokens.
  Batch BatchOf(const std::vector<std::vector<int64_t>>& own) const {
    EncodedRows e;
    for (size_t i = 0; i < own.size(); ++i) {
      const TokenIds& read = w.rows.tokens;
      const int64_t item = static_cast<int64_t>(i % 2);
      if (encodes())
        AddItem(e.tokens,
                {read.ids.begin() + read.starts[item], read.ids.begin() + read.starts[item + 1]});
      AddItem(encodes() ? e.decoder : e.tokens, own[i]);
      e.items.push_back(static_cast<int64_t>(i));
    }
    return MakeBatch(Examples(e), e.items, at::kCPU);
  }
  // The state of the last token of each sequence, in whole passes.
  at::Tensor LastStates(const std::vector<std::vector<int64_t>>& own, at::ScalarType type) const {
    Context context(type);
    const Batch batch = BatchOf(own);
    return w.base->model->States(tensors, batch, context)
        .index_select(0, LastRows(encodes() ? batch.decoder : batch, at::kCPU));
  }
  Result<std::vector<Generated>> Texts(const Json& options, int64_t batch_size = 64,
                                       const Weights& weights = {},
                                       at::ScalarType type = at::kFloat) const {
    return Generate(*w.base, weights, PromptsOf(w),
                    {ReadGenerateOptions(options).value(), type, batch_size},
                    [](int64_t) { return true; });
  }
};

at::Tensor Ids(const std::vector<int64_t>& ids) { return torch::tensor(ids, at::kLong); }

TEST_P(EveryGenerator, ATokenAtATimeIsAWholePass) {
  const at::NoGradGuard no_grad;
  std::vector<std::vector<int64_t>> rows = {{5, 9, 11}, {7}};
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const double limit = type == at::kFloat ? limits::cached_states : 0.1;
    Context context(type);
    DecodeState state;
    at::Tensor states = w.base->model->Begin(tensors, BatchOf(rows), context, state);
    EXPECT_LE(Difference(states, LastStates(rows, type)), limit);
    // Rows 2 k and 2 k + 1 read different items, so a reordering keeps to items.
    const std::vector<std::vector<int64_t>> moves = {
        {0, 1, 0, 1, 0, 1}, {2, 5, 0, 1, 2, 3}, {0, 1, 0, 1, 0, 1}, {4, 3}, {0, 1, 0, 1}};
    int64_t token = 3;
    for (const std::vector<int64_t>& from : moves) {
      std::vector<std::vector<int64_t>> next;
      std::vector<int64_t> ids;
      for (const int64_t r : from) {
        next.push_back(rows[r]);
        next.back().push_back(token);
        ids.push_back(token);
        token = (token * 7 + 4) % 30;
      }
      rows = next;
      state.Reorder(from);
      states = w.base->model->Step(tensors, Ids(ids), context, state);
      ASSERT_EQ(state.rows(), static_cast<int64_t>(rows.size()));
      EXPECT_LE(Difference(states, LastStates(rows, type)), limit) << token;
      EXPECT_GT(states.abs().max().item<double>(), 0.1);
    }
    rows = {{5, 9, 11}, {7}};
  }
}

TEST_P(EveryGenerator, WhatNoRowSeesIsDropped) {
  const at::NoGradGuard no_grad;
  Context context(at::kFloat);
  DecodeState state;
  w.base->model->Begin(tensors, BatchOf({{5, 6, 7, 8}, {9, 10, 11, 12}}), context, state);
  const int64_t prompts = state.kept();
  state.Reorder({0, 0, 0, 0, 1, 1, 1, 1});
  EXPECT_EQ(state.kept(), prompts) << "rows share what they begin with";
  w.base->model->Step(tensors, Ids({3, 4, 5, 6, 7, 8, 9, 10}), context, state);
  const int64_t step = state.kept() - prompts;
  EXPECT_GT(step, 0);
  state.Reorder({2, 2, 2, 2, 5, 5, 5, 5});
  EXPECT_EQ(state.kept(), prompts + step / 4) << "two of eight rows go on";
  state.Reorder({0, 0});
  EXPECT_LT(state.kept(), prompts + step / 4) << "of item 1 nothing is left";
}

TEST_P(EveryGenerator, TextsAreThoseOfTransformers) {
  const std::string path = w.directory + "/generate.json";
  const std::string content = ReadFile(path).value();
  int cases = 0, differ = 0, ended = 0;
  for (const std::string_view line : Split(content, '\n')) {
    if (line.empty()) continue;
    const Json expected = ParseJson(std::string(line), path).value();
    const Json& options = expected.at("options");
    for (const int64_t batch_size : {5, 2}) {
      const std::vector<Generated> texts = Texts(options, batch_size).value();
      for (size_t i = 0; i < texts.size(); ++i) {
        const auto tokens = expected.at("texts")[i].get<std::vector<int64_t>>();
        differ += texts[i].tokens != tokens;
        EXPECT_EQ(texts[i].tokens, tokens) << options << " item " << i;
        ended += Json(tokens.back()) == options.at("eos_token_id");
        const Json& score = expected.at("scores")[i];
        if (score.is_null()) continue;
        EXPECT_NEAR(texts[i].score, score.get<double>(), limits::search_scores) << options;
      }
    }
    ++cases;
  }
  EXPECT_GE(cases, 45);
  EXPECT_GE(ended, cases) << "texts must come to an end of their own in many cases";
  EXPECT_LE(differ, limits::generated_texts);
}

TEST_P(EveryGenerator, KernelsAndPlainOperationsWriteTheSame) {
  const Json options = {{"num_beams", 4}, {"max_length", 15}, {"no_repeat_ngram_size", 2}};
  const std::vector<Generated> fused = Texts(options).value();
  const nn::PlainForms plain_forms;
  const std::vector<Generated> plain = Texts(options).value();
  for (size_t i = 0; i < fused.size(); ++i) {
    EXPECT_EQ(fused[i].tokens, plain[i].tokens);
    EXPECT_NEAR(fused[i].score, plain[i].score, limits::search_scores);
  }
}

TEST_P(EveryGenerator, HalfPrecisionGeneratesToo) {
  const Json options = {{"num_beams", 3}, {"max_length", 15}};
  for (const at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    const std::vector<Generated> texts = Texts(options, 64, {}, type).value(),
                                 full = Texts(options).value();
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_FALSE(texts[i].tokens.empty());
      EXPECT_NEAR(texts[i].score, full[i].score, 0.2) << type;
    }
  }
}

TEST_P(EveryGenerator, TrainedWeightsAreWhatWrites) {
  Weights louder;
  const std::string norm =
      encodes() ? "model.decoder.layernorm_embedding.bias" : "transformer.ln_f.bias";
  const at::Tensor& bias = w.base->weights.at(norm);
  louder[norm] = bias + 0.1 * at::arange(bias.numel());
  const Json options = {{"num_beams", 2}, {"max_length", 15}};
  const auto texts = Texts(options, 64, louder).value(), before = Texts(options).value();
  EXPECT_NE(texts[0].score, before[0].score);
}

TEST_P(EveryGenerator, DivergedWeightsAreNamed) {
  Weights broken;
  const std::string norm =
      encodes() ? "model.decoder.layernorm_embedding.bias" : "transformer.ln_f.bias";
  broken[norm] = at::full_like(w.base->weights.at(norm), std::nan(""));
  for (const int beams : {1, 3}) {
    const Status status = Texts({{"num_beams", beams}, {"max_length", 15}}, 64, broken).status();
    EXPECT_EQ(ErrorClassOf(status), "nonfinite") << status;
  }
}

TEST_P(EveryGenerator, WhatDoesNotFitIsRefused) {
  const auto message = [&](const Json& options) {
    const Status status = Texts(options).status();
    EXPECT_EQ(ErrorClassOf(status), "config") << options;
    return Message(status);
  };
  EXPECT_NE(message({{"max_new_tokens", 40}}).find("the model takes 16"), std::string::npos);
  EXPECT_NE(message({{"max_length", 1}}).find("leaves no room"), std::string::npos);
  EXPECT_NE(message({{"max_length", 15}, {"forced_bos_token_id", 30}})
                .find("forced_bos_token_id is 30 and the model has 30 tokens"),
            std::string::npos);
  EXPECT_NE(message({{"max_length", 15}, {"eos_token_id", {2, 31}}}).find("eos_token_id is 31"),
            std::string::npos);
}

TEST_P(EveryGenerator, AStopIsHeardBetweenTokens) {
  int asked = 0;
  const Status status =
      Generate(*w.base, {}, PromptsOf(w),
               {ReadGenerateOptions({{"num_beams", 2}, {"max_length", 15}}).value()},
               [&](int64_t) { return ++asked < 3; })
          .status();
  EXPECT_EQ(ErrorClassOf(status), "preempted");
  EXPECT_EQ(asked, 3);
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryGenerator, ::testing::ValuesIn(Generators()),
                         [](const auto& info) { return info.param.id; });

TEST(CachedAttentionTest, KernelsAreTheDefinition) {
  at::manual_seed(3);
  const int64_t hidden = 24, heads = 3;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    KeyValues kept{at::randn({7, hidden}).to(type), at::randn({7, hidden}).to(type), {}, {}};
    CachedRows rows;
    rows.first = {0, 0, 3, 3, 0};
    rows.last = {3, 3, 7, 7, 0};
    rows.steps = 2;
    rows.path = {1, 0, 0, 3, 2, 1, 1, 1, 2, 2};
    for (const int64_t slab : {3, 4}) {
      kept.keys.push_back(at::randn({slab, hidden}).to(type));
      kept.values.push_back(at::randn({slab, hidden}).to(type));
    }
    const at::Tensor q = 2 * at::randn({5, hidden}).to(type);
    const at::Tensor fused = nn::CachedAttention(q, kept, rows, heads);
    const nn::PlainForms plain_forms;
    const at::Tensor plain = nn::CachedAttention(q, kept, rows, heads);
    EXPECT_LE(Difference(fused.to(at::kFloat), plain.to(at::kFloat)),
              type == at::kFloat ? 2e-6 : 2e-2);
  }
}

TEST(TopTokensTest, AreThoseOfASort) {
  at::manual_seed(5);
  const at::Tensor logits = at::randn({6, 1500});
  logits[1].fill_(2);  // ties
  const std::vector<std::vector<int64_t>> banned = {{}, {1, 0}, {7}, {}, {1499}, {3, 4}};
  at::Tensor expected = at::log_softmax(logits, 1);
  for (size_t r = 0; r < banned.size(); ++r) {
    for (const int64_t token : banned[r])
      expected[static_cast<int64_t>(r)][token] = -std::numeric_limits<float>::infinity();
  }
  for (const int64_t wanted : {1, 20, 1500, 1600}) {
    const auto top = TopTokens(logits.clone(), banned, wanted);
    const int64_t k = std::min<int64_t>(wanted, 1500);
    const auto [values, tokens] = expected.sort(true, 1, true);
    for (int64_t r = 0; r < 6; ++r) {
      ASSERT_EQ(static_cast<int64_t>(top[r].size()), k);
      for (int64_t i = 0; i < k; ++i) {
        EXPECT_EQ(top[r][i].token, tokens[r][i].item<int64_t>()) << r << " " << i;
        const float score = values[r][i].item<float>();
        EXPECT_TRUE(top[r][i].score == score || std::abs(top[r][i].score - score) < 1e-5);
      }
    }
  }
  logits[2][9] = std::nan("");
  EXPECT_TRUE(TopTokens(logits, banned, 3).empty());
}

TEST(GenerateOptionsTest, AreReadByTransformersNames) {
  using Early = GenerateOptions::EarlyStopping;
  const GenerateOptions defaults = ReadGenerateOptions(Json::object()).value();
  EXPECT_EQ(defaults.NewTokens(100), 20);
  EXPECT_EQ(defaults.num_beams, 1);
  const GenerateOptions some = ReadGenerateOptions({{"max_length", 144},
                                                    {"early_stopping", "never"},
                                                    {"eos_token_id", {3, 4}},
                                                    {"forced_bos_token_id", nullptr},
                                                    {"length_penalty", 0.8}})
                                   .value();
  EXPECT_EQ(some.NewTokens(44), 100);
  EXPECT_EQ(some.early_stopping, Early::kNever);
  EXPECT_EQ(some.eos_token_id, (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(some.forced_bos_token_id, -1);
  EXPECT_EQ(some.length_penalty, 0.8);
  const GenerateOptions both =
      ReadGenerateOptions({{"max_length", 50}, {"max_new_tokens", 30}, {"early_stopping", true}})
          .value();
  EXPECT_EQ(both.NewTokens(10), 30);
  EXPECT_EQ(both.NewTokens(30), 20);
  EXPECT_EQ(both.early_stopping, Early::kTrue);
}

TEST(GenerateOptionsTest, WhatIsWrongIsNamed) {
  const std::vector<std::pair<Json, std::string>> wrong = {
      {{{"num_beams", 0}}, "num_beams is 0: it must be a whole number of at least 1"},
      {{{"num_beams", 2.5}}, "num_beams is 2.5"},
      {{{"max_length", "long"}}, "max_length is \"long\""},
      {{{"max_new_tokens", 0}}, "max_new_tokens is 0"},
      {{{"length_penalty", "high"}}, "length_penalty is \"high\": it must be a number"},
      {{{"early_stopping", "always"}}, "true, false or \"never\""},
      {{{"eos_token_id", {1, -2}}}, "eos_token_id is -2"},
      {{{"no_repeat_ngram_size", -1}}, "no_repeat_ngram_size is -1"},
      {{{"temperature", 0.7}}, "temperature is no setting of generation; there are num_beams"},
      {Json::array(), "must be a map"},
  };
  for (const auto& [json, expected] : wrong) {
    const Status status = ReadGenerateOptions(json).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(Message(status).find(expected), std::string::npos) << Message(status);
  }
}

}  // namespace
}  // namespace eida::engine
