// What holds for every adapter of the catalog, and what is LoRA's own.
#include "worker/engine/adapters/adapter.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "common/catalog/catalog.h"
#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/model_world.h"
#include "tests/unit/engine/tiny.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/formats/peft.h"
#include "worker/engine/formats/peft_write.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

// Settings with which an adapter can be made, whatever its parameters: required integers and dims
// are 2.
Json SettingsOf(const catalog::Adapter& entry) {
  Json settings = {{"type", entry.id}};
  for (const catalog::Parameter& p : entry.parameters) {
    if (p.required && p.type == "int") settings[p.name] = 2;
    if (p.name == "dims") settings[p.name] = "2";
  }
  return settings;
}

struct AdapterWorld {
  Tiny tiny;
  Job job = tiny.Train();
  std::shared_ptr<const Base> base = LoadBase(job).value();
  std::shared_ptr<const Examples> examples =
      LoadExamples(job, *base, {"train", std::nullopt, 0}).value();
  Batch batch = MakeBatch(*examples, {0, 1, 2, 3, 4, 5}, at::kCPU);

  Weights Init(const Adapter& adapter, uint64_t seed) const {
    return adapter.Init(*base, seed, {*examples, *base->model}).value();
  }
  at::Tensor Losses(const Adapter& adapter, const Weights& state) const {
    Weights over;
    SitePatches patches;
    EXPECT_TRUE(adapter.Attach(*base, state, &over, &patches).ok());
    Context context(at::kFloat);
    context.SetPatches(&patches);
    return LossesOf(*base->model, {&over, &base->weights}, batch, context, 0).sum;
  }

  at::Tensor Attached(const Adapter& adapter, const Weights& trainable,
                      at::ScalarType compute = at::kFloat) const {
    Weights over;
    SitePatches patches;
    EXPECT_TRUE(adapter.Attach(*base, trainable, &over, &patches).ok());
    Context context(compute);
    context.SetPatches(&patches);
    return base->model->Logits({&over, &base->weights}, batch, context);
  }
  at::Tensor Plain(const Weights& weights) const {
    Context context(at::kFloat);
    return base->model->Logits({&weights, &base->weights}, batch, context);
  }
};

class EveryAdapter : public ::testing::TestWithParam<catalog::Adapter> {
 protected:
  AdapterWorld w;
  std::unique_ptr<Adapter> adapter = MakeAdapter(SettingsOf(GetParam())).value();
};

TEST_P(EveryAdapter, ChangesNothingAtTheStart) {
  const at::NoGradGuard no_grad;
  const Weights trainable = w.Init(*adapter, 5);
  EXPECT_LE(Difference(w.Attached(*adapter, trainable), w.Plain(w.base->Fresh(5))),
            limits::adapter_start);
}

TEST_P(EveryAdapter, OnlyTheSeedDecidesTheStart) {
  const Weights a = w.Init(*adapter, 5), b = w.Init(*adapter, 5), c = w.Init(*adapter, 6);
  double apart = 0;
  for (const auto& [name, tensor] : a) {
    EXPECT_EQ(Difference(tensor, b.at(name)), 0) << name;
    apart += Difference(tensor, c.at(name));
  }
  EXPECT_GT(apart, 0);
}

TEST_P(EveryAdapter, EveryTrainableGetsAGradientAndTheBaseNone) {
  Weights trainable = w.Init(*adapter, 5);
  at::manual_seed(1);
  for (auto& [name, tensor] : trainable) {
    if (adapter->Trains(name))
      tensor = (tensor + 0.01 * at::randn_like(tensor)).set_requires_grad(true);
  }
  w.Losses(*adapter, trainable).sum().backward();
  for (const auto& [name, tensor] : trainable)
    EXPECT_EQ(tensor.grad().defined(), adapter->Trains(name)) << name;
  for (const auto& [name, tensor] : w.base->weights) EXPECT_FALSE(tensor.grad().defined()) << name;
}

