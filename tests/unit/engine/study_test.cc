#include <gmock/gmock.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

Json Spec(const std::string& batching, int64_t batch_size = 8) {
  return {
      {"split", "select"},
      {"samples", nullptr},
      {"item_seed", 0},
      {"numerics", {{"precision", "fp32"}, {"batch_size", batch_size}, {"batching", batching}}}};
}

// A study on a tiny model, with two LoRA members of different rank and a full one, at random
// values.
struct StudyWorld {
  Tiny tiny;
  Job job = tiny.Make("evaluate", Spec("bucketed"));
  std::shared_ptr<const Base> base = LoadBase(job).value();
  std::shared_ptr<Study> study = Study::For(job, "select", true).value();

  std::string Member(const Json& settings, uint64_t seed) const {
    const auto adapter = MakeAdapter(settings).value();
    const auto examples = LoadExamples(job, *base, {"train", std::nullopt, 0}).value();
    Weights trained = adapter->Init(*base, seed, {*examples, *base->model}).value();
    at::manual_seed(static_cast<int64_t>(seed));
    for (auto& [name, tensor] : trained) tensor = tensor + 0.05 * at::randn_like(tensor);
    const std::string path = tiny.path("member" + std::to_string(seed) + ".safetensors");
    EXPECT_TRUE(WriteMember(*adapter, trained, path).ok());
    return path;
  }
  Weights Load(const Json& settings, uint64_t seed) const {
    return study->LoadMember(Member(settings, seed)).value();
  }
};

const Json kLora2 = {{"type", "lora"}, {"r", 2}, {"alpha", 8}};
const Json kLora5 = {{"type", "lora"}, {"r", 5}, {"alpha", 20}, {"targets", {"query", "fc1"}}};
const Json kNone = {{"type", "none"}};

TEST(StudyTest, TheSameWeightsGiveTheSameBytes) {
  const StudyWorld w;
  const Weights member = w.Load(kLora2, 1);
  const EvalResult a = w.study->Evaluate(member).value();
  w.study->Evaluate(w.Load(kLora5, 2)).value();
  const EvalResult b =
      w.study->Evaluate(w.study->LoadMember(w.tiny.path("member1.safetensors")).value()).value();
  EXPECT_TRUE(at::equal(a.loss, b.loss));
  EXPECT_TRUE(at::equal(a.logits, b.logits));
  EXPECT_EQ(a.loss.numel(), 24);
}

TEST(StudyTest, BatchingDoesNotChangeAnItemsLoss) {
  const StudyWorld w;
  const Weights member = w.Load(kLora2, 1);
  const EvalResult bucketed = w.study->Evaluate(member).value();
  for (const int64_t size : {1, 7, 64}) {
    const auto padded =
        Study::For(w.tiny.Make("evaluate", Spec("padded", size)), "select", true).value();
    const EvalResult other = padded->Evaluate(member).value();
    EXPECT_TRUE(at::equal(other.item, bucketed.item));
    EXPECT_LE(Difference(other.loss, bucketed.loss), 1e-5);
    EXPECT_LE(Difference(other.logits, bucketed.logits), 1e-5);
  }
}

TEST(StudyTest, TheLossIsTheCrossEntropyOfTheLogits) {
  const StudyWorld w;
  const EvalResult r = w.study->Evaluate(w.Load(kLora2, 1)).value();
  EXPECT_LE(Difference(r.loss, at::cross_entropy_loss(r.logits, r.label, {}, at::Reduction::None)),
            1e-6);
  const Scores scores = Score(r);
  EXPECT_NEAR(scores.loss, r.loss.to(at::kDouble).mean().item<double>(), 1e-12);
  EXPECT_NEAR(scores.accuracy,
              at::eq(r.logits.argmax(1), r.label).to(at::kDouble).mean().item<double>(), 1e-12);
}

