// LoRA adapters that PEFT wrote (tests/golden/peft, as tests/parity/make_peft.py wrote it;
// EIDA_GOLDEN_PEFT names another such directory): as members and as the start of a run.
#include "worker/engine/formats/peft.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>

#include "common/catalog/catalog.h"
#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/model_world.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/formats/peft_read.h"
#include "worker/engine/formats/peft_write.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

constexpr const char* kAdapters[] = {"everything", "no_task", "one_layer", "own_biases",
                                     "patterns",   "plain",   "whole"};

std::string AdapterPath(const std::string& family, const std::string& name) {
  const char* other = std::getenv("EIDA_GOLDEN_PEFT");
  const std::string root =
      other != nullptr ? other : std::string(EIDA_SOURCE_DIR) + "/tests/golden/peft";
  return JoinPath(root, family + "/" + name);
}

class EveryPeftAdapter : public ::testing::TestWithParam<std::tuple<catalog::Model, const char*>> {
 protected:
  const std::string family = std::get<0>(GetParam()).id;
  const std::string name = std::get<1>(GetParam());
  const std::string path = AdapterPath(family, name);
  ModelWorld w{family};

  at::Tensor Logits(const Weights& over, const SitePatches* patches = nullptr) const {
    Context context(at::kFloat);
    if (patches != nullptr) context.SetPatches(patches);
    return w.Logits({&over, &w.base->weights}, w.All(), context);
  }
  at::Tensor Expected() const {
    return ReadSafetensors(path + "/numbers.safetensors")->at("logits");
  }
};

TEST_P(EveryPeftAdapter, GivesTheLogitsOfPeft) {
  const at::NoGradGuard no_grad;
  const at::Tensor expected = Expected();
  EXPECT_GT(Difference(expected, w.Number("logits")), 0.01) << "it changes the model";
  for (const std::string& file : {path, path + "/adapter_model.safetensors"}) {
    const auto merged = ReadMember(*w.base, file);
    ASSERT_TRUE(merged.ok()) << merged.status();
    EXPECT_LE(Difference(Logits(*merged), expected), limits::export_logits);
  }
  const MemberFile member = OpenMember(*w.base, path).value();
  Weights over;
  SitePatches patches;
  ASSERT_TRUE(member.adapter->Attach(*w.base, member.tensors, &over, &patches).ok());
  EXPECT_LE(Difference(Logits(over, &patches), expected), limits::export_logits);
}

TEST_P(EveryPeftAdapter, WrittenAgainItHasTheSameTensors) {
  const MemberFile member = OpenMember(*w.base, path).value();
  const peft::Files files = peft::Write(*w.base, *member.adapter, member.tensors).value();
  const Weights stored = ReadSafetensors(path + "/adapter_model.safetensors").value();
  for (const auto& [key, tensor] : stored) {
    if (key.find(".original_module.") != std::string::npos ||
        key.find(".modules_to_save.") != std::string::npos)
      continue;
    ASSERT_EQ(files.tensors.count(key), 1u) << key;
    EXPECT_TRUE(at::equal(files.tensors.at(key), tensor)) << key;
  }
  const TempDir dir("eida-peft");
  ASSERT_TRUE(WriteFileAtomic(dir.path() + "/adapter_config.json", Pretty(files.config)).ok());
  ASSERT_TRUE(
      WriteSafetensors(files.tensors, {{"format", "pt"}}, dir.path() + "/adapter_model.safetensors")
          .ok());
  const Weights again = ReadMember(*w.base, dir.path()).value(),
                merged = ReadMember(*w.base, path).value();
  for (const auto& [key, tensor] : merged)
    EXPECT_LE(Difference(again.at(key), tensor), limits::adapter_merge) << key;
}

TEST_P(EveryPeftAdapter, ARunStartsFromIt) {
  const at::NoGradGuard no_grad;
  const MemberFile member = OpenMember(*w.base, path).value();
  Job job = w.job;
  for (const char* file : {"adapter_config.json", "adapter_model.safetensors"})
    job.inputs[std::string("init/") + file] = path + "/" + file;
  // As a plan resolves it: a head that the adapter lacks is the base's, and trains.
  Json settings = member.adapter->settings();
  settings.erase("train_head");
  const auto adapter = MakeAdapter(settings).value();
  Weights state = adapter->Init(*w.base, 5, {w.examples, *w.base->model}).value();
  const Status started = peft::StartFrom(*w.base, job, *adapter, &state);
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_LE(Difference(Logits(adapter->Merge(*w.base, state).value()), Expected()),
            limits::export_logits);
}

INSTANTIATE_TEST_SUITE_P(Golden, EveryPeftAdapter,
                         ::testing::Combine(::testing::ValuesIn(catalog::Models()),
                                            ::testing::ValuesIn(kAdapters)),
                         [](const auto& info) {
                           return std::string(std::get<1>(info.param)) + "_on_" +
                                  std::get<0>(info.param).id;
                         });

// A copy of one adapter, to be spoilt.
struct SpoiltAdapter {
  TempDir dir{"eida-peft"};
  ModelWorld w;
  Json config;
  Weights tensors;

