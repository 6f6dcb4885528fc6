#include <cmath>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/exec/bundle.h"
#include "worker/exec/event.h"
#include "worker/exec/job_file.h"
#include "worker/exec/line_splitter.h"
#include "worker/exec/oom_watch.h"
#include "worker/exec/verify.h"

namespace eida::exec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EventTest, EveryEventOfTheFormatIsRead) {
  EXPECT_EQ(ParseEvent(R"({"event": "started", "job": 7})")->job, JobId(7));
  const auto progress = std::get<Progress>(
      ParseEvent(R"({"event": "progress", "job": 7, "done": 2, "total": 5, "unit": "step"})")
          ->body);
  EXPECT_EQ(progress.done, 2);
  EXPECT_EQ(progress.unit, "step");
  const auto checkpoint = std::get<CheckpointFile>(
      ParseEvent(
          R"({"event": "checkpoint", "job": 7, "step": 4, "path": "c", "metrics": {"b": 1, "a": 2}})")
          ->body);
  EXPECT_EQ(checkpoint.metrics, R"({"a":2,"b":1})");
  const auto file = std::get<FileMade>(
      ParseEvent(
          R"({"event": "artifact", "job": 7, "name": "weights", "kind": "adapter", "path": "w", "meta": null})")
          ->body);
  EXPECT_EQ(file.kind, "adapter");
  EXPECT_EQ(file.meta, "");
  EXPECT_EQ(std::get<Failed>(
                ParseEvent(R"({"event": "error", "job": 7, "class": "oom", "message": "m"})")->body)
                .error,
            ErrorClass::kOom);
}

TEST(EventTest, ANonfiniteMetricComesAsNull) {
  const auto event = ParseEvent(
      R"({"event": "metric", "job": 1, "series": "train/loss", "step": 3, "value": null})");
  ASSERT_TRUE(event.ok());
  EXPECT_TRUE(std::isnan(std::get<MetricPoint>(event->body).value));
}

TEST(EventTest, ARunnerCannotClaimWhatOnlyTheAgentKnows) {
  for (const char* text : {"preempted", "worker_lost", "none", "cancelled", "bogus"}) {
    const auto event =
        ParseEvent(std::string(R"({"event": "error", "job": 1, "class": ")") + text + R"("})");
    ASSERT_TRUE(event.ok()) << text;
    EXPECT_EQ(std::get<Failed>(event->body).error, ErrorClass::kInternal) << text;
  }
}

TEST(EventTest, ALineThatIsNoEventSaysWhy) {
  for (const char* line : {"", "{", "3", R"({"event": "started"})", R"({"job": 1})",
                           R"({"event": "metric", "job": 1, "step": "x"})"}) {
    EXPECT_EQ(ParseEvent(line).status().code(), absl::StatusCode::kInvalidArgument) << line;
  }
}

TEST(LineSplitterTest, LinesSurviveAnySplitting) {
  const std::string text = "one\ntwo\r\n\nabcdefghij\nlast";
  for (size_t chunk = 1; chunk <= text.size(); ++chunk) {
    std::vector<std::string> lines;
    LineSplitter splitter(8);
    const auto sink = [&](const LineSplitter::Line& line) {
      lines.push_back(line.text + (line.cut ? "+" : ""));
    };
    for (size_t i = 0; i < text.size(); i += chunk)
      splitter.Feed(text.data() + i, std::min(chunk, text.size() - i), sink);
    splitter.Finish(sink);
    EXPECT_THAT(lines, ElementsAre("one", "two", "", "abcdefgh+", "last")) << chunk;
  }
}

TEST(CleanTextTest, OnlyValidUtf8AndTabsPass) {
  EXPECT_EQ(CleanText("a\tb\x1b[0m"), "a\tb?[0m");
  EXPECT_EQ(CleanText("h\xc3\xa9llo \xe2\x9c\x93 \xf0\x9f\x98\x80"),
            "h\xc3\xa9llo \xe2\x9c\x93 \xf0\x9f\x98\x80");
  EXPECT_EQ(CleanText("\xff \xc3 \xed\xa0\x80 \xc0\xaf"), "? ? ??? ??");
}

TEST(JobFileTest, HasTheDocumentedShape) {
  const auto text = FormatJobFile({"cpu",
                                   2,
                                   {{JobId(12),
                                     3,
                                     JobKind::kPath,
                                     "s1/path",
                                     R"({"k":1})",
                                     {{"weights", "/c/x"}},
                                     "/c/r",
                                     "/w/j12-3",
                                     {{"pair/0/1", "train/a failed"}}}}});
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(ParseJson(*text, "").value(),
            Json::parse(R"({"format": "eida/job/v1", "slot": {"device": "cpu", "threads": 2},
    "jobs": [{"job": 12, "attempt": 3, "kind": "path", "name": "s1/path", "spec": {"k": 1}, "inputs": {"weights": "/c/x"},
              "missing": {"pair/0/1": "train/a failed"}, "resume": "/c/r", "out": "/w/j12-3"}]})"));
  JobFile kept;
  kept.tokens_dir = "/c/tokens";
  kept.tokens_limit = 7;
  EXPECT_EQ(ParseJson(FormatJobFile(kept).value(), "").value().at("tokens"),
            Json::parse(R"({"dir": "/c/tokens", "limit": 7})"));
  EXPECT_THAT(
      Message(FormatJobFile({"cpu", 1, {{JobId(1), 1, JobKind::kTrain, "n", "[1]", {}, "", ""}}})
                  .status()),
      HasSubstr("j1 (n)"));
}

Event At(int64_t job, EventBody body) { return {JobId(job), std::move(body)}; }

TEST(BundleTest, OfAPackSeveralRunAtOnce) {
  Bundle bundle({JobId(1), JobId(2), JobId(3)});
  for (const int64_t job : {1, 2, 3}) ASSERT_TRUE(bundle.OnEvent(At(job, Started{})).ok());
  EXPECT_EQ(bundle.Running(), (std::vector<JobId>{JobId(1), JobId(2), JobId(3)}));
  ASSERT_TRUE(bundle.OnEvent(At(2, Done{"{}"})).ok());
  ASSERT_TRUE(bundle.OnEvent(At(1, Failed{})).ok());
  EXPECT_EQ(bundle.Running(), std::vector<JobId>{JobId(3)});
}

TEST(BundleTest, LateAndForeignEventsAreRefused) {
  Bundle bundle({JobId(1), JobId(2)});
  EXPECT_TRUE(bundle.OnEvent(At(1, Started{}))->first);
  EXPECT_EQ(bundle.Running(), std::vector<JobId>{JobId(1)});
  EXPECT_TRUE(bundle.OnEvent(At(1, Done{"{}"}))->end.has_value());
  EXPECT_TRUE(bundle.Running().empty());
  EXPECT_FALSE(bundle.AllEnded());
  EXPECT_EQ(bundle.OnEvent(At(1, Failed{})).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(bundle.OnEvent(At(3, Started{})).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(bundle.OnEvent(At(2, Failed{}))->end.has_value());
  EXPECT_TRUE(bundle.AllEnded());
}

TEST(BundleTest, AfterAnErrorThatEndsTheBundleTheRestIsFree) {
  Bundle bundle({JobId(1), JobId(2), JobId(3)});
  ASSERT_TRUE(bundle.OnEvent(At(1, Failed{ErrorClass::kOom, "m"})).ok());
  const auto outcomes = bundle.OnEnd({{false, 1}, false, "", ""});
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].error, ErrorClass::kPreempted);
  EXPECT_EQ(outcomes[1].error, ErrorClass::kPreempted);
}

TEST(BundleTest, ARunnerThatSkipsAJobIsBlamedForIt) {
  Bundle bundle({JobId(1), JobId(2), JobId(3)});
  ASSERT_TRUE(bundle.OnEvent(At(1, Done{})).ok());
  const auto outcomes = bundle.OnEnd({{false, 0}, false, "", ""});
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].error, ErrorClass::kCrashed);
  EXPECT_EQ(outcomes[1].error, ErrorClass::kPreempted);
}

