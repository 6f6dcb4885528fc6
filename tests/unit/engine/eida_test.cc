// What is EIDA's own: its bases, its samples, its cycles.
#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cmath>

#include "common/catalog/catalog.h"
#include "common/catalog/eida_dims.h"
#include "common/plan/parameters.h"
#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/model_world.h"
#include "worker/engine/adapters/bases.h"
#include "worker/engine/adapters/observe.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

// Vectors that shrink from one direction to the next, around a mean.
at::Tensor Spread(int64_t n, int64_t d) {
  at::manual_seed(3);
  return at::randn({n, d}) * at::pow(0.8, at::arange(d).to(at::kFloat)) + 0.3 * at::randn({d});
}

// As the published code does: the mean's direction, then power iteration with deflation.
at::Tensor ByPowerIteration(const at::Tensor& sample, int64_t k) {
  at::Tensor x = sample.to(at::kDouble);
  std::vector<at::Tensor> basis = {x.mean(0) / x.mean(0).norm()};
  for (int64_t i = 0; i < k; ++i) {
    x = x - at::outer(x.mv(basis.back()), basis.back());
    if (i + 1 == k) break;
    at::Tensor v = at::ones({x.size(1)}, at::kDouble);
    for (int step = 0; step < 3000; ++step) {
      v = x.t().mv(x.mv(v));
      v = v / v.norm();
    }
    basis.push_back(v);
  }
  return at::stack(basis);
}

at::Tensor Projector(const at::Tensor& basis) {
  return basis.to(at::kDouble).t().matmul(basis.to(at::kDouble));
}

TEST(EidaBasisTest, IsThatOfPowerIterationOrthonormalAndNested) {
  for (const auto& [n, d] : {std::pair<int64_t, int64_t>{40, 16}, {12, 30}}) {
    const at::Tensor x = Spread(n, d);
    const at::Tensor basis = bases::MeanFirst(x, 6, "x").value();
    EXPECT_LE(Difference(basis.matmul(basis.t()), at::eye(6)), 1e-6);
    EXPECT_LE((Projector(basis) - Projector(ByPowerIteration(x, 6))).norm().item<double>(),
              limits::eida_projector);
    for (const int64_t k : {1, 3}) {
      EXPECT_LE(Difference(bases::MeanFirst(x, k, "x").value(), basis.narrow(0, 0, k)), 1e-6);
    }
    EXPECT_GT(bases::MeanCosine(x, basis, 6), bases::MeanCosine(x, basis, 3));
    EXPECT_LE(bases::MeanCosine(x, basis, 6), 1 + 1e-9);
  }
  EXPECT_THAT(Message(bases::MeanFirst(Spread(4, 16), 6, "here").status()),
              HasSubstr("here: the sample of 4 tokens spans 4 dimensions, 6 are asked for"));
}

TEST(EidaBasisTest, WhatASampleDoesNotSpanIsZero) {
  const at::Tensor x = Spread(40, 3).matmul(Spread(3, 16));
  for (const at::Tensor& sample : {x, x.narrow(0, 0, 8)}) {  // by either Gram matrix
    const at::Tensor basis = bases::MeanFirst(sample, 6, "x").value();
    EXPECT_EQ(basis.sizes(), (std::vector<int64_t>{6, 16}));
    const at::Tensor spanned = basis.narrow(0, 0, 3);
    EXPECT_LE(Difference(spanned.matmul(spanned.t()), at::eye(3)), 1e-6);
    EXPECT_EQ(basis.narrow(0, 3, 3).abs().max().item<double>(), 0);
    EXPECT_NEAR(bases::MeanCosine(sample, basis, 6), 1, 1e-6);
  }
  EXPECT_FALSE(bases::MeanFirst(at::zeros({8, 16}), 6, "x").ok());
}

