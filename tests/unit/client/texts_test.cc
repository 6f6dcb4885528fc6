// `eidactl texts` and `eidactl plot observation`.
#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using ::testing::HasSubstr;

class TextsTest : public testing::Test {
 protected:
  Outcome Run(const std::vector<std::string>& arguments) { return Program(api_).Run(arguments); }
  FakeApi api_ = DemoApi();
};

TEST_F(TextsTest, ASourceWhatWasWrittenAndWhatWouldHaveBeenRight) {
  EXPECT_EQ(Run({"texts", "full/seed0"}).out,
            "[7] name[Aromi]\n  text       Aromi is a pub.\n  reference  Aromi is a pub .\n"
            "  reference  There is a pub, Aromi.\n");
  const Json line = *ParseJson(Run({"texts", "s2/full/seed0", "-o", "jsonl"}).out, "line");
  EXPECT_EQ(line["references"].size(), 2u);
}

TEST_F(TextsTest, OfTheSplitThatIsAskedFor) {
  const auto job = std::find_if(api_.jobs.begin(), api_.jobs.end(), [](const v1::Job& j) {
    return j.kind() == v1::JOB_KIND_GENERATE && j.sweep() == 2;
  });
  ASSERT_NE(job, api_.jobs.end());
  const std::string run = "full/seed0", prefix = "generate/" + run + "/";
  ASSERT_EQ(job->name(), prefix + "report");
  v1::Job other = *job;
  other.set_id(900);
  other.set_name(prefix + "select");
  other.mutable_artifacts(0)->set_digest(api_.Keep(R"({"item": 1, "text": "else"})"));
  api_.jobs.insert(api_.jobs.begin(), other);
  EXPECT_THAT(Run({"texts", run}).out, HasSubstr("Aromi"));
  EXPECT_THAT(Run({"texts", run, "--split", "select"}).out, HasSubstr("else"));
  const Outcome wrong = Run({"texts", run, "--split", "selct"});
  EXPECT_EQ(wrong.code, kNotFound);
  EXPECT_THAT(wrong.err, HasSubstr("no texts of split \"selct\""));
  EXPECT_THAT(wrong.err, HasSubstr("did you mean \"select\"?"));
}

TEST_F(TextsTest, ARunWithoutTextsIsNamed) {
  const Outcome outcome = Run({"texts", "full/sed0"});
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"full/seed0\"?"));
  EXPECT_THAT(Run({"texts", "s1/full/seed0"}).err, HasSubstr("no eval.generate"));
}

TEST_F(TextsTest, AnObservationByLayerAndBySequences) {
  const auto plot = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"plot", "observation", "--format", "json"});
    return *ParseJson(Run(options).out, "plot");
  };
  const Json by_layer = plot({"--role", "fc2", "--sequences", "8"});
  EXPECT_EQ(by_layer["title"], "Inputs of fc2");
  ASSERT_EQ(by_layer["series"].size(), 2u);
  EXPECT_EQ(by_layer["series"][0]["label"], "64 dims");
  EXPECT_EQ(by_layer["series"][0]["x"], (Json{0.0, 1.0}));
  EXPECT_NEAR(by_layer["series"][0]["y"][1].get<double>(), 0.81, 1e-9);
  EXPECT_NEAR(by_layer["series"][1]["high"][0].get<double>(), 0.51 + 0.0141421356, 1e-6);
  const Json by_sequences = plot({"--side", "update"});
  EXPECT_EQ(by_sequences["series"][1]["x"], (Json{8.0, 16.0}));
  EXPECT_NEAR(by_sequences["series"][1]["y"][0].get<double>(), 0.56, 1e-9);
}

TEST_F(TextsTest, WhatWasNotObservedIsNamed) {
  EXPECT_THAT(Run({"plot", "observation", "--role", "query"}).err, HasSubstr("there are: fc2"));
  EXPECT_THAT(Run({"plot", "observation", "--role", "fc2", "--sequences", "9"}).err,
              HasSubstr("[8,16]"));
  EXPECT_THAT(Run({"plot", "observation", "--observation", "bas"}).err, HasSubstr("it has: base"));
  EXPECT_THAT(Run({"plot", "observation", "s1"}).err, HasSubstr("no finished observation"));
}

}  // namespace
}  // namespace eida::client