TEST(StudyTest, F1IsOfClassOne) {
  EvalResult r;
  r.item = at::arange(5, at::kLong);
  r.label = torch::tensor({1, 1, 1, 0, 0}, at::kLong);
  r.loss = at::ones({5});
  r.logits = torch::tensor({{0.f, 1.f}, {0.f, 1.f}, {1.f, 0.f}, {0.f, 1.f}, {1.f, 0.f}});
  const Scores scores = Score(r);  // 2 true positives, 3 guesses, 3 positives
  EXPECT_NEAR(scores.f1, 2.0 * 2 / (3 + 3), 1e-12);
  EXPECT_NEAR(scores.accuracy, 0.6, 1e-12);
}

TEST(StudyTest, InterpolationReproducesItsEndsBitForBit) {
  const StudyWorld w;
  const Weights a = w.Load(kLora2, 1), b = w.Load(kLora5, 2);
  for (const auto& [alpha, end] : {std::pair<double, const Weights*>{1, &a}, {0, &b}}) {
    const EvalResult direct = w.study->Evaluate(*end).value(),
                     mixed = w.study->Evaluate(w.study->Interpolate(a, b, alpha)).value();
    EXPECT_TRUE(at::equal(direct.loss, mixed.loss));
  }
}

TEST(StudyTest, APointOfAPathIsTheSameBitForBitFromBothEnds) {
  const StudyWorld w;
  const Weights a = w.Load(kLora2, 1), b = w.Load(kLora5, 2);
  for (int k = 1; k < 20; ++k) {
    const Weights one = w.study->Interpolate(a, b, k / 20.0),
                  other = w.study->Interpolate(b, a, 1 - k / 20.0);
    ASSERT_EQ(one.size(), other.size());
    for (const auto& [name, tensor] : one) EXPECT_TRUE(at::equal(tensor, other.at(name))) << k;
  }
}

TEST(StudyTest, AMemberIsItsFactorsMergedAndAFullModelHasNone) {
  const StudyWorld w;
  for (const Json& settings : {kLora2, kLora5, Json{{"type", "lora_xs"}, {"r", 3}, {"alpha", 6}}}) {
    const std::string path = w.Member(settings, 4);
    const Weights member = w.study->LoadMember(path).value();
    const auto factors = w.study->LoadFactors(path);
    ASSERT_TRUE(factors.ok()) << factors.status();
    const Weights merged = w.study->Merge(*factors).value();
    ASSERT_EQ(merged.size(), member.size());
    for (const auto& [name, tensor] : member)
      EXPECT_LE(Difference(tensor, merged.at(name)), 1e-6) << name;
  }
  const auto full = w.study->LoadFactors(w.Member(kNone, 5));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(ErrorClassOf(full.status()), "config");
  EXPECT_THAT(Message(full.status()),
              HasSubstr("adapter none changes the model by no low-rank factors"));
}

TEST(StudyTest, InterpolationIsOnTheMergedUpdateWhateverTheRanks) {
  const StudyWorld w;
  const Weights a = w.Load(kLora2, 1), b = w.Load(kLora5, 2);
  const Weights mixed = w.study->Interpolate(a, b, 0.3);
  const auto of = [&](const Weights& weights, const std::string& name) {
    return weights.count(name) ? weights.at(name) : w.study->BaseTensor(name).value();
  };
  size_t checked = 0;
  for (const std::string& name : w.study->BaseNames()) {
    const at::Tensor expected = 0.3 * of(a, name) + 0.7 * of(b, name);
    EXPECT_LE(Difference(of(mixed, name), expected), 1e-6) << name;
    checked += Difference(of(mixed, name), w.study->BaseTensor(name).value()) > 0;
  }
  EXPECT_EQ(checked, 6u);  // query of both, value of a, fc1 of b, in two layers
  EXPECT_LE(Difference(mixed.at("classifier.bias"),
                       0.3 * a.at("classifier.bias") + 0.7 * b.at("classifier.bias")),
            1e-6);
}

TEST(StudyTest, AFullModelAndAnAdapterMix) {
  const StudyWorld w;
  const Weights full = w.Load(kNone, 3), lora = w.Load(kLora2, 1),
                mixed = w.study->Interpolate(full, lora, 0.5);
  EXPECT_EQ(mixed.size(), full.size());
  EXPECT_TRUE(w.study->Evaluate(mixed).ok());
}