TEST(EidaSampleTest, UpdatesAreThoseOfTheFormedGradient) {
  for (const char* family : {"roberta", "gpt2", "mbart"}) {
    const ModelWorld w(family);
    const std::vector<SiteShape>& sites = w.base->model->sites();
    // Leaves in place of weights: what autograd gives as their gradients.
    Weights leaves;
    for (const SiteShape& site : sites)
      leaves[site.weight()] = w.base->weights.at(site.weight()).clone().set_requires_grad(true);
    const Losses losses = w.LossesWith(leaves, w.All());
    (losses.sum.sum() / losses.count.sum()).backward();
    int compared = 0;
    const TrainingData data = {w.examples, *w.base->model, at::kFloat, 5};
    const Status status = observe::EachBatch(
        *w.base, {}, data, {0, 1, 2, 3, 4}, 5, sites,
        [&](const Batch&, const observe::SeenByModule& seen) {
          for (const SiteShape& site : sites) {
            const at::Tensor gradient = WeightOf(leaves.at(site.weight()).grad(), site),
                             x = at::randn({7, site.in});
            EXPECT_LE(Difference(observe::GradientOf(seen.at(site.module), site), gradient),
                      limits::eida_updates);
            EXPECT_LE(Difference(observe::UpdateOf(seen.at(site.module), site, x),
                                 x.matmul(gradient.t())),
                      limits::eida_updates)
                << site.name;
            compared += gradient.abs().max().item<double>() > 1e-3;
          }
        });
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_GE(compared, static_cast<int>(sites.size()) / 2) << family;
  }
}

TEST(EidaSampleTest, EncodersDrawWithinEachItemWithoutReplacement) {
  const ModelWorld w("roberta");
  const Batch batch = w.All();
  Rng rng(1);
  const SiteShape& site = w.base->model->sites().front();
  const std::vector<int64_t> rows =
      observe::DrawRows({2, 0.5}, site, batch, false, batch.tokens(), rng);
  size_t at = 0;
  for (int64_t item = 0; item < batch.items(); ++item) {
    const int64_t begin = batch.starts[item], end = batch.starts[item + 1];
    const size_t take = static_cast<size_t>(std::min<int64_t>(2, end - begin));
    ASSERT_LE(at + take, rows.size());
    for (size_t k = at; k < at + take; ++k) {
      EXPECT_GE(rows[k], begin);
      EXPECT_LT(rows[k], end);
    }
    if (take == 2) {
      EXPECT_NE(rows[at], rows[at + 1]);
    }
    at += take;
  }
  EXPECT_EQ(at, rows.size());
  EXPECT_EQ(observe::DrawRows({2, 0.5}, site, batch, false, 5, rng).size(), 5u);
}

// The loop that the one pass replaces: a pass for each label, in which every token is drawn with
// probability p.
TEST(EidaSampleTest, CopiesOfADecodersTokensAreThoseOfTheLoopOverPasses) {
  const ModelWorld w("gpt2");
  const Batch batch = w.Some({0, 1});
  constexpr double kP = 0.2;
  constexpr int kRounds = 3000;
  std::vector<int64_t> label_positions;  // of rows with a label, each once
  const at::Tensor positions = batch.positions.index_select(0, batch.targets.rows);
  for (int64_t p = 0; p < batch.longest; ++p) {
    if (at::eq(positions, p).any().item<bool>()) label_positions.push_back(p);
  }
  const SiteShape& site = w.base->model->sites().front();
  std::vector<double> ours(static_cast<size_t>(batch.tokens()), 0), squares = ours, loop = ours;
  Rng rng(7), other(8);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> copies(ours.size(), 0);
    for (const int64_t row : observe::DrawRows({2, kP}, site, batch, true, batch.tokens(), rng))
      ++copies[static_cast<size_t>(row)];
    for (size_t t = 0; t < copies.size(); ++t) {
      ours[t] += copies[t];
      squares[t] += copies[t] * copies[t];
    }
    for (const int64_t last : label_positions) {  // the pass that predicts what follows `last`
      for (int64_t t = 0; t < batch.tokens(); ++t) {
        if (batch.positions[t].item<int64_t>() <= last && other.Unit() < kP)
          ++loop[static_cast<size_t>(t)];
      }
    }
  }
  double chi2 = 0, seen = 0;
  for (size_t t = 0; t < ours.size(); ++t) {
    int64_t views = 0;
    for (const int64_t last : label_positions)
      views += batch.positions[static_cast<int64_t>(t)].item<int64_t>() <= last;
    if (views == 0) {
      EXPECT_EQ(ours[t], 0) << "nothing behind the last label is drawn";
      continue;
    }
    const double variance = static_cast<double>(views) * kP * (1 - kP);
    const double difference = ours[t] - loop[t];
    chi2 += difference * difference / (2 * kRounds * variance);
    const double mean = ours[t] / kRounds;
    EXPECT_NEAR(mean, static_cast<double>(views) * kP, 5 * std::sqrt(variance / kRounds));
    EXPECT_NEAR(squares[t] / kRounds - mean * mean, variance, 0.15 * variance);
    ++seen;
  }
  EXPECT_GE(seen, 8);
  EXPECT_LT(chi2, seen + 5 * std::sqrt(2 * seen));
}

