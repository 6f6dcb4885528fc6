// What holds for every adapter of the catalog, and for LoRA with every option, on every model.
#include <torch/torch.h>

#include <cmath>
#include <cstdlib>
#include <tuple>

#include "common/catalog/catalog.h"
#include "common/plan/parameters.h"
#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/model_world.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/formats/peft.h"
#include "worker/engine/formats/peft_write.h"

namespace eida::engine {
namespace {

// Small enough for models of a few dozen numbers and five items.
Json SmallSettings(const std::string& type) {
  Json settings = {{"type", type}};
  if (type == "eida") {
    settings.update({{"dims", "2"}, {"sample_batch", 3}, {"token_probability", 0.4}});
    settings["targets"] = {"query", "key", "value", "attn_out", "fc1", "fc2"};
  } else if (type != "none" && type != "bitfit") {
    settings.update({{"r", 2}, {"alpha", 4}, {"targets", {"query", "value"}}});
  }
  if (type == "lora_sb") settings["sample_fraction"] = 0.6;
  return settings;
}

struct AdapterCase {
  std::string name;
  Json settings;
  friend void PrintTo(const AdapterCase& c, std::ostream* out) { *out << c.name << c.settings; }
};

// A norm, and the first fc1, which is among the targets below.
const std::map<std::string, std::vector<std::string>> kModules = {
    {"bart", {"decoder.layers.0.final_layer_norm", "encoder.layers.0.fc1"}},
    {"bert", {"encoder.layer.0.output.LayerNorm", "layer.0.intermediate.dense"}},
    {"gpt2", {"ln_f", "h.0.mlp.c_fc"}},
    {"mbart", {"decoder.layers.0.final_layer_norm", "encoder.layers.0.fc1"}},
    {"roberta", {"encoder.layer.0.output.LayerNorm", "layer.0.intermediate.dense"}}};

std::vector<AdapterCase> AdapterCases() {
  std::vector<AdapterCase> cases;
  for (const catalog::Adapter& entry : catalog::Adapters())
    cases.push_back({entry.id, SmallSettings(entry.id)});
  const auto add = [&](const std::string& name, const Json& changes) {
    Json settings = SmallSettings("lora");
    settings["targets"] = {"query", "value", "fc1"};
    settings.update(changes);
    cases.push_back({"lora_" + name, settings});
  };
  add("patterns", {{"rank_pattern", Json::parse(R"([["value", 1], ["fc1", 3]])")},
                   {"alpha_pattern", Json::parse(R"([["query", 1]])")}});
  add("rslora", {{"use_rslora", true}, {"rank_pattern", Json::parse(R"([["fc1", 3]])")}});
  add("scale",
      {{"scale", 1.5}, {"alpha", nullptr}, {"rank_pattern", Json::parse(R"([["query", 1]])")}});
  add("all_biases", {{"bias", "all"}});
  add("own_biases", {{"bias", "lora_only"}});
  add("modules", {{"modules_to_save", nullptr}});
  add("everything", {{"modules_to_save", nullptr},
                     {"bias", "all"},
                     {"rank_pattern", Json::parse(R"([["value", 1]])")}});
  add("parts_and_others", {{"targets", {"query", "key", "attn_out", "fc2"}}, {"dropout", 0.1}});
  add("frozen_head", {{"train_head", false}});
  return cases;
}

using AdapterOnModel = std::tuple<AdapterCase, catalog::Model>;

// The case's settings with the model's own names in them.
Json SettingsOn(const AdapterOnModel& param) {
  Json settings = std::get<0>(param).settings;
  if (settings.contains("modules_to_save"))
    settings["modules_to_save"] = kModules.at(std::get<1>(param).id);
  if (settings.contains("alpha") && settings["alpha"].is_null()) settings.erase("alpha");
  return settings;
}

class EveryAdapterOnEveryModel : public ::testing::TestWithParam<AdapterOnModel> {
 protected:
  ModelWorld w{std::get<1>(GetParam()).id};
  Json settings = SettingsOn(GetParam());
  std::unique_ptr<Adapter> adapter = MakeAdapter(settings).value();