TEST_P(EveryAdapter, MergedEqualsUnmerged) {
  const at::NoGradGuard no_grad;
  Weights trainable = w.Init(*adapter, 5);
  at::manual_seed(1);
  for (auto& [name, tensor] : trainable) {
    if (adapter->Trains(name)) tensor = tensor + 0.05 * at::randn_like(tensor);
  }
  const at::Tensor unmerged = w.Attached(*adapter, trainable);
  EXPECT_LE(Difference(unmerged, w.Plain(adapter->Merge(*w.base, trainable).value())), 1e-5);
  EXPECT_GT(Difference(unmerged, w.Plain(w.base->Fresh(5))), 1e-3);
}

TEST_P(EveryAdapter, SurvivesItsFile) {
  const Weights trainable = w.Init(*adapter, 5);
  const std::string path = w.tiny.path("weights.safetensors");
  ASSERT_TRUE(WriteMember(*adapter, trainable, path).ok());
  const MemberFile member = OpenMember(*w.base, path).value();
  EXPECT_EQ(Canonical(member.adapter->settings()), Canonical(adapter->settings()));
  const Weights merged = ReadMember(*w.base, path).value(),
                expected = adapter->Merge(*w.base, trainable).value();
  ASSERT_EQ(merged.size(), expected.size());
  for (const auto& [name, tensor] : expected)
    EXPECT_EQ(Difference(merged.at(name), tensor), 0) << name;
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryAdapter, ::testing::ValuesIn(catalog::Adapters()),
                         [](const auto& info) { return info.param.id; });

std::unique_ptr<Adapter> Lora(const Json& changes) {
  Json settings = {{"type", "lora"}, {"r", 3}, {"alpha", 12}};
  settings.merge_patch(changes);
  return MakeAdapter(settings).value();
}

TEST(LoraTest, TrainsOnlyItsFactorsAndTheHead) {
  const AdapterWorld w;
  const Weights trainable = w.Init(*Lora({{"targets", {"query", "fc2"}}}), 1);
  EXPECT_EQ(trainable.size(), 2u * 2 * 2 + 2);
  const at::Tensor& a =
      trainable.at("base_model.model.bert.encoder.layer.1.output.dense.lora_A.weight");
  const at::Tensor& b =
      trainable.at("base_model.model.bert.encoder.layer.1.output.dense.lora_B.weight");
  EXPECT_EQ(a.sizes().vec(), (std::vector<int64_t>{3, 48}));
  EXPECT_EQ(b.sizes().vec(), (std::vector<int64_t>{32, 3}));
  EXPECT_EQ(b.abs().sum().item<double>(), 0);
  // Kaiming uniform with a = sqrt 5 is uniform within 1 / sqrt(in).
  EXPECT_LE(a.abs().max().item<double>(), 1 / std::sqrt(48.0));
  EXPECT_GT(a.abs().max().item<double>(), 0.8 / std::sqrt(48.0));
  EXPECT_TRUE(trainable.count("base_model.model.classifier.weight"));
}

TEST(LoraTest, FactorGradientsEqualFiniteDifferences) {
  const AdapterWorld w;
  const auto adapter = Lora({{"targets", {"query", "value", "attn_out", "fc1"}}});
  Weights trainable = w.Init(*adapter, 5);
  at::manual_seed(2);
  for (auto& [name, tensor] : trainable)
    tensor = (tensor + 0.05 * at::randn_like(tensor)).detach().set_requires_grad(true);
  const auto loss = [&](const Weights& weights) { return w.Losses(*adapter, weights).mean(); };
  loss(trainable).backward();
  for (const auto& [name, tensor] : trainable) {
    const at::NoGradGuard no_grad;
    const double expected = tensor.grad().norm().item<double>(), h = 4e-3;
    const at::Tensor direction = tensor.grad() / (expected + 1e-12);
    Weights moved = trainable;
    moved[name] = tensor + h * direction;
    const double up = loss(moved).item<double>();
    moved[name] = tensor - h * direction;
    const double down = loss(moved).item<double>();
    EXPECT_NEAR((up - down) / (2 * h), expected, 2e-2 * expected + 1e-4) << name;
  }
}