struct CycleWorld {
  explicit CycleWorld(const std::string& family, Json changes = Json::object())
      : w(family), data{w.examples, *w.base->model, at::kFloat, 3} {
    Json settings = {
        {"type", "eida"}, {"dims", "2"}, {"token_probability", 0.4}, {"sample_batch", 3}};
    settings.merge_patch(changes);
    adapter = MakeAdapter(settings).value();
  }
  at::Tensor LossesOfState(const Weights& state) const {
    Weights over;
    SitePatches patches;
    EXPECT_TRUE(adapter->Attach(*w.base, state, &over, &patches).ok());
    Context context(at::kFloat);
    context.SetPatches(&patches);
    return LossesOf(*w.base->model, {&over, &w.base->weights}, w.All(), context, 0).sum;
  }
  void Move(Weights& state) const {
    for (auto& [name, tensor] : state) {
      if (adapter->Trains(name)) tensor = tensor + 0.05 * at::randn_like(tensor);
    }
  }
  ModelWorld w;
  TrainingData data;
  std::unique_ptr<Adapter> adapter;
};

TEST(EidaCycleTest, ARefreshKeepsTheFunctionAndMakesNewBases) {
  for (const char* family : {"roberta", "gpt2", "mbart"}) {
    Json changes = Json::object();
    if (std::string(family) == "roberta") changes["targets"] = {"query", "fc1", "classifier_dense"};
    const CycleWorld c(family, changes);
    Weights state = c.adapter->Init(*c.w.base, 5, c.data).value();
    at::manual_seed(2);
    for (int64_t cycle = 1; cycle < 3; ++cycle) {
      c.Move(state);
      const at::Tensor before = c.LossesOfState(state);
      const Weights next = c.adapter->Refresh(*c.w.base, state, 5, cycle, c.data).value();
      EXPECT_LE(Difference(before, c.LossesOfState(next)), limits::adapter_merge) << family;
      int renewed = 0;
      for (const auto& [name, tensor] : state) {
        if (name.find(".eida_A.weight") == std::string::npos) continue;
        renewed += Difference(tensor, next.at(name)) > 1e-3;
        const std::string kept = name.substr(0, name.size() - 6) + std::to_string(cycle - 1);
        EXPECT_TRUE(at::equal(tensor, next.at(kept + ".weight")));
        EXPECT_FALSE(c.adapter->Trains(kept + ".weight"));
      }
      EXPECT_GT(renewed, 0);
      state = next;
    }
    EXPECT_LE(Difference(c.LossesOfState(state),
                         c.w.LossesWith(c.adapter->Merge(*c.w.base, state).value(), c.w.All()).sum),
              limits::adapter_merge);
  }
}

