// eidactl report: from a coordinator's rows to a directory.
#include <algorithm>

#include "client/report_study.h"
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
  EXPECT_THAT(page, HasSubstr("80.0 ± 0.0"));                 // accuracy of full
  EXPECT_THAT(page, testing::Not(HasSubstr("item_passes")));  // a count is no score
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
  EXPECT_THAT(outcome.err, HasSubstr("has no finished run or observation yet"));
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

v1::Job& AddJob(FakeApi& api, int64_t id, v1::JobKind kind, const std::string& name,
                const Json& summary, const std::string& artifact, const std::string& content) {
  v1::Job job;
  job.set_id(id);
  job.set_sweep(2);
  job.set_kind(kind);
  job.set_name(name);
  job.set_state(v1::JOB_STATE_SUCCEEDED);
  job.set_summary(summary.dump());
  v1::Artifact* made = job.add_artifacts();
  made->set_name(artifact);
  made->set_digest(api.Keep(content));
  api.jobs.push_back(job);
  return api.jobs.back();
}

class GatherTest : public testing::Test {
 protected:
  Result<report::Study> Gather() {
    const Result<SweepData> data = LoadSweep(api_, "s2", true);
    if (!data.ok()) return data.status();
    return GatherStudy(api_, *data, WallTime{5});
  }
  FakeApi api_ = DemoApi();
};

TEST_F(GatherTest, RunsWithTheirScoresAdaptersAndWhyTheyFailed) {
  api_.runs[2].set_settings(
      R"({"adapter": {"type": "lora", "r": 8, "targets": ["query"]}, "train": {"lr": 0.5}})");
  const Result<report::Study> study = Gather();
  ASSERT_TRUE(study.ok()) << study.status();
  ASSERT_EQ(study->models.size(), 4u);
  EXPECT_EQ(study->models[0].adapter, "none");
  EXPECT_EQ(study->models[0].scores.at("report").at("f1"), 0.75);
  EXPECT_EQ(study->models[2].adapter, "lora");
  EXPECT_EQ(study->models[2].rank, 8);
  EXPECT_FALSE(study->models[3].trained());
  EXPECT_EQ(study->models[3].problem, "loss is not finite");
  EXPECT_EQ(study->architecture, "bert");
  EXPECT_EQ(study->settings[1].second.at("train.lr"), "0.5");
  EXPECT_EQ(study->settings[1].second.at("adapter.targets"), "query");
  ASSERT_EQ(study->problems.size(), 1u);
  EXPECT_EQ(study->problems[0].job, "train/lora-r8/seed1");
  EXPECT_EQ(study->provenance.digests[0],
            std::make_pair(std::string("model models/tiny"), std::string("abc")));
  EXPECT_EQ(study->provenance.read_ms, 5);
}

TEST_F(GatherTest, MatricesByRunWithTheirOtherEstimates) {
  AddJob(api_, 51, v1::JOB_KIND_MATRIX, "matrix/more", {{"metric", "cka"}}, "matrix",
         R"({"labels": ["lora-r8/seed0", "full/seed1"], "variants": ["lora-r8", "full"],
             "seeds": [0, 1], "values": [[1, 0.5], [0.5, 1]], "extra": {"biased": [[1, 0.6], [0.6, 1]]},
             "detail": {"split": "report", "n": 7, "layer": "last", "estimator": "unbiased"}})")
      .set_spec(R"({"metric": "cka"})");
  const Result<report::Study> study = Gather();
  ASSERT_TRUE(study.ok()) << study.status();
  ASSERT_EQ(study->pairs.size(), 3u);
  const report::Pairs& more = study->pairs[2];
  EXPECT_EQ(more.members, (std::vector<size_t>{2, 1}));
  EXPECT_EQ(more.values[0][1], 0.5);
  EXPECT_EQ(more.biased[0][1], 0.6);
  EXPECT_EQ(more.items, 7);
  EXPECT_EQ(more.estimator, "unbiased");
}