  TrainingData Data() const { return {w.examples, *w.base->model, at::kFloat, 3, 0.01}; }
  Weights Init(uint64_t seed) const { return adapter->Init(*w.base, seed, Data()).value(); }
  at::Tensor Attached(const Weights& state) const {
    Weights over;
    SitePatches patches;
    EXPECT_TRUE(adapter->Attach(*w.base, state, &over, &patches).ok());
    Context context(at::kFloat);
    context.SetPatches(&patches);
    return LossesOf(*w.base->model, {&over, &w.base->weights}, w.All(), context, 0).sum;
  }
  // A state as training leaves it: what trains is somewhere else.
  Weights Moved(uint64_t seed) const {
    Weights state = Init(seed);
    at::manual_seed(1);
    for (auto& [name, tensor] : state) {
      if (adapter->Trains(name)) tensor = tensor + 0.02 * at::randn_like(tensor);
    }
    return state;
  }
};

TEST_P(EveryAdapterOnEveryModel, StartsAtTheBaseAndDependsOnTheSeedOnly) {
  const at::NoGradGuard no_grad;
  const Weights a = Init(5), b = Init(5);
  const double moved = Difference(Attached(a), w.LossesWith({}, w.All()).sum);
  if (settings["type"] == "lora_sb") {  // starts after an update
    EXPECT_GT(moved, limits::adapter_start);
  } else {
    EXPECT_LE(moved, limits::adapter_start);
  }
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
}

TEST_P(EveryAdapterOnEveryModel, ExactlyWhatTrainsGetsAGradient) {
  Weights state = Moved(5);
  for (auto& [name, tensor] : state) {
    if (adapter->Trains(name)) tensor.set_requires_grad(true);
  }
  Attached(state).sum().backward();
  for (const auto& [name, tensor] : state)
    EXPECT_EQ(tensor.grad().defined(), adapter->Trains(name)) << name;
  for (const auto& [name, tensor] : w.base->weights) EXPECT_FALSE(tensor.grad().defined()) << name;
}

TEST_P(EveryAdapterOnEveryModel, MergedIsTheSameFunctionAndComesBackFromItsFile) {
  const at::NoGradGuard no_grad;
  const Weights state = Moved(5);
  const Weights merged = adapter->Merge(*w.base, state).value();
  const at::Tensor own = Attached(state);
  EXPECT_LE(Difference(own, w.LossesWith(merged, w.All()).sum), limits::adapter_merge);
  EXPECT_GT(Difference(own, w.LossesWith({}, w.All()).sum), 1e-4);
  const TempDir dir("eida-adapters");
  const std::string path = dir.path() + "/weights.safetensors";
  ASSERT_TRUE(WriteMember(*adapter, state, path).ok());
  const Weights again = ReadMember(*w.base, path).value();
  ASSERT_EQ(again.size(), merged.size());
  for (const auto& [name, tensor] : merged) EXPECT_TRUE(at::equal(tensor, again.at(name))) << name;
  Weights foreign = state;
  foreign["base_model.model.nothing.weight"] = at::zeros({2, 2});
  if (adapter->artifact_kind() == "adapter") {
    EXPECT_EQ(ErrorClassOf(adapter->Merge(*w.base, foreign).status()), "config");
  }
}

// The factors as PEFT applies them (https://huggingface.co/docs/peft), whole modules on top.
Weights AppliedAsPeftDoes(const Base& base, const peft::Files& files) {
  Weights out;
  const auto by_pattern = [&](const char* key, const char* otherwise, const std::string& module) {
    const Json pattern = files.config.value(key, Json::object());
    return pattern.value(module, files.config.at(otherwise).get<double>());
  };
  for (const SiteShape& site : base.model->sites()) {
    const auto a = files.tensors.find(peft::KeyA(site.name));
    if (a == files.tensors.end()) continue;
    const double r = by_pattern("rank_pattern", "r", site.name),
                 alpha = by_pattern("alpha_pattern", "lora_alpha", site.name);
    EXPECT_EQ(static_cast<double>(a->second.size(0)), r) << site.name;
    const double scale = alpha / (files.config.at("use_rslora").get<bool>() ? std::sqrt(r) : r);
    const at::Tensor update = scale * files.tensors.at(peft::KeyB(site.name)).matmul(a->second);
    const at::Tensor& w = base.weights.at(site.weight());
    EXPECT_EQ(site.transposed, files.config.at("fan_in_fan_out").get<bool>());
    out[site.weight()] = w + (site.transposed ? update.t() : update);
    const auto bias = files.tensors.find(peft::KeyOfInnerBias(site.name));
    if (bias != files.tensors.end()) out[site.bias()] = bias->second;
  }
  for (const Parameter& p : base.model->parameters()) {
    const auto found = files.tensors.find(peft::KeyOf(p.name));
    if (found != files.tensors.end()) out[p.name] = found->second;
  }
  return out;
}

// With EIDA_PEFT_DIR, what is written and the logits that go with it stay there for
// tests/parity/test_peft.py.
TEST_P(EveryAdapterOnEveryModel, AsAPeftAdapterItIsTheSameFunction) {
  const at::NoGradGuard no_grad;
  Weights state = Moved(5);
  if (adapter->refreshes()) {  // a finished cycle, and one in progress
    state = adapter->Refresh(*w.base, state, 5, 1, Data()).value();
    for (auto& [name, tensor] : state) {
      if (adapter->Trains(name)) tensor = tensor + 0.02 * at::randn_like(tensor);
    }
  }
  const auto files = peft::Write(*w.base, *adapter, state);
  if (settings["type"] == "none" || settings["type"] == "bitfit") {
    EXPECT_EQ(ErrorClassOf(files.status()), "config");
    return;
  }
  ASSERT_TRUE(files.ok()) << files.status();
  const Weights expected = adapter->Merge(*w.base, state).value();
  const Weights applied = AppliedAsPeftDoes(*w.base, *files);
  for (const auto& [name, tensor] : expected) {
    ASSERT_EQ(applied.count(name), 1u) << name;
    EXPECT_LE(Difference(applied.at(name), tensor), limits::adapter_merge) << name;
  }
  if (const char* dir = std::getenv("EIDA_PEFT_DIR")) {
    const std::string out =
        JoinPath(dir, std::get<1>(GetParam()).id + "/" + std::get<0>(GetParam()).name);
    ASSERT_TRUE(MakeDirs(out).ok());
    Context context(at::kFloat);
    Weights over;
    SitePatches patches;
    ASSERT_TRUE(adapter->Attach(*w.base, state, &over, &patches).ok());
    context.SetPatches(&patches);
    const at::Tensor logits = w.Logits({&over, &w.base->weights}, w.All(), context);
    ASSERT_TRUE(WriteSafetensors({{"logits", logits}}, {}, out + "/logits.safetensors").ok());
    ASSERT_TRUE(WriteFileAtomic(out + "/adapter_config.json", Pretty(files->config)).ok());
    ASSERT_TRUE(
        WriteSafetensors(files->tensors, {{"format", "pt"}}, out + "/adapter_model.safetensors")
            .ok());
  }
}

TEST_P(EveryAdapterOnEveryModel, ThePlanCountsWhatTrains) {
  if (settings["type"] == "none") return;  // counted by the checkpoint
  inputs::ModelFacts facts;
  facts.architecture = std::get<1>(GetParam()).id;
  facts.parameters = w.base->parameters();
  for (const char* key : {"hidden_size", "n_embd", "d_model"}) {
    if (w.base->config.contains(key)) facts.hidden_size = w.base->config[key].get<int64_t>();
  }
  facts.sites = w.base->model->sites();
  for (const Parameter& p : w.base->model->parameters()) {
    if (!p.buffer && !w.base->model->IsHead(p.name))
      facts.tensors[p.name] = w.base->weights.at(p.name).numel();
  }
  int64_t trains = 0;
  for (const auto& [name, tensor] : Init(5)) trains += adapter->Trains(name) ? tensor.numel() : 0;
  EXPECT_EQ(plan::CountParameters(facts, settings, w.base->labels)->trainable(), trains);
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryAdapterOnEveryModel,
                         ::testing::Combine(::testing::ValuesIn(AdapterCases()),
                                            ::testing::ValuesIn(catalog::Models())),
                         [](const auto& info) {
                           return std::get<0>(info.param).name + "_on_" +
                                  std::get<1>(info.param).id;
                         });

// What the published code of EIDA trained with GPT-2: the tied table too.
INSTANTIATE_TEST_SUITE_P(
    FreezeCode, EveryAdapterOnEveryModel,
    ::testing::Combine(::testing::Values(AdapterCase{"eida_freeze_code",
                                                     [] {
                                                       Json settings = SmallSettings("eida");
                                                       settings["freeze"] = "code";
                                                       return settings;
                                                     }()}),
                       ::testing::Values(*catalog::Find(catalog::Models(), "gpt2"))),
    [](const auto&) { return std::string("on_gpt2"); });

}  // namespace
}  // namespace eida::engine