TEST(StudyTest, FeaturesAreMeansOverTokensThatTheTokenizerDidNotAdd) {
  const StudyWorld w;
  const Weights member = w.Load(kLora2, 1);
  const auto features = w.study->Features(member, {"last", "layer.0", "embeddings"}).value();
  ASSERT_EQ(features.size(), 3u);
  EXPECT_EQ(features.at("last").sizes().vec(), (std::vector<int64_t>{24, 32}));
  // By hand for the embeddings of the first item.
  const auto examples = LoadExamples(w.job, *w.base, {"select", std::nullopt, 0}).value();
  const Batch batch = MakeBatch(*examples, {0}, at::kCPU);
  Context context(at::kFloat);
  at::Tensor expected;
  context.Probe({"embeddings"}, [&](const std::string&, const at::Tensor& x) {
    expected = x.slice(0, 1, x.size(0) - 1).mean(0);
  });
  const at::NoGradGuard no_grad;
  w.base->model->Logits({&member, &w.base->weights}, batch, context);
  EXPECT_LE(Difference(features.at("embeddings")[0], expected), 1e-5);
  EXPECT_EQ(Difference(w.study->Features(member, {"last"})->at("last"),
                       w.study->Features(member, {"layer.1"})->at("layer.1")),
            0);
  const Status unknown = w.study->Features(member, {"layer.7"}).status();
  EXPECT_EQ(ErrorClassOf(unknown), "config");
  EXPECT_THAT(Message(unknown), HasSubstr("layer.1"));
}

TEST(StudyTest, SamplesAreTheSameItemsForEveryCaller) {
  const StudyWorld w;
  Json spec = Spec("bucketed");
  spec["samples"] = 10;
  spec["item_seed"] = 4;
  const Job job = w.tiny.Make("evaluate", spec);
  const auto some = Study::For(job, "select", true).value(),
             all = Study::For(job, "select", false).value();
  EXPECT_EQ(some->items().size(), 10u);
  EXPECT_EQ(all->items().size(), 24u);
  EXPECT_TRUE(std::is_sorted(some->items().begin(), some->items().end()));
  EXPECT_NE(some->item_hash(), all->item_hash());
  EXPECT_EQ(Study::For(job, "select", true).value().get(), some.get())
      << "kept for the bundle's next job";
}

// Whatever part of a file is looked at, an item is the row of its number.
TEST(StudyTest, AnItemIsTheSameInEverySubset) {
  const StudyWorld w;
  const Weights member = w.Load(kLora2, 1);
  std::map<int64_t, std::pair<int64_t, float>> of_item;  // label and loss, out of all splits
  const auto see = [&](const Job& job, const std::string& split, bool sampled) {
    const EvalResult r = Study::For(job, split, sampled).value()->Evaluate(member).value();
    for (int64_t i = 0; i < r.item.numel(); ++i) {
      const std::pair<int64_t, float> own = {r.label[i].item<int64_t>(), r.loss[i].item<float>()};
      const auto [known, fresh] = of_item.emplace(r.item[i].item<int64_t>(), own);
      EXPECT_EQ(known->second.first, own.first) << known->first;
      EXPECT_NEAR(known->second.second, own.second, 1e-5) << known->first;
    }
    return r.item.numel();
  };
  EXPECT_EQ(see(w.job, "train", false) + see(w.job, "select", false), 96);
  EXPECT_EQ(of_item.size(), 96u);
  Job some = w.job;
  some.spec["samples"] = 7;
  EXPECT_EQ(see(some, "select", true), 7);
  Job fewer = w.job;
  fewer.spec["data"]["limit"] = {{"select", 9}};
  EXPECT_EQ(see(fewer, "select", false), 9);
  Job other = w.job;  // another part of the same file
  other.spec["data"]["splits"].push_back(
      {{"name", "half"}, {"from", "train"}, {"fraction", 0.5}, {"seed", 3}});
  EXPECT_EQ(see(other, "half", false), 36);
  EXPECT_EQ(of_item.size(), 96u) << "no item that was not there";
}