TEST(EidaCycleTest, QueryKeyAndValueShareOneA) {
  const CycleWorld c("gpt2");
  const Weights state = c.adapter->Init(*c.w.base, 5, c.data).value();
  int a = 0, b = 0;
  for (const auto& [name, tensor] : state) {
    a += name.find(".eida_A.") != std::string::npos;
    b += name.find(".eida_B.") != std::string::npos;
  }
  EXPECT_EQ(a * 6, b * 4);
  EXPECT_TRUE(state.count("base_model.model.transformer.h.0.attn.c_attn.eida_A.weight"));
}

TEST(EidaCycleTest, AMapOfTheHeadKeepsItsStartAndDoesNotTrain) {
  const CycleWorld c("roberta", {{"targets", {"classifier_dense"}}});
  const Weights state = c.adapter->Init(*c.w.base, 5, c.data).value();
  const std::string at = "base_model.model.classifier.";
  EXPECT_TRUE(state.count(at + "dense.base_layer.weight"));
  EXPECT_FALSE(c.adapter->Trains(at + "dense.base_layer.weight"));
  EXPECT_TRUE(c.adapter->Trains(at + "out_proj.weight"));
  EXPECT_FALSE(state.count(at + "dense.weight"));
}

TEST(EidaCycleTest, TheCosineRuleChoosesBetweenItsTwo) {
  for (const auto& [threshold, expected] : {std::pair<double, int64_t>{-1, 3}, {2, 1}}) {
    const CycleWorld c("gpt2", {{"dims", "rule"},
                                {"dims_small", 1},
                                {"dims_large", 3},
                                {"threshold", threshold},
                                {"sequences", 3}});
    const Weights state = c.adapter->Init(*c.w.base, 5, c.data).value();
    for (const auto& [name, tensor] : state) {
      if (c.adapter->Trains(name)) {
        EXPECT_EQ(tensor.size(0), expected) << name;
      }
    }
  }
  const CycleWorld all("gpt2", {{"dims", "rule"}, {"dims_small", 1}, {"dims_large", 3}});
  EXPECT_THAT(Message(all.adapter->Init(*all.w.base, 5, all.data).status()), HasSubstr("hold out"));
}

// Three epochs of the tiny BERT, so two refreshes.
Json ThreeCycles() {
  return {{"adapter",
           {{"type", "eida"},
            {"dims", "6"},
            {"sequences", 32},
            {"targets", {"query", "key", "value", "attn_out", "fc1", "fc2"}}}},
          {"train", {{"epochs", 3}, {"lr", 2e-2}}}};
}

// Rows and columns of B, of every map of layer 0.
std::map<std::string, std::pair<int64_t, int64_t>> ShapesOf(const CycleWorld& c) {
  std::map<std::string, std::pair<int64_t, int64_t>> shapes;
  const std::string begin = "base_model.model.transformer.h.0.", end = ".eida_B.weight";
  const Weights state = c.adapter->Init(*c.w.base, 5, c.data).value();
  for (const auto& [name, tensor] : state) {
    if (name.rfind(begin, 0) == 0 && name.ends_with(end))
      shapes[name.substr(begin.size(), name.size() - begin.size() - end.size())] = {tensor.size(0),
                                                                                    tensor.size(1)};
  }
  return shapes;
}

