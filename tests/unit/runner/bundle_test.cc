#include "worker/runner/bundle.h"

#include <fcntl.h>
#include <unistd.h>

#include <limits>

#include "common/base/fs.h"
#include "common/base/text.h"
#include "gtest/gtest.h"

namespace eida::runner {
namespace {

// Runs a bundle of jobs 1..n with events into a file, and reads them back.
class BundleTest : public ::testing::Test {
 protected:
  int Run(int jobs, const JobFunction& function) {
    return Run(jobs, JobFunctions{function, {}, {}});
  }
  int Run(int jobs, const JobFunctions& functions) {
    JobFile file;
    for (int i = 1; i <= jobs; ++i) {
      engine::Job job;
      job.kind = "train";
      job.name = "job" + std::to_string(i);
      job.out = JoinPath(dir_.path(), "out/" + job.name);
      file.jobs.push_back({i, job});
    }
    const std::string path = JoinPath(dir_.path(), "events");
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    EventWriter writer(fd);
    const int code = RunBundle(file, functions, writer, stop_, clock_);
    ::close(fd);
    lines_ = Split(*ReadFile(path), '\n');
    EXPECT_EQ(lines_.back(), "") << "the last line is not ended";
    lines_.pop_back();
    return code;
  }
  // "event job" of each line, without progress and metrics.
  std::vector<std::string> Story() const {
    std::vector<std::string> story;
    for (const std::string& line : lines_) {
      const auto json = ParseJson(line, "event");
      EXPECT_TRUE(json.ok()) << line;
      story.push_back((*json)["event"].get<std::string>() + " " +
                      std::to_string((*json)["job"].get<int64_t>()));
    }
    return story;
  }

