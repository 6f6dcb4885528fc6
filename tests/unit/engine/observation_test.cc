// The job kind `observe`.
#include "worker/engine/adapters/observation.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

Job ObserveJob(const Tiny& tiny, const Json& changes = Json::object()) {
  Json observe = {{"targets", {"query", "key", "fc1"}},
                  {"sizes", {20, 40}},
                  {"dims", {1, 4, 16}},
                  {"repeats", 2},
                  {"held_out", 12},
                  {"batch_size", 4},
                  {"tokens_per_sequence", 1000}};
  observe.update(changes);
  return tiny.Make("observe", {{"split", "train"},
                               {"seed", 5},
                               {"observe", observe},
                               {"numerics", {{"precision", "fp32"}}}});
}

Json Observed(const Job& job, Recorder& events) {
  const Result<JobResult> result = RunObserve(job, events);
  EXPECT_TRUE(result.ok()) << result.status();
  return *ParseJson(Bytes(ArtifactPath(*result, "observation")), "observation");
}

// All inputs of a linear map over items, [tokens, in].
at::Tensor InputsOf(const Base& base, const Weights& over, const Examples& examples,
                    const std::vector<int64_t>& items, const std::string& module) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> rows;
  Context context(at::kFloat);
  context.ComputeEveryToken();
  context.AddObserver([&](const Site& site, const at::Tensor& x, const at::Tensor&) {
    if (site.name == module) rows.push_back(x.clone());
  });
  LossesOf(*base.model, {&over, &base.weights}, MakeBatch(examples, items, at::kCPU), context, 0);
  return at::cat(rows);
}

// By the definition: the mean's direction, then the leading right singular vectors of what is left.
double CosineByDefinition(const at::Tensor& sample, const at::Tensor& held, int64_t k) {
  const at::Tensor x = sample.to(at::kDouble), y = held.to(at::kDouble);
  const at::Tensor mean = x.mean(0) / x.mean(0).norm();
  const auto [u, s, v] = at::linalg_svd(x - at::outer(x.mv(mean), mean), false);
  at::Tensor square = y.mv(mean).square();
  if (k > 1) square = square + y.matmul(v.narrow(0, 0, k - 1).t()).square().sum(1);
  return (square.sqrt() / y.norm(2, 1)).mean().item<double>();
}

TEST(ObservationTest, CosinesAreThoseOfTheDefinition) {
  const Tiny tiny;
  const Job job = ObserveJob(tiny);
  Recorder events;
  const Json file = Observed(job, events);
  EXPECT_EQ(events.progress, (std::vector<int64_t>{0, 1, 2}));
  ASSERT_EQ(file["sites"].size(), 2u * 2 + 2u * 3)
      << "two layers: inputs of q, k together, fc1; three updates";
  const auto base = LoadBase(job).value();
  const auto examples = LoadExamples(job, *base, {"train", std::nullopt, 0}).value();
  const Weights head = HeadAtStart(*base, 5).value();
  const TrainingData data = {*examples, *base->model, at::kFloat, 4};
  int compared = 0;
  for (int64_t repeat = 0; repeat < 2; ++repeat) {
    const Rng rng(5, "observe/" + std::to_string(repeat));
    const auto held = observe::DrawItems(data, 0, 12, rng);
    for (size_t size = 0; size < 2; ++size) {
      const auto items = observe::DrawItems(data, 12, size == 0 ? 20 : 40, rng);
      for (const SiteShape& site : base->model->sites()) {
        if (site.role != "fc1") continue;
        const at::Tensor sample = InputsOf(*base, head, *examples, items, site.module),
                         other = InputsOf(*base, head, *examples, held, site.module);
        const auto one = std::find_if(
            file["sites"].begin(), file["sites"].end(),
            [&](const Json& j) { return j["name"] == site.name && j["side"] == "input"; });
        ASSERT_NE(one, file["sites"].end()) << site.name;
        EXPECT_EQ((*one)["sizes"][size]["tokens"][static_cast<size_t>(repeat)], sample.size(0));
        const Json cosine = (*one)["sizes"][size]["cosine"][static_cast<size_t>(repeat)];
        for (size_t d = 0; d < 3; ++d) {
          const int64_t k = file["dims"][d].get<int64_t>();
          EXPECT_NEAR(cosine[d].get<double>(), CosineByDefinition(sample, other, k), 1e-5);
          ++compared;
        }
        EXPECT_LT(cosine[0].get<double>(), cosine[1].get<double>() - 1e-3);
        EXPECT_LT(cosine[1].get<double>(), cosine[2].get<double>() - 1e-3);
      }
    }
  }
  EXPECT_EQ(compared, 2 * 2 * 2 * 3);
}

TEST(ObservationTest, ATrainedModelIsAnotherOne) {
  const Tiny tiny;
  Recorder training, events;
  const auto trained =
      RunTrain(tiny.Train({{"adapter", {{"type", "none"}}}, {"train", {{"lr", 1e-2}}}}), training);
  ASSERT_TRUE(trained.ok()) << trained.status();
  Job job = ObserveJob(tiny);
  const Json before = Observed(job, events);
  job.inputs["weights"] = ArtifactPath(*trained, "weights");
  EXPECT_NE(Observed(job, events)["sites"], before["sites"]);
}

TEST(ObservationTest, StopsBetweenRepeats) {
  const Tiny tiny;
  Recorder events;
  events.stop_at = 2;
  EXPECT_EQ(ErrorClassOf(RunObserve(ObserveJob(tiny), events).status()), "preempted");
  EXPECT_EQ(events.progress, (std::vector<int64_t>{0, 1}));
}

TEST(ObservationTest, WhatCannotBeAskedForIsNamed) {
  const Tiny tiny;
  const auto error = [&](const Json& changes) {
    Recorder events;
    const Status status = RunObserve(ObserveJob(tiny, changes), events).status();
    EXPECT_EQ(ErrorClassOf(status), "config") << status;
    return Message(status);
  };
  EXPECT_THAT(error({{"held_out", 1000}}), HasSubstr("lower held_out or sizes"));
  EXPECT_THAT(error({{"dims", {33}}}), HasSubstr("take a larger sample or lower dims"));
  EXPECT_THAT(error({{"sizes", {16, 8}}}), HasSubstr("ascend"));
  EXPECT_THAT(error({{"targets", {"qeury"}}}), HasSubstr("query"));
  EXPECT_THAT(error({{"targets", Json::array()}}), HasSubstr("targets is empty"));
  EXPECT_THAT(error({{"repeats", 0}}), HasSubstr("at least 1"));
}

}  // namespace
}  // namespace eida::engine