TEST(EidaCycleTest, MapsHaveTheirOwnDimensions) {
  const Json own = Json::parse(R"({"input_dims": [["h.0.mlp.c_fc", 5], ["fc1", 4], ["key", 3]],
                                "output_dims": [["value", 7], ["fc2", 1]]})");
  Json rule = own;
  rule.update({{"dims", "rule"},
               {"dims_small", 1},
               {"dims_large", 2},
               {"threshold", -1},
               {"sequences", 3}});
  for (const Json& settings : {own, rule}) {  // 2 everywhere else, in both
    const auto shapes = ShapesOf(CycleWorld("gpt2", settings));
    EXPECT_EQ(shapes.at("attn.c_attn.query"), std::pair(2L, 3L)) << "shares the key's input";
    EXPECT_EQ(shapes.at("attn.c_attn.value"), std::pair(7L, 3L));
    EXPECT_EQ(shapes.at("attn.c_proj"), std::pair(2L, 2L));
    EXPECT_EQ(shapes.at("mlp.c_fc"), std::pair(2L, 5L)) << "the first entry that means it holds";
    EXPECT_EQ(shapes.at("mlp.c_proj"), std::pair(1L, 2L));
  }
  const auto error = [](const Json& settings) {
    const CycleWorld c("gpt2", settings);
    return Message(c.adapter->Init(*c.w.base, 5, c.data).status());
  };
  EXPECT_THAT(error(Json::parse(R"({"input_dims": [["query", 3], ["key", 4]]})")),
              HasSubstr("gives 3 and 4 dimensions to the input of"));
  EXPECT_THAT(error(Json::parse(R"({"output_dims": [["pooler", 3]]})")),
              HasSubstr("output_dims.pooler means none of the maps"));
  EXPECT_THAT(error(Json::parse(R"({"output_dims": [["fc1", 500]]})")), HasSubstr("lower dims"));
}

TEST(EidaCycleTest, AHeadThatDoesNotTrainStaysAsItIs) {
  const Json settings = {{"targets", {"query", "classifier_dense"}}, {"train_head", false}};
  const CycleWorld c("roberta", settings);
  Weights state = c.adapter->Init(*c.w.base, 5, c.data).value();
  EXPECT_FALSE(state.count("base_model.model.classifier.out_proj.weight"));
  EXPECT_TRUE(state.count("base_model.model.classifier.dense.base_layer.weight"));
  at::manual_seed(2);
  c.Move(state);
  const Weights merged = c.adapter->Merge(*c.w.base, state).value();
  EXPECT_FALSE(merged.count("classifier.out_proj.weight"));
  EXPECT_GT(Difference(merged.at("classifier.dense.weight"),
                       c.w.base->weights.at("classifier.dense.weight")),
            1e-3);
  EXPECT_LE(Difference(c.LossesOfState(state), c.w.LossesWith(merged, c.w.All()).sum),
            limits::adapter_merge);

  const Tiny tiny;  // whose checkpoint has no head
  Recorder events;
  Json headless = ThreeCycles();
  headless["adapter"]["train_head"] = false;
  const Status refused = RunTrain(tiny.Train(headless), events).status();
  EXPECT_THAT(Message(refused),
              HasSubstr("train_head is false, but the base model has no classifier"));
}

TEST(EidaCycleTest, SettingsThatMakeNoSenseAreRefused) {
  for (const Json& bad :
       {Json{{"dims", "wide"}}, Json{{"dims", "0"}}, Json{{"targets", Json::array()}},
        Json{{"freeze", "some"}}, Json{{"token_probability", 0}}, Json{{"sequences", 0}},
        Json{{"dims_small", 64}, {"dims_large", 32}}}) {
    Json settings = {{"type", "eida"}};
    settings.merge_patch(bad);
    EXPECT_FALSE(MakeAdapter(settings).ok()) << bad;
  }
  const CycleWorld wide("gpt2", {{"dims", "5000"}});
  EXPECT_THAT(Message(wide.adapter->Init(*wide.w.base, 5, wide.data).status()),
              HasSubstr("transformer.h.0.attn"));
  const CycleWorld code("roberta", {{"freeze", "code"}});
  EXPECT_THAT(Message(code.adapter->Init(*code.w.base, 5, code.data).status()),
              HasSubstr("freeze doc"));
}

TEST(EidaTrainTest, LearnsAcrossCyclesAndIsTheSameAgain) {
  const Tiny tiny;
  Recorder events;
  const JobResult first = RunTrain(tiny.Train(ThreeCycles()), events).value();
  std::vector<double> losses;
  for (const Recorder::Point& point : events.metrics)
    if (point.series == "train/loss") losses.push_back(point.value);
  ASSERT_GE(losses.size(), 6u);
  EXPECT_LT(losses.back(), 0.8 * losses.front());
  Recorder again;
  EXPECT_EQ(Bytes(ArtifactPath(RunTrain(tiny.Train(ThreeCycles()), again).value(), "weights")),
            Bytes(ArtifactPath(first, "weights")));
}