  TempDir dir_;
  FakeClock clock_;
  std::atomic<bool> stop_{false};
  std::vector<std::string> lines_;
};

TEST_F(BundleTest, JobsRunInOrderAndEndWithZero) {
  const int code = Run(2, [](const engine::Job& job, engine::Events&) -> Result<engine::JobResult> {
    EXPECT_TRUE(IsDirectory(job.out)) << "the output directory is made";
    engine::JobResult result;
    result.artifacts.push_back({"weights", "model", job.out + "/w", Json::object()});
    result.summary = {{"steps", 3}};
    return result;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(Story(), (std::vector<std::string>{"started 1", "artifact 1", "done 1", "started 2",
                                               "artifact 2", "done 2"}));
  EXPECT_EQ(lines_[2], R"({"event":"done","job":1,"summary":{"steps":3}})");
}

TEST_F(BundleTest, AFailedJobDoesNotKeepTheNextFromRunning) {
  for (const Status& status : {engine::DataError("row 7"), engine::ConfigError("c"),
                               engine::NonfiniteError("n"), engine::IoError("i")}) {
    const int code =
        Run(2, [&](const engine::Job& job, engine::Events&) -> Result<engine::JobResult> {
          if (job.name == "job1") return status;
          return engine::JobResult();
        });
    EXPECT_EQ(code, 1);
    EXPECT_EQ(Story(), (std::vector<std::string>{"started 1", "error 1", "started 2", "done 2"}))
        << status;
    EXPECT_EQ((*ParseJson(lines_[1], ""))["message"], Message(status));
    EXPECT_EQ((*ParseJson(lines_[1], ""))["class"], engine::ErrorClassOf(status));
  }
}

TEST_F(BundleTest, AfterOomAndInternalTheProcessIsNotTrustedAnyMore) {
  for (const Status& status : {engine::OomError("o"), Internal("i")}) {
    const int code = Run(2, [&](const engine::Job&, engine::Events&) -> Result<engine::JobResult> {
      return status;
    });
    EXPECT_EQ(code, 1);
    EXPECT_EQ(Story(), (std::vector<std::string>{"started 1", "error 1"})) << status;
  }
}

TEST_F(BundleTest, AStopEndsTheJobAsPreemptedAndLeavesTheRest) {
  const int code =
      Run(3, [&](const engine::Job& job, engine::Events& events) -> Result<engine::JobResult> {
        if (job.name == "job1") return engine::JobResult();
        EXPECT_FALSE(events.StopRequested());
        stop_ = true;
        EXPECT_TRUE(events.StopRequested());
        return engine::Preempted();
      });
  EXPECT_EQ(code, 75);
  EXPECT_EQ(Story(), (std::vector<std::string>{"started 1", "done 1", "started 2", "preempted 2"}));
}

TEST_F(BundleTest, AStopBeforeTheFirstJobRunsNothing) {
  stop_ = true;
  const int code = Run(2, [&](const engine::Job&, engine::Events&) -> Result<engine::JobResult> {
    ADD_FAILURE() << "ran";
    return engine::JobResult();
  });
  EXPECT_EQ(code, 75);
  EXPECT_EQ(Story(), (std::vector<std::string>{"started 1", "preempted 1"}));
}

TEST_F(BundleTest, ARankThatLostAnotherSaysNothingOfTheJob) {
  const int code = Run(1, [](const engine::Job&, engine::Events&) -> Result<engine::JobResult> {
    return engine::PeerLost("rank 0 of 2: another rank is gone");
  });
  EXPECT_EQ(code, kExitPeerLost);
  EXPECT_EQ(Story(), std::vector<std::string>{"started 1"});
}

TEST_F(BundleTest, AnOutputDirectoryThatCannotBeMadeIsAnIoError) {
  ASSERT_TRUE(
      WriteFileAtomic(JoinPath(dir_.path(), "out"), "a file where the directory should be").ok());
  const int code = Run(1, [&](const engine::Job&, engine::Events&) -> Result<engine::JobResult> {
    return engine::JobResult();
  });
  EXPECT_EQ(code, 1);
  EXPECT_EQ((*ParseJson(lines_[1], ""))["class"], "io") << lines_[1];
}

TEST_F(BundleTest, ProgressIsThinnedButItsEndIsKeptAndNanBecomesNull) {
  Run(1, [&](const engine::Job&, engine::Events& events) -> Result<engine::JobResult> {
    for (int i = 0; i <= 1000; ++i) {
      events.Progress(i, 1000, "steps");
      clock_.Advance(Millis(1));
    }
    events.Metric("train/loss", 3, std::numeric_limits<double>::quiet_NaN());
    return engine::JobResult();
  });
  int progress = 0;
  Json last;
  for (const std::string& line : lines_) {
    const Json json = *ParseJson(line, "");
    if (json["event"] == "progress") ++progress, last = json;
    if (json["event"] == "metric") {
      EXPECT_TRUE(json["value"].is_null());
    }
  }
  EXPECT_EQ(progress, 11);
  EXPECT_EQ(last["done"], 1000);
}

// The odd jobs share a key; `pack` runs them.
JobFunctions OddTogether(const std::function<void(const std::vector<engine::PackJob>&,
                                                  const engine::PackEnded&)>& pack) {
  return {
      [](const engine::Job&, engine::Events&) { return engine::JobResult(); },
      [](const engine::Job& job) { return job.name == "job2" || job.name == "job4" ? "" : "odd"; },
      pack};
}

TEST_F(BundleTest, JobsOfOneKeyRunTogetherAndEndAsTheyCome) {
  const int code = Run(
      5, OddTogether([](const std::vector<engine::PackJob>& jobs, const engine::PackEnded& ended) {
        ASSERT_EQ(jobs.size(), 3u);
        EXPECT_EQ(jobs[1].job->name, "job3");
        EXPECT_TRUE(IsDirectory(jobs[2].job->out));
        ended(2, engine::JobResult());
        jobs[0].events->Metric("train/loss", 1, 0.5);
        ended(1, engine::NonfiniteError("n"));
        ended(0, engine::JobResult());
      }));
  EXPECT_EQ(code, 1);
  EXPECT_EQ(Story(), (std::vector<std::string>{"started 1", "started 3", "started 5", "done 5",
                                               "metric 1", "error 3", "done 1", "started 2",
                                               "done 2", "started 4", "done 4"}));
}

TEST_F(BundleTest, AfterOomInAPackTheOthersArePreemptedAndNothingElseRuns) {
  const int code =
      Run(5, OddTogether([](const std::vector<engine::PackJob>&, const engine::PackEnded& ended) {
            ended(1, engine::OomError("o"));
            ended(0, engine::Preempted());
            ended(2, engine::Preempted());
          }));
  EXPECT_EQ(code, 1);
  EXPECT_EQ(Story(), (std::vector<std::string>{"started 1", "started 3", "started 5", "error 3",
                                               "preempted 1", "preempted 5"}));
}

TEST_F(BundleTest, AStopEndsAllOfAPack) {
  const int code = Run(
      5, OddTogether([&](const std::vector<engine::PackJob>& jobs, const engine::PackEnded& ended) {
        stop_ = true;
        for (size_t k = 0; k < jobs.size(); ++k) {
          EXPECT_TRUE(jobs[k].events->StopRequested());
          ended(k, engine::Preempted());
        }
      }));
  EXPECT_EQ(code, 75);
  EXPECT_EQ(Story(), (std::vector<std::string>{"started 1", "started 3", "started 5", "preempted 1",
                                               "preempted 3", "preempted 5"}));
}

TEST_F(BundleTest, AReaderThatIsGoneStopsTheJob) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  ::signal(SIGPIPE, SIG_IGN);
  ::close(pipe[0]);
  EventWriter writer(pipe[1]);
  JobEvents events(writer, 1, stop_, clock_);
  EXPECT_FALSE(events.StopRequested());
  events.Metric("x", 1, 1);
  EXPECT_TRUE(events.StopRequested());
  ::close(pipe[1]);
}

}  // namespace
}  // namespace eida::runner
