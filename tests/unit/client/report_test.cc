// eidactl report: from a coordinator's rows to a directory.
#include <algorithm>

#include "common/base/fs.h"
#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;
using testing::Not;

class ReportTest : public testing::Test {
 protected:
  Outcome Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "report");
    return Program(api_).Run(arguments);
  }
  std::string Read(const std::string& name) const {
    const Result<std::string> content = ReadFile(JoinPath(out_, name));
    EXPECT_TRUE(content.ok()) << content.status();
    return content.ok() ? *content : "";
  }
  FakeApi api_ = DemoApi();
  TempDir dir_;
  std::string out_ = JoinPath(dir_.path(), "report");
};

TEST_F(ReportTest, WritesAPageWithTheSweepsNumbers) {
  const Outcome outcome = Run({"s2", "-O", out_});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("report.html"));
  EXPECT_THAT(outcome.err, HasSubstr("1 of 4 runs have no trained model: lora-r8/seed1"));
  const std::string page = Read("report.html");
  EXPECT_THAT(page, HasSubstr("80.0 ± 0.0"));  // accuracy of full
  EXPECT_THAT(page, HasSubstr("loss is not finite"));
  EXPECT_THAT(page, HasSubstr("Linear CKA between runs"));
  EXPECT_THAT(page, HasSubstr("name: demo"));  // the sweep file
  EXPECT_THAT(page, HasSubstr("model models/tiny"));
  EXPECT_THAT(Read("tables/Variants.csv"), HasSubstr("lora-r8"));
  EXPECT_TRUE(FileExists(JoinPath(out_, "figures/A-cka.png")));
  EXPECT_FALSE(FileExists(out_ + ".part"));
}

TEST_F(ReportTest, JsonNamesTheFiles) {
  const Json json = Run({"s2", "--paper", "thesis", "-O", out_, "-o", "json"}).json();
  EXPECT_EQ(json["kind"], "Report");
  EXPECT_EQ(json["paper"], "thesis");
  for (const Json& name : json["files"])
    EXPECT_TRUE(FileExists(JoinPath(out_, name.get<std::string>()))) << name;
  EXPECT_THAT(Read("report.html"), HasSubstr("What the paper says"));
}

TEST_F(ReportTest, ARunningSweepSaysSoAtTheTop) {
  api_.sweeps[1].set_state(v1::SWEEP_STATE_RUNNING);
  EXPECT_EQ(Run({"s2", "-O", out_}).code, kOk);
  EXPECT_THAT(Read("report.html"), HasSubstr("This sweep is still running"));
}

TEST_F(ReportTest, UnknownSweepsAndPapersAreRefusedWithWhatWasMeant) {
  Outcome outcome = Run({"demmo", "-O", out_});
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"demo\"?"));
  outcome = Run({"s2", "--paper", "thesys", "-O", out_});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"thesis\"?"));
  EXPECT_THAT(outcome.err, HasSubstr("thesis, eida"));
  EXPECT_FALSE(FileExists(out_));
}

TEST_F(ReportTest, ASweepWithoutAFinishedRunIsRefused) {
  const Outcome outcome = Run({"s1", "-O", out_});
  EXPECT_EQ(outcome.code, kConflict);
  EXPECT_THAT(outcome.err, HasSubstr("has no finished run yet"));
  EXPECT_FALSE(FileExists(out_));
}

TEST_F(ReportTest, NothingIsOverwrittenWithoutForce) {
  ASSERT_TRUE(WriteFileAtomic(out_, "mine").ok());
  Outcome outcome = Run({"s2", "-O", out_, "--force"});
  EXPECT_EQ(outcome.code, kConflict);
  EXPECT_THAT(outcome.err, HasSubstr("is a file"));
  EXPECT_EQ(*ReadFile(out_), "mine");
  ASSERT_TRUE(RemoveTree(out_).ok());
  ASSERT_TRUE(MakeDirs(out_).ok());
  EXPECT_EQ(Run({"s2", "-O", out_}).code, kOk);  // empty
  ASSERT_TRUE(WriteFileAtomic(JoinPath(out_, "old"), "mine").ok());
  outcome = Run({"s2", "-O", out_});
  EXPECT_EQ(outcome.code, kConflict);
  EXPECT_THAT(outcome.err, HasSubstr("--force"));
  EXPECT_TRUE(FileExists(JoinPath(out_, "old")));
  outcome = Run({"s2", "-O", out_, "--force"});
  EXPECT_EQ(outcome.code, kConflict);
  EXPECT_THAT(outcome.err, HasSubstr("holds old, which is no part of a report"));
  EXPECT_EQ(*ReadFile(JoinPath(out_, "old")), "mine");
}

TEST_F(ReportTest, ForceReplacesAReportWhole) {
  EXPECT_EQ(Run({"s2", "--paper", "thesis", "-O", out_}).code, kOk);
  EXPECT_TRUE(FileExists(JoinPath(out_, "tables/Claims.csv")));
  EXPECT_EQ(Run({"s2", "-O", out_, "--force"}).code, kOk);
  EXPECT_FALSE(FileExists(JoinPath(out_, "tables/Claims.csv")));
  EXPECT_TRUE(FileExists(JoinPath(out_, "report.html")));
}

TEST_F(ReportTest, AnArtifactThatIsGoneLeavesTheOldReportAlone) {
  EXPECT_EQ(Run({"s2", "-O", out_}).code, kOk);
  const std::string before = Read("report.html");
  api_.artifacts.clear();
  EXPECT_NE(Run({"s2", "-O", out_, "--force"}).code, kOk);
  EXPECT_EQ(Read("report.html"), before);
  EXPECT_FALSE(FileExists(out_ + ".part"));
}

TEST_F(ReportTest, ADamagedMatrixIsNamed) {
  for (auto& [digest, content] : api_.artifacts) {
    const size_t at = content.find("\"labels\":[\"full/seed0\"");
    if (at != std::string::npos) content.replace(at + 11, 4, "gone");
  }
  const Outcome outcome = Run({"s2", "-O", out_});
  EXPECT_NE(outcome.code, kOk);
  EXPECT_THAT(outcome.err, HasSubstr("names a run that the sweep has not: gone/seed0"));
  EXPECT_FALSE(FileExists(out_));
}

}  // namespace
}  // namespace eida::client