TEST(EidaTrainTest, ARunThatWasCutOffInAnyCycleEndsInTheSameBytes) {
  const Tiny tiny;
  Recorder whole;
  const JobResult expected = RunTrain(tiny.Train(ThreeCycles()), whole).value();
  const auto steps = static_cast<int>(whole.progress.size());
  for (const int stop : {1, steps / 3, steps / 3 + 1, steps - 1}) {
    Recorder cut;
    cut.stop_at = stop;
    EXPECT_EQ(ErrorClassOf(RunTrain(tiny.Train(ThreeCycles()), cut).status()), "preempted");
    ASSERT_FALSE(cut.checkpoints.empty());
    Job job = tiny.Train(ThreeCycles());
    job.resume = cut.checkpoints.back().second;
    Recorder rest;
    const auto result = RunTrain(job, rest);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(Bytes(ArtifactPath(*result, "weights")), Bytes(ArtifactPath(expected, "weights")))
        << stop;
  }
}

TEST(EidaTrainTest, ACheckpointThatLacksABasisIsRefused) {
  const Tiny tiny;
  Recorder cut;
  cut.stop_at = 2;
  EXPECT_EQ(ErrorClassOf(RunTrain(tiny.Train(ThreeCycles()), cut).status()), "preempted");
  std::map<std::string, std::string> metadata;
  const std::string path = cut.checkpoints.back().second;
  Weights tensors = ReadSafetensors(path, &metadata).value();
  const auto basis = std::find_if(tensors.begin(), tensors.end(), [](const auto& t) {
    return t.first.rfind("fixed.", 0) == 0 && t.first.find(".eida_C.") != std::string::npos;
  });
  ASSERT_NE(basis, tensors.end());
  tensors.erase(basis);
  Job job = tiny.Train(ThreeCycles());
  job.resume = tiny.path("damaged.safetensors");
  ASSERT_TRUE(WriteSafetensors(tensors, metadata, *job.resume).ok());
  Recorder events;
  const Status refused = RunTrain(job, events).status();
  EXPECT_EQ(ErrorClassOf(refused), "config");
  EXPECT_NE(Message(refused).find("damaged.safetensors"), std::string::npos) << refused;
}