TEST(BundleTest, TheHintOfTheOomKillerIsInTheMessage) {
  Bundle bundle({JobId(1)});
  ASSERT_TRUE(bundle.OnEvent(At(1, Started{})).ok());
  const auto outcomes = bundle.OnEnd({{true, 9}, false, "the kernel's OOM killer struck", "tail"});
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].error, ErrorClass::kCrashed);
  EXPECT_EQ(outcomes[0].message,
            "runner ended during the job: killed by SIGKILL; the kernel's OOM killer struck; last "
            "log lines:\ntail");
}

TEST(OomWatchTest, SpeaksOnlyWhenTheCounterMoved) {
  const TempDir dir;
  const std::string path = JoinPath(dir.path(), "memory.events");
  ASSERT_TRUE(WriteFileAtomic(path, "low 0\noom 1\noom_kill 4\n").ok());
  const OomWatch watch(path);
  EXPECT_EQ(watch.Hint(), "");
  ASSERT_TRUE(WriteFileAtomic(path, "low 0\noom 2\noom_kill 5\n").ok());
  EXPECT_THAT(watch.Hint(), HasSubstr("oom_kill 5"));
  EXPECT_EQ(OomWatch(JoinPath(dir.path(), "none")).Hint(), "");
}

TEST(VerifyTest, WholeFilesPassAndDamagedOnesAreNamed) {
  const TempDir dir;
  const std::string path = JoinPath(dir.path(), "f");
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})";
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  file += header + "abcd";
  const auto verify = [&](const std::string& kind, const std::string& content) {
    EXPECT_TRUE(WriteFileAtomic(path, content).ok());
    return VerifyArtifact(kind, path);
  };
  EXPECT_TRUE(verify("adapter", file).ok());
  EXPECT_EQ(verify("adapter", file.substr(0, file.size() - 1)).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(verify("adapter", file + "x").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(verify("model", "short").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(verify("gram", "").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(verify("eval", std::string(8, '\xff') + "abc").code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(verify("curve", "{}").ok());
  EXPECT_EQ(verify("curve", "{").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(verify("matrix", "[]").code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(verify("file", "anything").ok());
  EXPECT_EQ(VerifyArtifact("file", path + "-none").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(VerifyArtifact("file", dir.path()).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace eida::exec