  SpoiltAdapter(const std::string& family, const std::string& name) : w(family) {
    const std::string from =
        std::string(EIDA_SOURCE_DIR) + "/tests/golden/peft/" + family + "/" + name;
    config = ReadJsonFile(from + "/adapter_config.json").value();
    tensors = ReadSafetensors(from + "/adapter_model.safetensors").value();
  }
  // What reading it says; "" = nothing.
  std::string Error() const {
    EXPECT_TRUE(WriteFileAtomic(dir.path() + "/adapter_config.json", Pretty(config)).ok());
    EXPECT_TRUE(
        WriteSafetensors(tensors, {{"format", "pt"}}, dir.path() + "/adapter_model.safetensors")
            .ok());
    const Status status = ReadMember(*w.base, dir.path()).status();
    if (status.ok()) return "";
    EXPECT_EQ(ErrorClassOf(status), "config") << status;
    EXPECT_THAT(Message(status), HasSubstr(dir.path())) << "names the file";
    return Message(status);
  }
  std::string Key(const std::string& end) const {
    for (const auto& [key, tensor] : tensors) {
      if (key.size() > end.size() && key.compare(key.size() - end.size(), end.size(), end) == 0)
        return key;
    }
    return "";
  }
};

TEST(PeftReadTest, TensorsThatDoNotFitAreNamed) {
  SpoiltAdapter a("bert", "plain");
  EXPECT_EQ(a.Error(), "");
  const std::string key = a.Key("lora_A.weight");
  const at::Tensor good = a.tensors.at(key);
  a.tensors[key] = at::zeros({2, 15});
  EXPECT_THAT(a.Error(),
              HasSubstr(key + " is 2 x 15, configuration and base model ask for 2 x 16"));
  a.tensors[key] = at::full({2, 16}, NAN);
  EXPECT_THAT(a.Error(), HasSubstr(key + " holds NaN"));
  a.tensors[key] = at::ones({2, 16}, at::kInt);
  EXPECT_THAT(a.Error(), HasSubstr(key + " is not floating point"));
  a.tensors[key] = good.to(at::kBFloat16);
  EXPECT_EQ(a.Error(), "") << "half precision is read";
  a.tensors.erase(key);
  EXPECT_THAT(a.Error(), HasSubstr("the tensor " + key + " is not in the file"));
  a.tensors[key] = good;
  a.tensors["base_model.model.bert.pooler.dense.weight"] = at::zeros({16, 16});
  EXPECT_THAT(a.Error(), HasSubstr("first base_model.model.bert.pooler.dense.weight"));
}

TEST(PeftReadTest, AHeadOfOtherLabelsIsNoMemberButAStart) {
  SpoiltAdapter a("bert", "plain");
  a.tensors[a.Key("classifier.weight")] = at::zeros({2, 16});
  a.tensors[a.Key("classifier.bias")] = at::zeros({2});
  EXPECT_THAT(a.Error(), HasSubstr("base_model.model.classifier"));
  const auto read = peft::Read(*a.w.base, a.dir.path() + "/adapter_config.json",
                               a.dir.path() + "/adapter_model.safetensors", true);
  ASSERT_TRUE(read.ok()) << read.status();
  for (const auto& [key, tensor] : read->tensors)
    EXPECT_EQ(key.find("classifier"), std::string::npos) << key;
}

TEST(PeftReadTest, ATableThatIsTiedIsRefused) {
  SpoiltAdapter a("gpt2", "plain");
  a.config["modules_to_save"] = {"wte"};
  a.tensors["base_model.model.transformer.wte.weight"] = at::zeros({30, 16});
  EXPECT_THAT(a.Error(), HasSubstr("a token table of its own"));
}

TEST(PeftReadTest, OtherFilesAreRefused) {
  SpoiltAdapter a("bert", "plain");
  EXPECT_EQ(a.Error(), "");
  const std::string config = a.dir.path() + "/adapter_config.json",
                    weights = a.dir.path() + "/adapter_model.safetensors";
  ASSERT_TRUE(WriteFileAtomic(config, "{\"peft_type\": ").ok());
  EXPECT_THAT(Message(ReadMember(*a.w.base, a.dir.path()).status()),
              HasSubstr(config + ": not valid JSON at byte"));
  ASSERT_TRUE(std::filesystem::remove(config));
  EXPECT_FALSE(ReadMember(*a.w.base, a.dir.path()).ok());
  EXPECT_THAT(Message(ReadMember(*a.w.base, weights).status()),
              HasSubstr("adapter_config.json is not beside it"));
  const std::string bytes = ReadFile(weights).value();
  ASSERT_TRUE(WriteFileAtomic(weights, bytes.substr(0, bytes.size() - 3)).ok());
  EXPECT_EQ(ErrorClassOf(ReadMember(*a.w.base, weights).status()), "config") << "truncated";
  ASSERT_TRUE(std::filesystem::remove(weights));
  ASSERT_TRUE(WriteFileAtomic(a.dir.path() + "/adapter_model.bin", "\x80\x02").ok());
  EXPECT_THAT(Message(ReadMember(*a.w.base, a.dir.path()).status()), HasSubstr("pickled adapter"));
}

