#include "worker/runner/job_file.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace eida::runner {
namespace {

const char* const kGood =
    R"({"format": "eida/job/v1", "slot": {"device": "cpu", "threads": 2}, "jobs": [
  {"job": 12, "attempt": 1, "kind": "train", "name": "s1/train/full/seed1", "spec": {"seed": 1},
   "inputs": {"data/train": "/c/a"}, "resume": "/c/ck", "out": "/w/j12"},
  {"job": 13, "attempt": 1, "kind": "evaluate", "name": "e", "spec": {}, "inputs": {}, "missing": {"m": "why"}, "out": "/w/j13"}]})";

TEST(JobFileTest, ReadsEverythingThatTheAgentWrites) {
  const auto file = ParseJobFile(kGood, "job.json", "");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->threads, 2);
  ASSERT_EQ(file->jobs.size(), 2u);
  const NumberedJob& train = file->jobs[0];
  EXPECT_EQ(train.number, 12);
  EXPECT_EQ(train.job.kind, "train");
  EXPECT_EQ(train.job.name, "s1/train/full/seed1");
  EXPECT_EQ(train.job.spec["seed"], 1);
  EXPECT_EQ(train.job.inputs.at("data/train"), "/c/a");
  EXPECT_TRUE(train.job.missing.empty());
  EXPECT_EQ(file->jobs[1].job.missing.at("m"), "why");
  EXPECT_EQ(train.job.resume, "/c/ck");
  EXPECT_EQ(train.job.out, "/w/j12");
  EXPECT_EQ(train.job.device, "cpu");
  EXPECT_FALSE(file->jobs[1].job.resume.has_value());
}

TEST(JobFileTest, OutOverridesWithADirectoryAJobForSeveral) {
  const auto several = ParseJobFile(kGood, "job.json", "/tmp/o");
  ASSERT_TRUE(several.ok());
  EXPECT_EQ(several->jobs[0].job.out, "/tmp/o/12");
  EXPECT_EQ(several->jobs[1].job.out, "/tmp/o/13");
  const auto one =
      ParseJobFile(R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "soup", "spec": {}}]})",
                   "j", "/tmp/o");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->jobs[0].job.out, "/tmp/o");
  EXPECT_EQ(one->jobs[0].job.name, "soup-1") << "a run by hand need not name its jobs";
  EXPECT_EQ(one->threads, 1);
}

TEST(JobFileTest, AGangSaysWhichRankThisIs) {
  const auto file = ParseJobFile(
      R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "train", "spec": {}, "out": "/o"}],
          "gang": {"rank": 1, "ranks": 3, "store": "/tmp/ranks"}})",
      "j", "");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->gang.has_value());
  EXPECT_EQ(file->gang->rank, 1);
  EXPECT_EQ(file->gang->size, 3);
  EXPECT_EQ(file->gang->store, "/tmp/ranks");
  EXPECT_FALSE(ParseJobFile(kGood, "job.json", "")->gang.has_value());
}

TEST(JobFileTest, TokenIdsAreKeptWhereTheFileSays) {
  const auto with = [](const std::string& tokens) {
    return ParseJobFile(
        R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "train", "spec": {}, "out": "/o"}],
                            "tokens": )" +
            tokens + "}",
        "f", "");
  };
  const auto file = with(R"({"dir": "/c/tokens", "limit": 700})");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->jobs[0].job.tokens.dir, "/c/tokens");
  EXPECT_EQ(file->jobs[0].job.tokens.limit, 700);
  EXPECT_EQ(with(R"({"dir": "/c"})")->jobs[0].job.tokens.limit, 0);
  EXPECT_EQ(ParseJobFile(kGood, "f", "")->jobs[0].job.tokens.dir, "") << "nowhere, as ever";
  EXPECT_EQ(Message(with("3").status()), "f.tokens: must be an object");
  EXPECT_EQ(Message(with("{}").status()), "f.tokens.dir: is missing");
  EXPECT_EQ(Message(with(R"({"dir": "/c", "limit": -1})").status()),
            "f.tokens.limit: must be a whole number of at least 0, not -1");
}

