// summary, heatmap, plot, soup, describe: the right numbers in every format.
#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ResultsTest : public testing::Test {
 protected:
  Outcome Run(const std::vector<std::string>& arguments, const Surroundings& around = {}) {
    return Program(api_).Run(arguments, around);
  }
  FakeApi api_ = DemoApi();
  StudyFiles files_;
};

TEST_F(ResultsTest, AHeatMapAsDataHasLabelsAndNumbers) {
  const auto rows = Run({"heatmap", "--metric", "cka", "--format", "csv"}).csv();
  EXPECT_EQ(rows[0][1], "full/seed0");
  EXPECT_EQ(rows[1][2], "0.25");
  const Json json = Run({"heatmap", "-o", "json"}).json();
  EXPECT_EQ(json.at("kind"), "Matrix");
  EXPECT_EQ(json.at("values")[0][1], 0.25);
  EXPECT_THAT(Run({"heatmap", "--format", "npy"}).out, StartsWith("\x93NUMPY"));
}

TEST_F(ResultsTest, EveryPictureFormatIsWritten) {
  for (const auto& [format, magic] : std::map<std::string, std::string>{
           {"png", "\x89PNG"}, {"svg", "<?xml"}, {"pdf", "%PDF"}, {"npy", "\x93NUMPY"}}) {
    for (const std::vector<std::string>& what : std::vector<std::vector<std::string>>{
             {"heatmap"}, {"plot", "path"}, {"plot", "curves"}, {"plot", "soup"}}) {
      const std::string path = files_.Path("picture." + format);
      std::vector<std::string> arguments = what;
      arguments.insert(arguments.end(), {"--format", format, "-O", path});
      const Outcome outcome = Run(arguments);
      EXPECT_EQ(outcome.code, kOk) << what.back() << " " << format << ": " << outcome.err;
      EXPECT_EQ(outcome.out, "");
      EXPECT_THAT(*ReadFile(path), StartsWith(magic)) << what.back();
    }
  }
  EXPECT_THAT(*ReadFile(files_.Path("picture.npy.labels.json")), HasSubstr("columns"));
}

TEST_F(ResultsTest, APictureDoesNotGoToATerminal) {
  for (const char* format : {"png", "npy"}) {
    const Outcome outcome = Run({"heatmap", "--format", format}, {.out_tty = true});
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_THAT(outcome.err, HasSubstr("-O FILE"));
  }
}

TEST_F(ResultsTest, ATerminalGetsColoursUnlessNoColor) {
  EXPECT_THAT(Run({"heatmap"}, {.out_tty = true}).out, HasSubstr("\033["));
  EXPECT_EQ(Run({"heatmap"}, {.env = {{"NO_COLOR", "1"}}, .out_tty = true}).out.find("\033"),
            std::string::npos);
}

TEST_F(ResultsTest, AnUnknownMetricGetsTheNearestOne) {
  const Outcome heatmap = Run({"heatmap", "--metric", "convexity-gap"});
  EXPECT_EQ(heatmap.code, kNotFound);
  EXPECT_THAT(heatmap.err, HasSubstr("did you mean \"convexity_gap\"?"));
  const Outcome curves = Run({"plot", "curves", "--metric", "train/lss"});
  EXPECT_EQ(curves.code, kNotFound);
  EXPECT_THAT(curves.err, HasSubstr("did you mean \"train/loss\"?"));
}

TEST_F(ResultsTest, CurvesAsDataAreMeansOverSeeds) {
  const Json json = Run({"plot", "curves", "-o", "json"}).json();
  ASSERT_EQ(json.at("series").size(), 2u);
  EXPECT_EQ(json.at("series")[0].at("label"), "full");
  EXPECT_NEAR(json.at("series")[0].at("y")[1].get<double>(), 0.55, 1e-12);
  EXPECT_EQ(Run({"plot", "curves", "--format", "csv"}).csv()[0][0], "series");
}