TEST(PeftReadTest, AnAdapterOfAnotherFamilyIsRefused) {
  for (const char* other : {"roberta", "gpt2", "bart"}) {
    const ModelWorld w(other);
    const Status status =
        ReadMember(*w.base, std::string(EIDA_SOURCE_DIR) + "/tests/golden/peft/bert/plain")
            .status();
    EXPECT_EQ(ErrorClassOf(status), "config") << other;
  }
}

// A trained LoRA of the tiny data set as PEFT's two files, and a job that starts from them.
struct StartedRun {
  Tiny tiny;
  std::string weights, directory = tiny.path("peft");

  StartedRun() {
    Recorder events;
    weights = ArtifactPath(RunTrain(tiny.Train(), events).value(), "weights");
    Job job = tiny.Make("export", {{"format", "peft"}});
    job.inputs["weights"] = weights;
    job.out = directory;
    EXPECT_TRUE(MakeDirs(directory).ok());
    EXPECT_TRUE(RunExport(job, events).ok());
  }
  Job Train(const Json& changes) const {
    Json spec = {{"adapter", {{"init", "digest"}}}};
    spec.merge_patch(changes);
    Job job = tiny.Train(spec);
    for (const char* file : {"adapter_config.json", "adapter_model.safetensors"})
      job.inputs[std::string("init/") + file] = JoinPath(directory, file);
    return job;
  }
};

TEST(PeftStartTest, WithoutAStepTheRunIsTheAdapterItself) {
  const StartedRun run;
  Recorder events;
  const auto result = RunTrain(run.Train({{"train", {{"epochs", nullptr}, {"steps", 0}}},
                                          {"eval",
                                           {{"every", {{"epochs", 1}}},
                                            {"metric", "loss"},
                                            {"goal", "minimize"},
                                            {"split", "select"},
                                            {"report", "select"},
                                            {"batch_size", 8}}},
                                          {"checkpoint", {{"keep", {"last", "best"}}}}}),
                               events);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->summary.at("steps"), 0);
  const Weights before = ReadSafetensors(run.weights).value();
  for (const char* artifact : {"weights", "best"}) {
    const Weights after = ReadSafetensors(ArtifactPath(*result, artifact)).value();
    ASSERT_EQ(after.size(), before.size());
    for (const auto& [key, tensor] : before) EXPECT_TRUE(at::equal(after.at(key), tensor)) << key;
  }
  EXPECT_GT(events.Last("select/loss"), 0);
}

TEST(PeftStartTest, ItTrainsOnFromTheAdapterAndResumesAsAnyRun) {
  const StartedRun run;
  const Json changes = {{"train", {{"epochs", nullptr}, {"steps", 6}}}};
  Recorder events, fresh, stopped, resumed;
  const auto whole = RunTrain(run.Train(changes), events);
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_TRUE(RunTrain(run.tiny.Train(changes), fresh).ok());
  EXPECT_LT(events.metrics.front().value, 0.8 * fresh.metrics.front().value)
      << "the first loss is that of a trained adapter";
  stopped.stop_at = 3;
  ASSERT_EQ(ErrorClassOf(RunTrain(run.Train(changes), stopped).status()), "preempted");
  Job again = run.Train(changes);
  again.resume = stopped.checkpoints.back().second;
  const auto result = RunTrain(again, resumed);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Bytes(ArtifactPath(*result, "weights")), Bytes(ArtifactPath(*whole, "weights")));
}

TEST(PeftStartTest, ARunThatDisagreesIsToldWhere) {
  const ModelWorld w("bert");
  const std::string path = std::string(EIDA_SOURCE_DIR) + "/tests/golden/peft/bert/own_biases";
  Job job = w.job;
  const auto error = [&](const Json& changes) {
    Json settings = OpenMember(*w.base, path)->adapter->settings();
    settings.erase("train_head");
    settings.update(changes);
    const auto adapter = MakeAdapter(settings).value();
    Weights state = adapter->Init(*w.base, 5, {w.examples, *w.base->model}).value();
    const Status status = peft::StartFrom(*w.base, job, *adapter, &state);
    EXPECT_TRUE(status.ok() || ErrorClassOf(status) == "config") << status;
    return Message(status);
  };
  EXPECT_THAT(error({{"r", 3}}), HasSubstr("init/adapter_config.json"));
  for (const char* file : {"adapter_config.json", "adapter_model.safetensors"})
    job.inputs[std::string("init/") + file] = path + "/" + file;
  EXPECT_EQ(error(Json::object()), "");
  EXPECT_THAT(error({{"r", 3}}), HasSubstr("the rank of "));
  EXPECT_THAT(error({{"alpha", 4}}), HasSubstr("the scale of "));
  EXPECT_THAT(error({{"targets", {"query"}}}), HasSubstr("targets mean "));
  EXPECT_THAT(error({{"bias", "none"}}), HasSubstr("does not train"));
  EXPECT_THAT(error({{"bias", "all"}}), HasSubstr("more biases or modules"));
  EXPECT_THAT(error({{"train_head", false}}), HasSubstr("classifier"));
}

}  // namespace
}  // namespace eida::engine