TEST(JobFileTest, AGangThatCannotBeIsRefused) {
  const auto refused = [](const std::string& gang, const std::string& kind = "train") {
    return Message(ParseJobFile(R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": ")" +
                                    kind + R"(", "spec": {}, "out": "/o"}], "gang": )" + gang + "}",
                                "f", "")
                       .status());
  };
  EXPECT_EQ(refused("3"), "f.gang: must be an object");
  EXPECT_EQ(refused(R"({"rank": 0, "ranks": 1, "store": "s"})"),
            "f.gang.ranks: must be a whole number of at least 2, not 1");
  EXPECT_EQ(refused(R"({"rank": 2, "ranks": 2, "store": "s"})"),
            "f.gang.rank: must be below ranks, 2");
  EXPECT_EQ(refused(R"({"rank": 0, "ranks": 2})"), "f.gang.store: is missing");
  EXPECT_EQ(refused(R"({"rank": 0, "ranks": 2, "store": "s"})", "soup"),
            "f.gang: a gang does one job, of kind train");
}

struct Bad {
  const char* text;
  const char* message;  // what the error must say, word for word
};

TEST(JobFileTest, EveryBadFileIsRefusedByFieldAndReason) {
  const std::vector<Bad> cases = {
      {R"([1])", R"(f: must be an object like {"format": "eida/job/v1", "jobs": [..]})"},
      {R"({"jobs": []})", "f.format: is missing"},
      {R"({"format": "eida/job/v2", "jobs": []})",
       R"(f.format: "eida/job/v2"; this runner reads eida/job/v1)"},
      {R"({"format": "eida/job/v1"})", "f.jobs: must be a list with at least one job"},
      {R"({"format": "eida/job/v1", "jobs": []})", "f.jobs: must be a list with at least one job"},
      {R"({"format": "eida/job/v1", "slot": {"threads": 0}, "jobs": [{}]})",
       "f.slot.threads: must be a whole number of at least 1, not 0"},
      {R"({"format": "eida/job/v1", "slot": {"threads": 1.5}, "jobs": [{}]})",
       "f.slot.threads: must be a whole number of at least 1, not 1.5"},
      {R"({"format": "eida/job/v1", "slot": 3, "jobs": [{}]})", "f.slot: must be an object"},
      {R"({"format": "eida/job/v1", "jobs": [7]})", "f.jobs[0]: must be an object"},
      {R"({"format": "eida/job/v1", "jobs": [{"kind": "train"}]})", "f.jobs[0].job: is missing"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": "1", "kind": "train"}]})",
       R"(f.jobs[0].job: must be a whole number of at least 1, not "1")"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1}]})", "f.jobs[0].kind: is missing"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "trian", "spec": {}}]})",
       R"(f.jobs[0].kind: "trian" is none of train, evaluate, gram, path, matrix, soup, export, generate, observe, )"
       R"(new_model; did you mean "train"?)"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "train", "out": "o"}]})",
       "f.jobs[0].spec: must be an object"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "train", "spec": [], "out": "o"}]})",
       "f.jobs[0].spec: must be an object"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "train", "spec": {}, "inputs": []}]})",
       "f.jobs[0].inputs: must be an object of role: file name"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "train", "spec": {}, "inputs": {"a": 1}}]})",
       R"(f.jobs[0].inputs["a"]: must be a file name, not 1)"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "matrix", "spec": {}, "missing": []}]})",
       "f.jobs[0].missing: must be an object of role: reason"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "matrix", "spec": {}, "missing": {"a": 1}}]})",
       R"(f.jobs[0].missing["a"]: must be a reason, not 1)"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "train", "spec": {}, "resume": 1, "out": "o"}]})",
       "f.jobs[0].resume: must be a text, not 1"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "train", "spec": {}}]})",
       "f: job 1 has no \"out\" directory; give --out DIR"},
      {R"({"format": "eida/job/v1", "jobs": [{"job": 1, "kind": "train", "spec": {}, "out": "a"},
          {"job": 1, "kind": "train", "spec": {}, "out": "b"}]})",
       "f.jobs[1].job: 1 is there twice"},
  };
  for (const Bad& bad : cases) {
    const auto file = ParseJobFile(bad.text, "f", "");
    ASSERT_FALSE(file.ok()) << bad.text;
    EXPECT_EQ(Message(file.status()), bad.message) << bad.text;
  }
  const auto broken = ParseJobFile("{\"format\": ", "f", "");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(Message(broken.status()).rfind("f", 0), 0u) << broken.status();
}

}  // namespace
}  // namespace eida::runner