TEST(LoraTest, DropoutIsOnTheInputOfTheUpdateOnly) {
  const AdapterWorld w;
  const auto adapter = Lora({{"dropout", 0.5}});
  Weights trainable = w.Init(*adapter, 5);
  const at::NoGradGuard no_grad;
  Weights over;
  SitePatches patches;
  ASSERT_TRUE(adapter->Attach(*w.base, trainable, &over, &patches).ok());
  const auto base = MakeRunModel(*w.base, 0.0).value();
  const auto logits = [&](uint64_t stream) {
    Context context(at::kFloat);
    context.SetPatches(&patches);
    context.SetDropoutStream(stream);
    return base->Logits({&over, &w.base->weights}, w.batch, context);
  };
  // B = 0: whatever the mask, the update is zero.
  EXPECT_EQ(Difference(logits(1), logits(2)), 0);
  for (auto& [name, tensor] : trainable) tensor.add_(0.05);
  EXPECT_GT(Difference(logits(1), logits(2)), 1e-4);
  EXPECT_EQ(Difference(logits(1), logits(1)), 0);
}

TEST(LoraTest, PeftTargetsMatchExactlyTheSameSites) {
  const AdapterWorld w;
  const auto targets = [&](const Json& changes) {
    const auto adapter = Lora(changes);
    return peft::Write(*w.base, *adapter, w.Init(*adapter, 1))->config.at("target_modules");
  };
  EXPECT_EQ(targets({{"targets", {"query", "value"}}}), (Json{"query", "value"}));
  // "dense" alone would take attention.output, intermediate, output and pooler with it.
  EXPECT_EQ(targets({{"targets", {"fc2"}}}),
            (Json{"bert.encoder.layer.0.output.dense", "bert.encoder.layer.1.output.dense"}));
  // What is saved whole is no target, so its name may be meant.
  EXPECT_EQ(targets({{"targets", {"query", "value"}},
                     {"modules_to_save", {"layer.1.attention.self.query"}}}),
            (Json{"query", "value"}));
}

TEST(LoraTest, PeftIsGivenTheAlphaThatWasWritten) {
  const AdapterWorld w;
  for (const auto& [r, alpha, rooted] : {std::tuple<int, Json, bool>{3, 0.3, false},
                                         {2, 8, false},
                                         {7, 0.7, false},
                                         {3, 5, true},
                                         {5, 0.1, true},
                                         {3, 1.0 / 3, false}}) {
    const auto adapter = Lora({{"r", r}, {"alpha", alpha}, {"use_rslora", rooted}});
    EXPECT_EQ(peft::Write(*w.base, *adapter, w.Init(*adapter, 1))->config.at("lora_alpha"), alpha);
  }
}

TEST(LoraTest, AnAdapterOfAnotherModelIsRefused) {
  const AdapterWorld w;
  const auto adapter = Lora(Json::object());
  Weights trained = w.Init(*adapter, 1);
  Weights foreign = trained;
  foreign["base_model.model.bert.encoder.layer.9.attention.self.query.lora_A.weight"] =
      at::zeros({3, 32});
  EXPECT_THAT(Message(adapter->Merge(*w.base, foreign).status()), HasSubstr("another model"));
  trained["base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight"] =
      at::zeros({3, 31});
  EXPECT_EQ(ErrorClassOf(adapter->Merge(*w.base, trained).status()), "config");
}

