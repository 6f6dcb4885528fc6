// What holds of every way to make a soup: a new line of soups.def is tested by these.
#include <cmath>

#include "common/catalog/catalog.h"
#include "gmock/gmock.h"
#include "soup_world.h"
#include "worker/analysis/soups/search.h"

namespace eida::analysis {
namespace {

using ::testing::HasSubstr;

class SoupContract : public testing::TestWithParam<std::string> {
 protected:
  const catalog::SoupMethod& method() const {
    return *catalog::Find(catalog::SoupMethods(), GetParam());
  }
  const std::string& id() const { return GetParam(); }
  bool searches() const { return method().path_steps > 0; }
  // Everything that a job leaves.
  static std::string Left(const engine::Job& job) {
    return ReadBytes(job.out + "/soup.json") + ReadBytes(job.out + "/model.safetensors");
  }
};
class SearchContract : public SoupContract {};

std::vector<std::string> Searching() {
  std::vector<std::string> ids;
  for (const catalog::SoupMethod& method : catalog::SoupMethods()) {
    if (method.path_steps > 0) ids.push_back(method.id);
  }
  return ids;
}
std::string NameOf(const testing::TestParamInfo<std::string>& info) { return info.param; }
INSTANTIATE_TEST_SUITE_P(Soups, SoupContract,
                         testing::ValuesIn(catalog::Ids(catalog::SoupMethods())), NameOf);
INSTANTIATE_TEST_SUITE_P(Soups, SearchContract, testing::ValuesIn(Searching()), NameOf);

double ValueOf(const Json& scores, const std::string& metric) { return scores[metric]; }

TEST_P(SoupContract, OfOneMemberIsThatMember) {
  SoupWorld world(1);
  const engine::Job job = world.Make(id());
  const engine::JobResult result = world.Done(job);
  const engine::Weights member = *world.select.LoadMember(world.names[0]),
                        soup = *engine::ReadSafetensors(job.out + "/model.safetensors");
  ASSERT_EQ(soup.size(), member.size());
  for (const auto& [name, tensor] : member)
    EXPECT_TRUE(torch::allclose(soup.at(name), tensor, 1e-5, 1e-6)) << name;
  const Json told = world.Soup(job);
  EXPECT_EQ(told["coefficients"], (Json{{world.names[0], 1.0}}));
  EXPECT_NEAR(told["table"][0]["report"]["loss"], told["table"].back()["report"]["loss"], 1e-5);
}

TEST_P(SoupContract, RepeatsByteForByteAndItsCoefficientsSumToOne) {
  SoupWorld world(6);
  const engine::Job one = world.Make(id()), other = world.Make(id());
  world.Done(one);
  world.Done(other);
  EXPECT_EQ(Left(one), Left(other));
  double sum = 0;
  const Json told = world.Soup(one);
  for (const auto& [member, weight] : told["coefficients"].items()) sum += weight.get<double>();
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST_P(SoupContract, ItsRowIsTheModelThatIsWrittenAndEveryPassIsCounted) {
  SoupWorld world(8);
  const engine::Job job = world.Make(id());
  const engine::JobResult result = world.Done(job);
  EXPECT_EQ(result.summary["evaluations"]["done"],
            world.select.evaluations + world.report.evaluations);
  EXPECT_GE(result.summary["evaluations"]["naive"], result.summary["evaluations"]["done"]);
  const Json row = world.Soup(job)["table"][0];
  EXPECT_EQ(row["model"], method().heading);
  const engine::Weights soup = *engine::ReadSafetensors(job.out + "/model.safetensors");
  EXPECT_EQ(row["select"], engine::ToJson(engine::Score(*world.select.Evaluate(soup))));
  EXPECT_EQ(row["report"], engine::ToJson(engine::Score(*world.report.Evaluate(soup))));
}

// Random pools and every metric: on the split that it is chosen on.
TEST_P(SearchContract, IsNeverWorseThanItsBestMember) {
  int mixed = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    SoupWorld world(1 + static_cast<int>(seed % 7), seed);
    const std::string metric = std::vector<std::string>{"loss", "accuracy", "f1"}[seed % 3];
    const engine::Job job = world.Make(id(), {{"metric", metric}});
    mixed += world.Done(job).summary["accepted"].get<int>() > 0;
    const Json table = world.Soup(job)["table"];
    const double soup = ValueOf(table[0]["select"], metric),
                 single = ValueOf(table.back()["select"], metric);
    ASSERT_EQ(table.back()["model"], "best single");
    if (metric == "loss")
      EXPECT_LE(soup, single) << seed;
    else
      EXPECT_GE(soup, single) << metric << " " << seed;
  }
  EXPECT_GT(mixed, 3) << "the pools should make soups of several members";
}

// However often it is asked to stop, each attempt goes on where the one before was.
TEST_P(SoupContract, StoppedAtEveryStepItEndsWithTheSameBytes) {
  SoupWorld world(5);
  const engine::Job undisturbed = world.Make(id());
  const int steps = world.Done(undisturbed).summary["evaluations"]["done"];
  for (int step = 0; step <= steps + 5; ++step) {
    engine::Job job = world.Make(id());
    QuietEvents stops;
    stops.stop_after = step;
    const auto stopped = world.Run(job, stops);
    if (stopped.ok()) {
      EXPECT_GE(step, steps - 3);
      continue;
    }
    ASSERT_EQ(engine::ErrorClassOf(stopped.status()), "preempted");
    const int before = world.select.evaluations + world.report.evaluations;
    engine::Job again = world.Make(id());
    if (!stops.checkpoints.empty()) again.resume = stops.checkpoints.back();
    const engine::JobResult result = world.Done(again);
    EXPECT_EQ(Left(again), Left(undisturbed)) << "stopped at " << step;
    EXPECT_EQ(result.summary["evaluations"]["done"], steps);
    // Rows of the table are made anew, candidates are not.
    if (searches()) {
      EXPECT_LE(before + world.select.evaluations + world.report.evaluations, steps + 3);
    }
  }
}

TEST_P(SearchContract, MovesOnByOneStepInEachAttempt) {
  SoupWorld world(4);
  const engine::Job undisturbed = world.Make(id());
  world.Done(undisturbed);
  std::optional<std::string> checkpoint;
  for (int attempt = 0; attempt < 40; ++attempt) {
    engine::Job job = world.Make(id());
    job.resume = checkpoint;
    QuietEvents events;
    events.stop_after = 1;
    auto result = world.Run(job, events);
    EXPECT_LE(world.select.evaluations, 2);
    if (!events.checkpoints.empty()) checkpoint = events.checkpoints.back();
    if (checkpoint && attempt > 20) {
      const engine::JobResult result = world.Done(job);
      EXPECT_EQ(Left(job), Left(undisturbed));
      EXPECT_EQ(result.summary["resumed_from_step"], result.summary["candidates"]);
      EXPECT_LE(world.select.evaluations, 2) << "only the rows of the table are made";
      return;
    }
    ASSERT_FALSE(result.ok());
  }
  FAIL() << "no checkpoint was written";
}

TEST_P(SearchContract, MeasuredPathsSparePassesAndChangeNothing) {
  for (const char* metric : {"loss", "accuracy", "f1"}) {
    for (const bool turned : {false, true}) {
      for (uint64_t seed = 0; seed < 2; ++seed) {
        SoupWorld world(5, seed);
        const Json options = {{"metric", metric}};
        const engine::Job plain = world.Make(id(), options);
        const engine::JobResult alone = world.Done(plain);
        world.MeasurePaths(turned);
        const engine::Job job = world.Make(id(), options);
        const engine::JobResult result = world.Done(job);
        EXPECT_EQ(Left(job), Left(plain)) << metric << " " << seed;
        const Json with = result.summary["evaluations"], without = alone.summary["evaluations"];
        EXPECT_EQ(without["from_paths"], 0);
        EXPECT_EQ(with["naive"], without["naive"]);
        const int spared = with["from_paths"];
        if (std::string(metric) != "f1")
          EXPECT_GT(spared, 0);
        else
          EXPECT_EQ(spared, 0);
        EXPECT_EQ(with["done"], world.select.evaluations + world.report.evaluations);
        // Of a soup that a path scored its F1 is measured.
        EXPECT_LE(with["done"].get<int>() + spared, without["done"].get<int>() + 1);
      }
    }
  }
}

TEST_P(SearchContract, WhatAMissingPathWouldHaveToldIsMeasured) {
  SoupWorld world(5, 1);
  const engine::Job plain = world.Make(id());
  world.Done(plain);
  world.MeasurePaths();
  const auto spared = [&](const engine::Job& job) {
    const engine::JobResult result = world.Done(job);
    EXPECT_EQ(Left(job), Left(plain));
    return result.summary["evaluations"]["from_paths"].get<int>();
  };
  const int most = spared(world.Make(id()));
  int least = most;
  for (const auto& [role, file] : world.inputs) {
    if (role.rfind("path/", 0) != 0) continue;
    engine::Job job = world.Make(id());
    job.inputs.erase(role);
    least = std::min(least, spared(job));
  }
  EXPECT_LT(least, most);
}

TEST_P(SoupContract, RefusesMembersOfOtherItems) {
  SoupWorld world(3);
  engine::Job job = world.Make(id());
  job.inputs["select/1"] = world.EvalOf(1, "report");
  const std::string message = world.Refused(job, "data");
  EXPECT_THAT(message,
              HasSubstr("soup/" + id() + ": lora/seed1 (select/1) has results of 20 items"));
}

TEST_P(SoupContract, RefusesPathsOfOtherItems) {
  SoupWorld world(3);
  world.MeasurePaths();
  engine::Job job = world.Make(id());
  std::string text = ReadBytes(job.inputs.at("path/0/2"));
  text.replace(text.find("0123456789abcdef"), 16, "fedcba9876543210");
  const std::string path = world.dir.path() + "/other";
  ASSERT_TRUE(WriteFileAtomic(path, text).ok());
  job.inputs["path/0/2"] = path;
  EXPECT_THAT(world.Refused(job, "data"),
              HasSubstr("input path/0/2 was measured on 30 other items"));
  job.inputs.erase("path/0/2");
  job.inputs["path/0/x"] = path;
  EXPECT_THAT(world.Refused(job, "config"), HasSubstr("path/<member>/<member>"));
}

TEST_P(SoupContract, RefusesMetricsThatItsMembersDoNotGive) {
  SoupWorld world(2);
  EXPECT_THAT(
      world.Refused(world.Make(id(), {{"metric", "bleu"}}), "config"),
      HasSubstr(
          "metric is \"bleu\", this version has: accuracy, f1, loss, loss_smoothed, matthews"));
  if (searches()) {
    EXPECT_THAT(world.Refused(world.Make(id(), {{"min_gain", -0.5}}), "config"),
                HasSubstr("min_gain is -0.5, it must not be negative"));
  }
  SoupWorld texts(0);
  texts.select.classifies = texts.report.classifies = false;
  texts.AddFullModel("none/seed0");
  EXPECT_THAT(texts.Refused(texts.Make(id(), {{"metric", "accuracy"}}), "config"),
              HasSubstr("the results of none/seed0 have only: loss"));
  EXPECT_THAT(texts.Refused(texts.Make(id(), {{"order_by", "f1"}}), "config"),
              HasSubstr("order_by is \"f1\""));
}

TEST_P(SoupContract, RefusesAnEmptyPoolAndNamesMembersWithoutFactors) {
  SoupWorld nobody(0);
  EXPECT_THAT(nobody.Refused(nobody.Make(id()), "config"), HasSubstr("at least one member"));
  SoupWorld world(2);
  world.AddFullModel("none/seed0");
  if (method().by_factors)
    EXPECT_THAT(world.Refused(world.Make(id()), "config"),
                HasSubstr("member none/seed0: no low-rank factors"));
  else
    world.Done(world.Make(id()));
}

TEST_P(SoupContract, RefusesCheckpointsOfAnotherSoup) {
  SoupWorld world(4);
  engine::Job job = world.Make(id());
  job.resume = world.EvalOf(0, "select");
  EXPECT_THAT(world.Refused(job, "config"), HasSubstr("is not a checkpoint of a soup's search"));
  if (!searches()) return;
  QuietEvents events;
  events.stop_after = 2;
  ASSERT_FALSE(world.Run(world.Make(id()), events).ok());
  engine::Job other = world.Make(id(), {{"min_gain", 0.5}});
  other.resume = events.checkpoints.back();
  EXPECT_THAT(world.Refused(other, "config"), HasSubstr("is a checkpoint of another soup"));
}

TEST(SoupTest, ATypeThatDoesNotExistIsRefusedWithTheKnownOnes) {
  SoupWorld world(2);
  EXPECT_THAT(world.Refused(world.Make("bouillon"), "config"),
              HasSubstr("type is \"bouillon\", this version has: greedy, peft_cat"));
}

TEST(SoupTest, ANonfiniteMemberAndCandidateAreNamed) {
  SoupWorld world(2);
  world.select.scale = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(world.Refused(world.Make("greedy"), "nonfinite"),
              HasSubstr("the soup with member lora/seed"));
  world.AddFullModel("none/seed0");
  EXPECT_THAT(world.Refused(world.Make("greedy"), "nonfinite"),
              HasSubstr("none/seed0 has a loss that is not finite"));
}

}  // namespace
}  // namespace eida::analysis