TEST_F(GatherTest, ASweepThatOnlyObservesIsAReportOnceThatIsDone) {
  api_.runs.clear();
  api_.jobs.clear();
  const Result<report::Study> none = Gather();
  EXPECT_FALSE(none.ok());
  AddJob(api_, 54, v1::JOB_KIND_OBSERVE, "observe/tokens", Json::object(), "observation",
         R"({"split": "train", "sequences": [4], "dims": [2], "repeats": 1, "held_out": 9,
             "sites": []})");
  const Result<report::Study> study = Gather();
  ASSERT_TRUE(study.ok()) << study.status();
  EXPECT_TRUE(study->models.empty());
  EXPECT_EQ(study->provenance.options, " --preset smoke");
}

TEST_F(GatherTest, TheFirstRowsOfTheDataWhereTheStoreHasThem) {
  EXPECT_TRUE(Gather()->rows.empty()) << "digests of nothing";
  const std::string rows = "text\tlabel\na\t1\nb\t0\nc\t1\nd\t1\ne\t0\nf\t0\n";
  v1::Sweep& sweep = *std::find_if(api_.sweeps.begin(), api_.sweeps.end(),
                                   [](const v1::Sweep& s) { return s.id() == 2; });
  Json resolved = *ParseJson(sweep.resolved(), "resolved");
  Json& data = resolved["inputs"]["data"];
  data["columns"] = {{"text", "text"}, {"label", "label"}};
  data["splits"] = {{{"name", "train"}, {"digest", api_.Keep(rows)}},
                    {{"name", "select"}, {"from", "train"}}};
  sweep.set_resolved(resolved.dump());
  const Result<report::Study> study = Gather();
  ASSERT_TRUE(study.ok()) << study.status();
  EXPECT_EQ(study->rows_split, "train");
  ASSERT_EQ(study->rows.size(), 5u);
  EXPECT_EQ(study->rows[1].text, "b");
  EXPECT_EQ(study->rows[1].label, "0");
}

TEST_F(GatherTest, SoupsWithTheirSearch) {
  const Result<report::Study> study = Gather();
  ASSERT_TRUE(study.ok()) << study.status();
  ASSERT_EQ(study->soups.size(), 2u);
  EXPECT_EQ(study->soups[0].accepted, 1);
  EXPECT_TRUE(study->soups[0].search.has_value());
  EXPECT_EQ(study->soups[0].models[1].model, "best single");
  EXPECT_EQ(study->soups[0].models[1].report.at("accuracy"), 0.9);
  EXPECT_FALSE(study->soups[1].search.has_value());
}

TEST_F(GatherTest, ObservationsByDimAndTextsOfTheFirstRun) {
  AddJob(api_, 52, v1::JOB_KIND_OBSERVE, "observe/tokens", Json::object(), "observation",
         R"({"split": "train", "sequences": [4], "dims": [2, 3], "repeats": 2, "held_out": 9,
             "sites": [{"name": "bert.encoder.layer.3.output.dense", "role": "fc2", "side": "input",
                        "sizes": [{"tokens": 8, "cosine": [[0.1, 0.2], [0.3, 0.4]]}]}]})");
  AddJob(api_, 53, v1::JOB_KIND_GENERATE, "generate/lora-r8/seed0/report",
         {{"bleu", 12.5}, {"n", 9}, {"scores", {{"bleu", {{"signature", "tok:none"}}}}}}, "texts",
         R"({"item": 0, "source": "in", "text": "out", "references": ["right", "too"]})"
         "\n")
      .set_run(103);
  const Result<report::Study> study = Gather();
  ASSERT_TRUE(study.ok()) << study.status();
  ASSERT_FALSE(study->observations.empty());
  EXPECT_EQ(study->observations.back().name, "tokens");
  const report::ObservedSite& site = study->observations.back().sites[0];
  EXPECT_EQ(site.layer, 3);
  EXPECT_EQ(site.cosine[0][1], (std::vector<double>{0.2, 0.4}));  // of 3 dims, by repeat
  ASSERT_FALSE(study->examples.empty());
  EXPECT_EQ(study->examples.back().run, "lora-r8/seed0");
  EXPECT_EQ(study->examples.back().reference, "right");
  EXPECT_EQ(study->provenance.signatures.at("bleu"), "tok:none");
  EXPECT_EQ(study->models[2].scores.at("report").at("bleu"), 12.5);
  EXPECT_EQ(study->models[2].scores.at("report").count("n"), 0u);
  EXPECT_EQ(study->models[2].texts.at("report"), 9);
}

}  // namespace
}  // namespace eida::client