TEST(LoraTest, WhatTrainsWholeStartsAtTheBase) {
  const AdapterWorld w;
  const Weights trainable = w.Init(*Lora({{"bias", "lora_only"},
                                          {"modules_to_save", {"embeddings.LayerNorm"}},
                                          {"targets", {"query", "value"}}}),
                                   1);
  EXPECT_EQ(trainable.size(), 2u * 2 * 2 + 2 + 4 + 2);
  for (const char* name : {"bert.encoder.layer.1.attention.self.value.bias",
                           "bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.bias"}) {
    const at::Tensor& own = trainable.at(std::string("base_model.model.") + name);
    EXPECT_TRUE(at::equal(own, w.base->weights.at(name))) << name;
    EXPECT_NE(own.data_ptr(), w.base->weights.at(name).data_ptr()) << name;
  }
}

TEST(LoraTest, WhatDoesNotFitTheModelIsRefused) {
  const AdapterWorld w;
  const auto error = [&](const Json& changes) {
    const Status status = Lora(changes)->Init(*w.base, 1, {*w.examples, *w.base->model}).status();
    EXPECT_EQ(ErrorClassOf(status), "config") << changes;
    return Message(status);
  };
  EXPECT_THAT(error({{"r", 33}}), HasSubstr("rank 33 is larger than bert.encoder.layer.0."));
  EXPECT_THAT(error({{"rank_pattern", Json::parse(R"([["value", 40]])")}}),
              HasSubstr("value allows"));
  EXPECT_THAT(error({{"rank_pattern", Json::parse(R"([["fc2", 4]])")}}),
              HasSubstr("rank_pattern.fc2 means none"));
  EXPECT_THAT(error({{"modules_to_save", {"decoder"}}}), HasSubstr("no module of the model"));
  // The base has no head: an untrained one would be noise.
  EXPECT_THAT(error({{"train_head", false}}), HasSubstr("the base model has no classifier."));
  EXPECT_THAT(error({{"targets", {"nothing"}}}), HasSubstr("names no linear map"));
}

TEST(LoraTest, ALanguageModelsTiedTableDoesNotTrainAlone) {
  for (const auto& [family, table] :
       {std::pair<const char*, const char*>{"gpt2", "wte"}, {"mbart", "shared"}}) {
    const ModelWorld w(family);
    const Status status = Lora({{"modules_to_save", {table}}})
                              ->Init(*w.base, 1, {w.examples, *w.base->model})
                              .status();
    EXPECT_EQ(ErrorClassOf(status), "config");
    EXPECT_THAT(Message(status), HasSubstr("last projection in one"));
  }
}

TEST(LoraTest, NothingIsAttachedThatDoesNotFit) {
  const AdapterWorld w;
  const Weights trainable = w.Init(*Lora(Json::object()), 1);
  Weights over;
  SitePatches patches;
  for (const Json& other :
       {Json{{"targets", {"nothing"}}}, Json{{"targets", {"fc1"}}}, Json{{"r", 2}}}) {
    EXPECT_EQ(ErrorClassOf(Lora(other)->Attach(*w.base, trainable, &over, &patches)), "config")
        << other;
    EXPECT_EQ(ErrorClassOf(Lora(other)->Merge(*w.base, trainable).status()), "config") << other;
  }
}

TEST(LoraTest, SettingsThatMakeNoSenseAreRefused) {
  for (const Json& bad :
       {Json{{"r", 0}}, Json{{"alpha", 0}}, Json{{"dropout", 1.0}},
        Json{{"targets", Json::array()}}, Json{{"bias", "some"}}, Json{{"scale", 2}},
        Json{{"scale", 0}, {"alpha", nullptr}}, Json{{"r", nullptr}}}) {
    Json settings = {{"type", "lora"}, {"r", 2}, {"alpha", 8}};
    settings.merge_patch(bad);
    EXPECT_EQ(ErrorClassOf(MakeAdapter(settings).status()), "config") << bad;
  }
  EXPECT_THAT(Message(MakeAdapter({{"type", "prefix"}}).status()),
              HasSubstr("bitfit, eida, eva, lora, lora_sb, lora_xs, none"));
}

}  // namespace
}  // namespace eida::engine