// The published counts, from the configuration alone (SCIENCE 2.1, 2.3).
TEST(EidaCountTest, PresetsCountAsPublished) {
  const auto facts = [](const Json& config, const char* id, int64_t parameters) {
    const auto model = MakeModel(config, {2, "config.json"}).value();
    inputs::ModelFacts facts;
    facts.architecture = id;
    facts.parameters = parameters;
    facts.hidden_size = 768;
    facts.sites = model->sites();
    return facts;
  };
  const inputs::ModelFacts roberta = facts({{"model_type", "roberta"},
                                            {"hidden_size", 768},
                                            {"num_hidden_layers", 12},
                                            {"num_attention_heads", 12},
                                            {"intermediate_size", 3072},
                                            {"vocab_size", 50265},
                                            {"max_position_embeddings", 514},
                                            {"type_vocab_size", 1}},
                                           "roberta", 124'055'040);
  const inputs::ModelFacts gpt2 = facts({{"model_type", "gpt2"},
                                         {"n_embd", 768},
                                         {"n_layer", 12},
                                         {"n_head", 12},
                                         {"vocab_size", 50257},
                                         {"n_positions", 1024}},
                                        "gpt2", 124'439'808);
  Json settings = {{"type", "eida"}, {"preset", "roberta-sst2"}};
  settings["targets"] = {"query", "key", "value", "attn_out", "fc1", "fc2", "classifier_dense"};
  const auto wide = [&](const inputs::ModelFacts& model) {
    const auto sites =
        catalog::TargetSites(model.sites, settings["targets"].get<std::vector<std::string>>())
            .value();
    const auto dims = catalog::FixedEidaDims(settings, sites).value();
    std::map<std::string, int64_t> inputs;
    std::pair<int64_t, int64_t> wide = {0, 0};
    for (size_t i = 0; i < sites.size(); ++i) {
      inputs[catalog::InputOf(sites[i])] = dims[i].input;
      wide.second += dims[i].output == 64;
    }
    for (const auto& [name, k] : inputs) wide.first += k == 64;
    return std::make_tuple(inputs.size(), sites.size(), wide.first, wide.second);
  };
  EXPECT_EQ(wide(roberta), std::make_tuple(49u, 73u, 10, 51));
  const plan::ParameterCount first = plan::CountParameters(roberta, settings, 2).value();
  EXPECT_EQ(first.adapter, 148'480);
  EXPECT_EQ(first.trainable(), 150'018);
  settings["preset"] = "gpt2-e2e";
  EXPECT_FALSE(plan::CountParameters(roberta, settings, 2).ok());  // has no classifier
  settings["targets"] = {"query", "key", "value", "attn_out", "fc1", "fc2"};
  EXPECT_EQ(wide(gpt2), std::make_tuple(48u, 72u, 35, 25));
  EXPECT_EQ(plan::CountParameters(gpt2, settings, 0)->trainable(), 167'936);
  settings["freeze"] = "code";
  EXPECT_EQ(plan::CountParameters(gpt2, settings, 0)->trainable(), 167'936 + 39'422'208);
  settings = Json::parse(R"({"type": "eida", "targets": ["query", "fc1"], "dims": "32",
                             "input_dims": [["query", 64]], "output_dims": [["fc1", 8]]})");
  EXPECT_EQ(plan::CountParameters(roberta, settings, 2)->trainable(),
            12 * (64 * 32 + 32 * 8) + (768 + 1) * (768 + 2));
  settings["train_head"] = false;
  EXPECT_EQ(plan::CountParameters(roberta, settings, 2)->trainable(), 12 * (64 * 32 + 32 * 8));
  settings.update({{"dims", "rule"}, {"train_head", true}});
  EXPECT_EQ(plan::CountParameters(roberta, settings, 2)->adapter, 12 * (64 * 64 + 64 * 8));
}

// A LoRA has the rank of the smaller side.
TEST(EidaLowRankTest, FactorsHaveTheRankOfTheSmallerSide) {
  const at::NoGradGuard no_grad;
  const ModelWorld w("bert");
  const auto adapter =
      MakeAdapter({{"type", "eida"}, {"dims", "3"}, {"sample_batch", 5}, {"targets", {"fc1"}}})
          .value();
  Weights state = adapter->Init(*w.base, 5, {w.examples, *w.base->model, at::kFloat, 5}).value();
  const std::string site = "base_model.model.bert.encoder.layer.0.intermediate.dense";
  at::manual_seed(1);
  state[site + ".eida_C.weight"] = state.at(site + ".eida_C.weight").narrow(0, 0, 1);
  state[site + ".eida_B.weight"] = at::randn({1, 3});
  const LowRank parts = adapter->AsLowRank(*w.base, state).value();
  ASSERT_EQ(parts.maps.size(), 2u);
  EXPECT_EQ(parts.maps[0].a.size(0), 1);
  EXPECT_EQ(parts.maps[1].a.size(0), 3);
  const Weights merged = adapter->Merge(*w.base, state).value();
  const std::string name = parts.maps[0].site.weight();
  EXPECT_LE(Difference(w.base->weights.at(name) + parts.maps[0].b.matmul(parts.maps[0].a),
                       merged.at(name)),
            limits::adapter_merge);
  EXPECT_GT(Difference(w.base->weights.at(name), merged.at(name)), 0.01);
}

}  // namespace
}  // namespace eida::engine