TEST_F(ResultsTest, CurvesOfAReusedTrainingAreItsTwins) {
  for (v1::Job& job : api_.jobs) {
    if (job.sweep() == 1) job.set_reused_from(11);
  }
  const Json json = Run({"plot", "curves", "s1", "-o", "json"}).json();
  EXPECT_EQ(json.at("series")[0].at("y"), Json({1.0, 0.5}));
}

TEST_F(ResultsTest, APathAsDataIsTheCurveAndItsChord) {
  const Json json = Run({"plot", "path", "-o", "json"}).json();
  EXPECT_EQ(json.at("series")[0].at("y"), Json({0.5, 0.9, 0.6}));
  EXPECT_EQ(json.at("series")[1].at("label"), "chord");
  EXPECT_EQ(Run({"plot", "path", "--pair", "full/seed0,full/seed1"}).code, kNotFound);
}

TEST_F(ResultsTest, SoupsAreOneCsvAndOneItemEach) {
  const auto written = std::find_if(api_.jobs.begin(), api_.jobs.end(), [](const v1::Job& job) {
    return job.kind() == v1::JOB_KIND_GENERATE;
  });
  ASSERT_NE(written, api_.jobs.end());
  v1::Job by_soup = *written;
  by_soup.set_id(151);
  by_soup.set_name("generate/soup/greedy/report");
  by_soup.set_summary(R"({"n": 1, "bleu": 32.25})");
  api_.jobs.push_back(by_soup);
  const auto rows = Run({"soup", "-o", "csv"}).csv();
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[0][0], "soup");
  EXPECT_EQ(rows[1][0], "greedy");
  EXPECT_EQ(rows[4][0], "uniform-lora");
  // What the soup and the best single model wrote is scored beside; the uniform soup wrote nothing.
  EXPECT_EQ(rows[0].back(), "report bleu");
  EXPECT_EQ(rows[1].back(), "32.2500");
  EXPECT_EQ(rows[2].back(), "31.5000");
  EXPECT_EQ(Run({"soup", "--name", "uniform-lora", "-o", "csv"}).csv()[1].back(), "-");
  EXPECT_EQ(Run({"soup", "-o", "jsonl"}).lines()[1].at("name"), "uniform-lora");
  EXPECT_THAT(Run({"soup", "--trace", "--name", "greedy"}).out, HasSubstr("lora-r8/seed0"));
  EXPECT_EQ(Run({"soup", "--name", "none"}).code, kNotFound);
}

TEST_F(ResultsTest, SummaryHasMeanDeviationAndNumberOfSeeds) {
  const Json variants = Run({"summary", "-o", "json"}).json().at("variants");
  EXPECT_EQ(variants[0].at("variant"), "full");
  EXPECT_EQ(variants[0].at("report/accuracy").at("n"), 2);
  EXPECT_EQ(variants[0].at("report/accuracy").at("mean"), 0.8);
  EXPECT_EQ(variants[1].at("succeeded"), 1);
  EXPECT_THAT(Run({"summary", "-o", "md"}).out, StartsWith("|"));
  EXPECT_THAT(Run({"summary", "-o", "latex"}).out, HasSubstr("\\toprule"));
}

TEST_F(ResultsTest, DescribeKnowsSweepsRunsJobsAndWorkers) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"s2", "Sweep"},          {"sweep/demo", "Sweep"},   {"lora-r8/seed1", "Run"},
      {"s2/full/seed0", "Run"}, {"run/full/seed0", "Run"}, {"j11", "Job"},
      {"job/j11", "Job"},       {"soup/greedy", "Job"},    {"worker/w1", "Worker"}};
  for (const auto& [what, kind] : cases) {
    const Outcome outcome = Run({"describe", what, "-o", "json"});
    EXPECT_EQ(outcome.code, kOk) << what << ": " << outcome.err;
    EXPECT_EQ(outcome.json().value("kind", ""), kind) << what;
  }
  EXPECT_THAT(Run({"describe", "worker/w2"}).err, HasSubstr("did you mean \"w1\"?"));
  EXPECT_THAT(Run({"describe", "j14"}).out, HasSubstr("nonfinite: loss is not finite"));
}

}  // namespace
}  // namespace eida::client