TEST(StudyTest, TrainAndSelectShareNoItem) {
  const StudyWorld w;
  const auto train = Study::For(w.job, "train", false).value(),
             select = Study::For(w.job, "select", false).value();
  EXPECT_EQ(train->items().size() + select->items().size(), 96u);
  for (const int64_t item : select->items()) {
    EXPECT_FALSE(std::binary_search(train->items().begin(), train->items().end(), item));
  }
}

// The jobs of a sweep that compares by the smoothed loss.
TEST(EvaluateTest, TheSmoothedLossIsWhatIsCompared) {
  const StudyWorld w;
  Json spec = Spec("bucketed");
  spec["numerics"]["label_smoothing"] = 0.1;
  spec["numerics"]["loss"] = "loss_smoothed";
  Job job = w.tiny.Make("evaluate", spec);
  job.inputs["weights"] = w.Member(kLora2, 1);
  Recorder events;
  const JobResult result = RunEvaluate(job, events).value();
  const double plain = result.summary.at("loss").get<double>(),
               smoothed = result.summary.at("loss_smoothed").get<double>();
  EXPECT_GT(std::abs(plain - smoothed), 1e-4);
  const EvalResult end = ReadEval(ArtifactPath(result, "eval")).value();
  const auto study = Study::For(job, "select", true).value();
  const EvalResult point =
      study->Evaluate(study->LoadMember(job.inputs["weights"]).value()).value();
  EXPECT_TRUE(at::equal(end.loss, point.loss)) << "ends and points of a path";
  EXPECT_EQ(Score(end).loss, smoothed);
  job.spec["numerics"].erase("label_smoothing");
  const Status refused = RunEvaluate(job, events).status();
  EXPECT_EQ(ErrorClassOf(refused), "config");
  EXPECT_THAT(Message(refused), HasSubstr("with label_smoothing, loss_smoothed"));
}

TEST(EvaluateTest, WritesItsResultAndItsScores) {
  const StudyWorld w;
  Job job = w.job;
  job.inputs["weights"] = w.Member(kLora2, 1);
  Recorder events;
  const auto result = RunEvaluate(job, events);
  ASSERT_TRUE(result.ok()) << result.status();
  const EvalResult read = ReadEval(ArtifactPath(*result, "eval")).value();
  EXPECT_EQ(result->summary.at("loss").get<double>(), Score(read).loss);
  EXPECT_EQ(result->summary.at("n"), 24);
  EXPECT_EQ(result->summary.at("split"), "select");
  EXPECT_EQ(result->summary.at("item_hash"), w.study->item_hash());
  EXPECT_THAT(Message(ReadEval(job.inputs["weights"]).status()), HasSubstr("not an eval artifact"));
}

TEST(EvaluateTest, ASplitThatThereIsNotIsNamed) {
  const StudyWorld w;
  Job job = w.job;
  job.inputs["weights"] = w.Member(kLora2, 1);
  job.spec["split"] = "selekt";
  Recorder events;
  const Status refused = RunEvaluate(job, events).status();
  EXPECT_EQ(ErrorClassOf(refused), "config");
  EXPECT_THAT(Message(refused), HasSubstr("there is no split \"selekt\""));
}

TEST(EvaluateTest, DivergedWeightsAreNonfiniteAndNameAnItem) {
  const StudyWorld w;
  Weights member = w.Load(kLora2, 1);
  member["classifier.bias"] = at::full({2}, NAN);
  const Status status = w.study->Evaluate(member).status();
  EXPECT_EQ(ErrorClassOf(status), "nonfinite");
  EXPECT_THAT(Message(status), HasSubstr("item"));
}

TEST(EvaluateTest, MissingInputsAreConfigErrors) {
  const StudyWorld w;
  Recorder events;
  EXPECT_THAT(Message(RunEvaluate(w.job, events).status()), HasSubstr("\"weights\""));
  Job job = w.job;
  job.inputs["weights"] = w.Member(kLora2, 1);
  job.spec["split"] = "nowhere";
  EXPECT_EQ(ErrorClassOf(RunEvaluate(job, events).status()), "config");
}

}  // namespace
}  // namespace eida::engine
