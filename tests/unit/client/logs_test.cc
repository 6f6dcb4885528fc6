#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;

class LogsTest : public testing::Test {
 protected:
  Outcome Logs(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "logs");
    return Program(api_).Run(arguments);
  }
  FakeApi api_ = DemoApi();
};

TEST_F(LogsTest, ARunAJobNameAndAJobIdAreTheSameLog) {
  const std::string all = "line 1 of j11\nline 2 of j11\nline 3 of j11\n";
  for (const char* name : {"full/seed0", "s2/full/seed0", "train/full/seed0", "j11", "s2/j11"})
    EXPECT_EQ(Logs({name}).out, all) << name;
}

TEST_F(LogsTest, TailAndAttemptChooseLines) {
  EXPECT_EQ(Logs({"j11", "--tail", "1"}).out, "line 3 of j11\n");
  EXPECT_EQ(Logs({"j11", "--tail", "9"}).out, Logs({"j11"}).out);
  EXPECT_EQ(Logs({"j11", "--attempt", "2"}).out, "line 3 of j11\n");
  EXPECT_EQ(Logs({"j11", "--tail", "-1"}).code, kUsage);
}

TEST_F(LogsTest, LinesOfSeveralRunsSayWhoseTheyAre) {
  const Outcome outcome = Logs({"variant=full", "--tail", "1"});
  EXPECT_EQ(outcome.out, "[train/full/seed0] line 3 of j11\n[train/full/seed1] line 3 of j12\n");
}

TEST_F(LogsTest, JsonIsADocumentJsonlALineEach) {
  EXPECT_EQ(Logs({"j11", "-o", "json"}).json().at("items").size(), 3u);
  EXPECT_EQ(Logs({"j11", "-o", "jsonl"}).lines()[0].at("text"), "line 1 of j11");
  EXPECT_EQ(Logs({"j11", "-o", "csv"}).csv()[1][3], "line 1 of j11");
}

TEST_F(LogsTest, FollowingEndsWithTheJob) {
  EXPECT_EQ(Logs({"j11", "-f"}).out, Logs({"j11"}).out);
  EXPECT_EQ(Logs({"j11", "-f", "-o", "json"}).lines().size(), 3u) << "a stream, an object a line";
}

TEST_F(LogsTest, AWholeSweepHasNoLog) {
  const Outcome outcome = Logs({"s2"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("s2/state=failed"));
}

}  // namespace
}  // namespace eida::client
