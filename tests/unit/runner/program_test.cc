// The program as the agent and people run it: whole processes on a tiny model.
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <map>
#include <thread>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"
#include "gtest/gtest.h"
#include "tiny_model.h"
#include "worker/engine/study.h"

namespace eida::runner {
namespace {

struct Ran {
  ExitStatus exit;
  std::string log;
  std::vector<Json> events;

  std::vector<std::string> Types() const {
    std::vector<std::string> types;
    for (const Json& event : events) {
      if (event["event"] != "progress" && event["event"] != "metric")
        types.push_back(event["event"]);
    }
    return types;
  }
  const Json* Find(const std::string& type, int64_t job) const {
    for (const Json& event : events) {
      if (event["event"] == type && event["job"] == job) return &event;
    }
    return nullptr;
  }
  std::string Artifact(int64_t job, const std::string& name) const {
    for (const Json& event : events) {
      if (event["event"] == "artifact" && event["job"] == job && event["name"] == name)
        return event["path"];
    }
    ADD_FAILURE() << "no artifact " << name << " of job " << job << "\n" << log;
    return "";
  }
};

class ProgramTest : public ::testing::Test {
 protected:
  SubprocessOptions Options(const std::vector<std::string>& args) const {
    SubprocessOptions options;
    options.argv = {EIDA_BINARY_DIR "/bin/eida-runner"};
    options.argv.insert(options.argv.end(), args.begin(), args.end());
    options.stdout_path = JoinPath(dir_.path(), "stdout");
    options.stderr_path = JoinPath(dir_.path(), "stderr");
    options.event_fd = 3;
    return options;
  }
  // Runs to the end. `on_event` sees every event as it comes, and may signal the process.
  Ran Run(const std::vector<std::string>& args,
          const std::function<void(const Json&, const Subprocess&)>& on_event = {}) {
    for (const char* file : {"stdout", "stderr"})
      (void)::unlink(JoinPath(dir_.path(), file).c_str());
    auto process = Subprocess::Start(Options(args));
    EXPECT_TRUE(process.ok()) << process.status();
    Ran ran;
    std::string buffer;
    char chunk[4096];
    for (ssize_t n; (n = ::read(process->event_fd(), chunk, sizeof chunk)) > 0;) {
      buffer.append(chunk, static_cast<size_t>(n));
      for (size_t end; (end = buffer.find('\n')) != std::string::npos; buffer.erase(0, end + 1)) {
        const auto event = ParseJson(buffer.substr(0, end), "event");
        EXPECT_TRUE(event.ok()) << buffer;
        ran.events.push_back(*event);
        if (on_event) on_event(*event, *process);
      }
    }
    ran.exit = process->Wait();
    ran.log = ReadFile(JoinPath(dir_.path(), "stdout")).value_or("") +
              ReadFile(JoinPath(dir_.path(), "stderr")).value_or("");
    return ran;
  }
  // A vector, not Json: Json{one} is `one`, not a list of it.
  std::string WriteJobs(const std::vector<Json>& jobs) {
    const std::string path = JoinPath(dir_.path(), "job" + std::to_string(++files_) + ".json");
    Json file = {
        {"format", "eida/job/v1"}, {"slot", {{"device", "cpu"}, {"threads", 1}}}, {"jobs", jobs}};
    if (!tokens_.empty()) file["tokens"] = {{"dir", tokens_}};
    EXPECT_TRUE(WriteFileAtomic(path, Pretty(file)).ok());
    return path;
  }
  Json TrainJob(int64_t number, const testing::TinyStudy& study, const Json& adapter, int64_t seed,
                double lr, int steps = 40) {
    const Json train = {
        {"steps", steps},
        {"batch_size", 16},
        {"grad_accum", 1},
        {"lr", lr},
        {"precision", "fp32"},
        {"grad_clip", 1.0},
        {"batching", "bucketed"},
        {"dropout", 0.0},
        {"optimizer",
         {{"name", "adamw"}, {"betas", {0.9, 0.999}}, {"eps", 1e-8}, {"weight_decay", 0.01}}},
        {"schedule", {{"name", "linear"}, {"warmup_ratio", 0.06}}}};
    return {{"job", number},
            {"attempt", 1},
            {"kind", "train"},
            {"name", "train/" + std::to_string(number)},
            {"inputs", study.inputs},
            {"out", JoinPath(dir_.path(), "o" + std::to_string(number))},
            {"spec",
             {{"model", study.model},
              {"data", study.data},
              {"seed", seed},
              {"adapter", adapter},
              {"train", train},
              {"eval",
               {{"every", nullptr},
                {"metric", "loss"},
                {"goal", "minimize"},
                {"split", "select"},
                {"report", "report"},
                {"batch_size", 16}}},
              {"checkpoint", {{"every", nullptr}, {"keep", {"last"}}}}}}};
  }
  // A job that only evaluates; `inputs` on top of the study's.
  Json StudyJob(int64_t number, const std::string& kind, const testing::TinyStudy& study, Json spec,
                const std::map<std::string, std::string>& inputs) {
    spec.update(
        {{"model", study.model},
         {"data", study.data},
         {"numerics", {{"precision", "fp32"}, {"batch_size", 16}, {"batching", "bucketed"}}}});
    Json all = study.inputs;
    all.update(Json(inputs));
    return {{"job", number},
            {"attempt", 1},
            {"kind", kind},
            {"name", kind + "/" + std::to_string(number)},
            {"spec", spec},
            {"inputs", all},
            {"out", JoinPath(dir_.path(), "o" + std::to_string(number))}};
  }

  TempDir dir_;
  std::string tokens_;  // folder of token ids that job files name; "" = none
  int files_ = 0;
};

const Json kLora = {
    {"type", "lora"}, {"r", 4}, {"alpha", 16}, {"dropout", 0.0}, {"targets", {"query", "value"}},
    {"bias", "none"}};
const Json kItems = {{"split", "select"}, {"samples", nullptr}, {"item_seed", 0}};

Json With(Json spec, const Json& more) {
  spec.update(more);
  return spec;
}

TEST_F(ProgramTest, SaysItsVersionAndHowToUseIt) {
  Ran ran = Run({"--version"});
  EXPECT_EQ(ran.exit.code, 0);
  EXPECT_EQ(ran.log.rfind("eida-runner " EIDA_VERSION " (libtorch 2.", 0), 0u) << ran.log;
  ran = Run({"--help"});
  EXPECT_EQ(ran.exit.code, 0);
  EXPECT_NE(ran.log.find("usage: eida-runner JOB.json"), std::string::npos);
}

TEST_F(ProgramTest, UnusableArgumentsEndWithTwoAndSayWhy) {
  ASSERT_TRUE(
      WriteFileAtomic(JoinPath(dir_.path(), "bad.json"), "{\"format\": \"eida/job/v1\"}").ok());
  const Json job = {{"job", 1}, {"kind", "matrix"}, {"spec", Json::object()}, {"out", dir_.path()}};
  const Json no_gpu = {
      {"format", "eida/job/v1"}, {"slot", {{"device", "cuda:63"}}}, {"jobs", {job}}};
  ASSERT_TRUE(WriteFileAtomic(JoinPath(dir_.path(), "gpu.json"), Pretty(no_gpu)).ok());
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "no job file given"},
      {{"a.json", "b.json"}, "one job file at a time: a.json or b.json"},
      {{"--jobs", "3"}, "unknown option --jobs"},
      {{"a.json", "--out"}, "--out needs a value"},
      {{JoinPath(dir_.path(), "none.json")}, "none.json: No such file"},
      {{JoinPath(dir_.path(), "bad.json")}, "bad.json.jobs: must be a list with at least one job"},
      {{JoinPath(dir_.path(), "gpu.json")}, "slot.device cuda:63: "},
  };
  for (const auto& [args, message] : cases) {
    const Ran ran = Run(args);
    EXPECT_EQ(ran.exit.code, 2) << message;
    EXPECT_NE(ran.log.find(message), std::string::npos) << message << "\nnot in: " << ran.log;
    EXPECT_TRUE(ran.events.empty());
  }
}

TEST_F(ProgramTest, AMissingInputFailsItsJobAndTheNextOneRuns) {
  const testing::TinyStudy study = testing::MakeTinyStudy(JoinPath(dir_.path(), "tiny"));
  Json broken = TrainJob(1, study, {{"type", "none"}}, 1, 1e-3, 5);
  broken["inputs"]["data/train"] = "/nowhere/train.tsv";
  const Ran ran = Run({WriteJobs({broken, TrainJob(2, study, {{"type", "none"}}, 1, 1e-3, 5)})});
  EXPECT_EQ(ran.exit.code, 1);
  const Json* error = ran.Find("error", 1);
  ASSERT_NE(error, nullptr) << ran.log;
  EXPECT_EQ((*error)["class"], "io");
  EXPECT_NE(
      (*error)["message"].get<std::string>().find("input data/train: no file /nowhere/train.tsv"),
      std::string::npos);
  EXPECT_NE(ran.Find("done", 2), nullptr) << ran.log;
}

TEST_F(ProgramTest, WithoutDescriptorThreeEventsGoToStandardOutput) {
  const std::string events = JoinPath(dir_.path(), "events");
  SubprocessOptions options = Options({WriteJobs(
      {Json{{"job", 1}, {"kind", "matrix"}, {"spec", Json::object()}, {"out", dir_.path()}}})});
  options.event_fd.reset();
  options.stdout_path = events;
  auto process = Subprocess::Start(options);
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(process->Wait().code, 1);
  const std::string text = ReadFile(events).value_or("");
  EXPECT_EQ(text.rfind(R"({"event":"started","job":1})", 0), 0u) << text;
  EXPECT_NE(text.find(R"("class":"config")"), std::string::npos) << text;
}

TEST_F(ProgramTest, StoppedInTrainingItLeavesACheckpointAndFinishesFromItAsIfNeverStopped) {
  const testing::TinyStudy study = testing::MakeTinyStudy(JoinPath(dir_.path(), "tiny"), 400);
  const int steps = 3000;  // some seconds: the signal comes in the middle on any machine
  const Json job = TrainJob(1, study, {{"type", "none"}}, 1, 1e-3, steps);
  bool sent = false;
  const Ran stopped = Run({WriteJobs({job})}, [&](const Json& event, const Subprocess& process) {
    if (!sent && event["event"] == "progress" && event["done"] >= 1) {
      process.Kill(SIGTERM);
      sent = true;
    }
  });
  ASSERT_TRUE(sent);
  EXPECT_EQ(stopped.exit.code, 75) << stopped.log;
  EXPECT_EQ(stopped.Types(), (std::vector<std::string>{"started", "checkpoint", "preempted"}));
  const Json* checkpoint = stopped.Find("checkpoint", 1);
  ASSERT_NE(checkpoint, nullptr);
  const int64_t step = (*checkpoint)["step"];
  EXPECT_GT(step, 0);
  EXPECT_LT(step, steps);

  Json resumed_job = job;
  resumed_job["resume"] = JoinPath(dir_.path(), "kept");
  ASSERT_TRUE(RenameFile((*checkpoint)["path"], resumed_job["resume"]).ok());
  const Ran resumed = Run({WriteJobs({resumed_job})});
  ASSERT_EQ(resumed.exit.code, 0) << resumed.log;
  EXPECT_EQ((*resumed.Find("done", 1))["summary"]["resumed_from_step"], step);
  const std::string weights = ReadFile(resumed.Artifact(1, "weights")).value_or("x");
  const Ran whole = Run({WriteJobs({job})});
  ASSERT_EQ(whole.exit.code, 0) << whole.log;
  EXPECT_EQ(ReadFile(whole.Artifact(1, "weights")).value_or("y"), weights)
      << "a stop changed the result";
}

// kill -9 while a checkpoint is being written: what is there is whole, and the run goes on from it.
TEST_F(ProgramTest, KilledWhileItWritesACheckpointItGoesOnFromTheOneBefore) {
  const testing::TinyStudy study = testing::MakeTinyStudy(JoinPath(dir_.path(), "tiny"), 400);
  Json job = TrainJob(1, study, {{"type", "none"}}, 1, 1e-3, 400);
  job["spec"]["checkpoint"]["every"] = {{"steps", 1}};
  job["spec"]["train"]["optimizer"]["name"] = "adam";
  const Ran whole = Run({WriteJobs({job})});
  ASSERT_EQ(whole.exit.code, 0) << whole.log;
  const std::string expected = ReadFile(whole.Artifact(1, "weights")).value_or("no weights");
  const std::string out = job["out"];
  const auto with_ending = [&](const std::string& ending) {
    std::vector<std::string> found;
    for (const std::string& name : ListDir(out).value_or(std::vector<std::string>())) {
      if (name.size() > ending.size() &&
          name.compare(name.size() - ending.size(), ending.size(), ending) == 0)
        found.push_back(JoinPath(out, name));
    }
    return found;
  };
  bool in_the_middle = false;
  for (int attempt = 0; attempt < 20 && !in_the_middle; ++attempt) {
    ASSERT_TRUE(RemoveTree(out).ok());
    int64_t announced = 0;
    const Ran killed = Run({WriteJobs({job})}, [&](const Json& event, const Subprocess& process) {
      if (event["event"] == "checkpoint") announced = event["step"];
      if (announced >= 3 && !with_ending(".partial").empty()) process.Kill(SIGKILL);
    });
    ASSERT_EQ(killed.Find("done", 1), nullptr) << "it ended before it was killed";
    in_the_middle = !with_ending(".partial").empty();
    const std::string newest =
        JoinPath(out, "checkpoint-" + std::to_string(announced) + ".safetensors");
    ASSERT_TRUE(FileExists(newest));
    for (const std::string& path : with_ending(".safetensors"))
      EXPECT_TRUE(engine::ReadSafetensors(path).ok()) << path;
    Json again = job;
    again["resume"] = JoinPath(dir_.path(), "kept");
    ASSERT_TRUE(RenameFile(newest, again["resume"]).ok());
    again["spec"]["checkpoint"]["every"] = nullptr;
    const Ran resumed = Run({WriteJobs({again})});
    ASSERT_EQ(resumed.exit.code, 0) << resumed.log;
    EXPECT_EQ((*resumed.Find("done", 1))["summary"]["resumed_from_step"], announced);
    EXPECT_EQ(ReadFile(resumed.Artifact(1, "weights")).value_or("none"), expected);
  }
  EXPECT_TRUE(in_the_middle) << "no kill came while a file was being written";
}

TEST_F(ProgramTest, AFileThatCannotGrowIsAnIoErrorAndNotACrash) {
  const testing::TinyStudy study = testing::MakeTinyStudy(JoinPath(dir_.path(), "tiny"));
  Json weights = TrainJob(1, study, {{"type", "none"}}, 1, 1e-3, 3),
       checkpoint = TrainJob(1, study, {{"type", "none"}}, 1, 1e-3, 100'000);
  checkpoint["spec"]["checkpoint"]["every"] = {{"steps", 2}};
  for (const Json& spec : {weights, checkpoint}) {
    const std::string job = WriteJobs({spec});
    rlimit old;
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
    rlimit small = old;
    small.rlim_cur = 16 * 1024;  // as on a full disk: the log and events fit, the weights do not
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const Ran ran = Run({job});
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
    EXPECT_EQ(ran.exit.code, 1) << ran.exit.ToString() << ran.log;
    const Json* error = ran.Find("error", 1);
    ASSERT_NE(error, nullptr) << ran.log;
    EXPECT_EQ((*error)["class"], "io") << error->dump();
  }
}

int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return count;
}

TEST_F(ProgramTest, ResultsHaveTheSameBytesWhereverTheTokenIdsCameFrom) {
  const testing::TinyStudy study = testing::MakeTinyStudy(JoinPath(dir_.path(), "tiny"));
  std::string log;  // of the last study
  const auto results = [&] {
    const Ran train = Run({WriteJobs({TrainJob(1, study, kLora, 1, 1e-2)})});
    EXPECT_EQ(train.exit.code, 0) << train.log;
    const std::string weights = JoinPath(dir_.path(), "weights");
    EXPECT_TRUE(RenameFile(train.Artifact(1, "weights"), weights).ok());
    const Ran rest = Run({WriteJobs(
        {StudyJob(2, "evaluate", study, kItems, {{"weights", weights}}),
         StudyJob(3, "gram", study, With(kItems, {{"samples", 20}, {"layers", {"last"}}}),
                  {{"weights", weights}})})});
    EXPECT_EQ(rest.exit.code, 0) << rest.log;
    log = train.log + rest.log;
    std::string all = ReadFile(weights).value_or("none") +
                      ReadFile(rest.Artifact(2, "eval")).value_or("none") +
                      ReadFile(rest.Artifact(3, "gram")).value_or("none");
    for (const Json& event : train.events) {
      if (event["event"] == "metric" &&
          event["series"].get<std::string>().find("loss") != std::string::npos)
        all += event.dump();
    }
    return all;
  };
  const std::string expected = results();
  tokens_ = JoinPath(dir_.path(), "tokens");
  EXPECT_EQ(results(), expected) << "a cold folder";
  const std::vector<std::string> kept = ListDir(tokens_).value();
  EXPECT_EQ(kept.size(), 3u) << "train, select and 20 items of select";
  EXPECT_EQ(results(), expected) << "a warm folder";
  EXPECT_EQ(ListDir(tokens_).value(), kept);
  for (const std::string& name : kept) {
    std::string content = ReadFile(JoinPath(tokens_, name)).value();
    content.back() = static_cast<char>(content.back() ^ 1);
    ASSERT_TRUE(WriteFileAtomic(JoinPath(tokens_, name), content).ok());
  }
  EXPECT_EQ(results(), expected) << "a folder of damaged files";
  EXPECT_EQ(CountOf(log, " is damaged (its checksum does not fit its content)"), 3) << log;
  EXPECT_EQ(results(), expected);
  EXPECT_EQ(CountOf(log, "damaged"), 0) << "they were made again";
  ASSERT_TRUE(WriteFileAtomic(JoinPath(dir_.path(), "file"), "").ok());
  tokens_ = JoinPath(dir_.path(), "file/tokens");
  EXPECT_EQ(results(), expected) << "a folder that cannot be made";
  EXPECT_EQ(CountOf(log, "token ids cannot be kept in " + tokens_), 2) << "once a process\n" << log;
}

// A study by hand: three runs, then every analysis on them, all through the program.
class MiniStudyTest : public ProgramTest {
 protected:
  void SetUp() override {
    study_ = testing::MakeTinyStudy(JoinPath(dir_.path(), "tiny"), 320);
    const Ran ran = Run({WriteJobs({TrainJob(1, study_, {{"type", "none"}}, 1, 2e-3, 200),
                                    TrainJob(2, study_, kLora, 2, 1e-2, 200),
                                    TrainJob(3, study_, kLora, 3, 1e-2, 200)})});
    ASSERT_EQ(ran.exit.code, 0) << ran.log;
    Json jobs;
    for (int i = 0; i < 3; ++i) {
      weights_.push_back(ran.Artifact(i + 1, "weights"));
      for (const char* split : {"select", "report"}) {
        Json spec = kItems;
        spec["split"] = split;
        jobs.push_back(StudyJob(10 + static_cast<int>(jobs.size()), "evaluate", study_, spec,
                                {{"weights", weights_[i]}}));
      }
    }
    const Ran evaluated = Run({WriteJobs(jobs)});
    ASSERT_EQ(evaluated.exit.code, 0) << evaluated.log;
    for (int i = 0; i < 3; ++i) {
      select_.push_back(evaluated.Artifact(10 + 2 * i, "eval"));
      report_.push_back(evaluated.Artifact(11 + 2 * i, "eval"));
      EXPECT_GT((*evaluated.Find("done", 11 + 2 * i))["summary"]["accuracy"].get<double>(), 0.8)
          << "run " << i << " learned";
    }
  }
  Json Members() const {
    Json members;
    for (int i = 0; i < 3; ++i)
      members.push_back({{"label", "m" + std::to_string(i)}, {"variant", "v"}, {"seed", i}});
    return members;
  }

  std::map<std::string, std::string> SoupInputs() const {
    std::map<std::string, std::string> inputs;
    for (int i = 0; i < 3; ++i) {
      const std::string number = std::to_string(i);
      inputs["member/" + number] = weights_[i];
      inputs["select/" + number] = select_[i];
      inputs["report/" + number] = report_[i];
    }
    return inputs;
  }
  Json SoupJob(int64_t number, const std::string& type,
               const std::map<std::string, std::string>& inputs) {
    return StudyJob(
        number, "soup", study_,
        {{"type", type}, {"members", Members()}, {"select", "select"}, {"report", "report"}},
        inputs);
  }
  // What a soup job left, byte for byte.
  std::string Left(const Ran& ran, int64_t job) const {
    return ReadFile(ran.Artifact(job, "soup")).value_or("none") +
           ReadFile(ran.Artifact(job, "weights")).value_or("none");
  }

  testing::TinyStudy study_;
  std::vector<std::string> weights_, select_, report_;
};

TEST_F(MiniStudyTest, PathsJoinInAGapMatrixAndTheirEndsAreTheEvaluations) {
  Json jobs, pairs = Json::array();
  std::map<std::string, std::string> curves;
  for (int i = 0; i < 3; ++i) {
    for (int j = i + 1; j < 3; ++j) {
      jobs.push_back(StudyJob(
          100 + 10 * i + j, "path", study_, With(kItems, {{"alphas", 5}, {"space", "merged"}}),
          {{"a", weights_[i]}, {"b", weights_[j]}, {"end_a", select_[i]}, {"end_b", select_[j]}}));
      pairs.push_back({i, j});
    }
  }
  const Ran paths = Run({WriteJobs(jobs)});
  ASSERT_EQ(paths.exit.code, 0) << paths.log;
  for (const auto& pair : pairs) {
    const int i = pair[0], j = pair[1], job = 100 + 10 * i + j;
    const auto losses = engine::ReadSafetensors(paths.Artifact(job, "losses"));
    ASSERT_TRUE(losses.ok());
    EXPECT_TRUE(at::equal(losses->at("loss")[0], engine::ReadEval(select_[j])->loss));
    EXPECT_TRUE(at::equal(losses->at("loss")[4], engine::ReadEval(select_[i])->loss));
    curves["pair/" + std::to_string(i) + "/" + std::to_string(j)] = paths.Artifact(job, "curve");
  }
  const Ran matrix = Run({WriteJobs({StudyJob(200, "matrix", study_,
                                              {{"metric", "convexity_gap"},
                                               {"members", Members()},
                                               {"pairs", pairs},
                                               {"detail", Json::object()}},
                                              curves)})});
  ASSERT_EQ(matrix.exit.code, 0) << matrix.log;
  const Json json = *ReadJsonFile(matrix.Artifact(200, "matrix"));
  const Json curve = *ReadJsonFile(curves["pair/0/1"]);
  EXPECT_EQ(json["values"][0][1], curve["convexity_gap"]);
  EXPECT_EQ(json["values"][1][0], curve["convexity_gap"]);
  EXPECT_GE(curve["convexity_gap"].get<double>(), curve["barrier"].get<double>());
  EXPECT_EQ(json["detail"]["item_hash"], curve["item_hash"]);
}

TEST_F(MiniStudyTest, GramsJoinInACkaMatrix) {
  Json jobs;
  for (int i = 0; i < 3; ++i) {
    jobs.push_back(StudyJob(300 + i, "gram", study_,
                            With(kItems, {{"samples", 40}, {"layers", {"last", "layer.0"}}}),
                            {{"weights", weights_[i]}}));
  }
  const Ran grams = Run({WriteJobs(jobs)});
  ASSERT_EQ(grams.exit.code, 0) << grams.log;
  std::map<std::string, std::string> inputs;
  for (int i = 0; i < 3; ++i)
    inputs["member/" + std::to_string(i)] = grams.Artifact(300 + i, "gram");
  const Ran matrix = Run({WriteJobs({StudyJob(310, "matrix", study_,
                                              {{"metric", "cka"},
                                               {"members", Members()},
                                               {"pairs", Json::array({{0, 1}, {0, 2}, {1, 2}})},
                                               {"detail", {{"estimator", "biased"}}}},
                                              inputs)})});
  ASSERT_EQ(matrix.exit.code, 0) << matrix.log;
  const Json json = *ReadJsonFile(matrix.Artifact(310, "matrix"));
  EXPECT_EQ(json["detail"]["n"], 40);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(json["values"][i][i], 1.0);
    for (int j = 0; j < i; ++j) {
      EXPECT_GT(json["values"][i][j].get<double>(), 0.05);
      EXPECT_LT(json["values"][i][j].get<double>(), 1);
    }
  }
  EXPECT_FALSE(matrix.Artifact(310, "matrix/layer.0").empty());
}

TEST_F(MiniStudyTest, ASoupIsTheModelThatItsTableTalksAbout) {
  const std::map<std::string, std::string> inputs = SoupInputs();
  for (const std::string type : {"greedy", "uniform"}) {
    SCOPED_TRACE(type);
    const Ran soup = Run({WriteJobs({StudyJob(
        400, "soup", study_,
        {{"type", type}, {"members", Members()}, {"select", "select"}, {"report", "report"}},
        inputs)})});
    ASSERT_EQ(soup.exit.code, 0) << soup.log;
    const Json json = *ReadJsonFile(soup.Artifact(400, "soup"));
    std::vector<std::string> models;
    for (const Json& row : json["table"]) models.push_back(row["model"]);
    std::vector<std::string> expected = {"greedy soup", "uniform soup", "logit ensemble",
                                         "best single"};
    if (type == "uniform") expected.erase(expected.begin());
    EXPECT_EQ(models, expected);
    EXPECT_EQ(json["trace"].size(), type == "greedy" ? 8u : 0u);
    const double best = json["table"].back()["select"]["loss"];
    if (type == "greedy") {
      EXPECT_LE(json["table"][0]["select"]["loss"].get<double>(), best);
    }
    EXPECT_EQ(json["order"][0]["member"], json["table"].back()["member"]);

    const Ran again = Run({WriteJobs({StudyJob(401, "evaluate", study_, kItems,
                                               {{"weights", soup.Artifact(400, "weights")}})})});
    ASSERT_EQ(again.exit.code, 0) << again.log;
    EXPECT_NEAR((*again.Find("done", 401))["summary"]["loss"].get<double>(),
                json["table"][0]["select"]["loss"].get<double>(), 1e-9);
  }
}

TEST_F(MiniStudyTest, ASoupIsChosenOnOneHalfAndReportedOnTheOther) {
  std::map<std::string, std::string> inputs = SoupInputs();
  for (int i = 0; i < 3; ++i) inputs["report/" + std::to_string(i)] = select_[i];
  Json job = SoupJob(800, "greedy", inputs);
  job["spec"]["report"] = "select";
  job["spec"]["split_half"] = 4;
  const Ran soup = Run({WriteJobs({job})});
  ASSERT_EQ(soup.exit.code, 0) << soup.log;
  const Json json = *ReadJsonFile(soup.Artifact(800, "soup"));
  EXPECT_EQ(json["select_split"], "select half 1");
  EXPECT_EQ(json["report_split"], "select half 2");
  const int64_t whole = engine::ReadEval(select_[0])->loss.numel();
  const auto single = json["table"].back();
  EXPECT_EQ(single["select"]["n"], whole / 2);
  EXPECT_EQ(single["report"]["n"], whole - whole / 2);
  // The two halves are the split: so are the sums of the losses of whichever model.
  const int best = std::stoi(single["member"].get<std::string>().substr(1));
  const double sum = single["select"]["loss"].get<double>() * (whole / 2) +
                     single["report"]["loss"].get<double>() * (whole - whole / 2);
  EXPECT_NEAR(sum, engine::Score(*engine::ReadEval(select_[best])).loss * whole, 1e-6);
  const Ran again = Run({WriteJobs(
      {StudyJob(801, "evaluate", study_, kItems, {{"weights", soup.Artifact(800, "weights")}})})});
  ASSERT_EQ(again.exit.code, 0) << again.log;
  const Json row = json["table"][0];
  EXPECT_NEAR((*again.Find("done", 801))["summary"]["loss"].get<double>() * whole,
              row["select"]["loss"].get<double>() * (whole / 2) +
                  row["report"]["loss"].get<double>() * (whole - whole / 2),
              1e-5);
  job["spec"]["report"] = "report";
  const Ran refused = Run({WriteJobs({job})});
  EXPECT_NE((*refused.Find("error", 800))["message"].get<std::string>().find("halves one split"),
            std::string::npos);
}

TEST_F(MiniStudyTest, ASoupStoppedAtAnyCandidateGoesOnAndEndsWithTheSameBytes) {
  const Ran whole = Run({WriteJobs({SoupJob(500, "greedy", SoupInputs())})});
  ASSERT_EQ(whole.exit.code, 0) << whole.log;
  const std::string expected = Left(whole, 500);
  // Progress is said ten times a second, so the signal comes at whatever candidate is tried then.
  Json job = SoupJob(501, "greedy", SoupInputs());
  int attempts = 0;
  for (Ran ran;; ++attempts) {
    ASSERT_LT(attempts, 12);
    bool signalled = false;
    ran = Run({WriteJobs({job})}, [&](const Json& event, const Subprocess& process) {
      if (event["event"] != "progress" || signalled) return;
      signalled = true;
      process.Kill(SIGTERM);
    });
    if (ran.exit.code == 0) {
      EXPECT_EQ(Left(ran, 501), expected);
      EXPECT_EQ((*ran.Find("done", 501))["summary"]["evaluations"],
                (*whole.Find("done", 500))["summary"]["evaluations"]);
      break;
    }
    ASSERT_EQ(ran.exit.code, kExitStopped) << ran.log;
    ASSERT_NE(ran.Find("preempted", 501), nullptr);
    std::string newest;
    for (const Json& event : ran.events) {
      if (event["event"] == "checkpoint") newest = event["path"];
    }
    if (newest.empty()) break;  // before the first candidate: there is nothing to keep
    job["resume"] = JoinPath(dir_.path(), "kept" + std::to_string(attempts));
    ASSERT_TRUE(RenameFile(newest, job["resume"]).ok());
  }
  // To the end from wherever that was.
  const Ran resumed = Run({WriteJobs({job})});
  ASSERT_EQ(resumed.exit.code, 0) << resumed.log;
  EXPECT_EQ(Left(resumed, 501), expected);
}

TEST_F(MiniStudyTest, ASoupTakesWhatPathsHaveMeasuredAndEndsWithTheSameBytes) {
  const Ran alone = Run({WriteJobs(
      {SoupJob(600, "greedy", SoupInputs()), SoupJob(601, "running_mean", SoupInputs())})});
  ASSERT_EQ(alone.exit.code, 0) << alone.log;
  Json paths;
  for (const auto& [i, j] :
       {std::pair(0, 1), std::pair(2, 0), std::pair(1, 2)})  // either way round
    paths.push_back(StudyJob(
        610 + 10 * i + j, "path", study_, With(kItems, {{"alphas", 11}, {"space", "merged"}}),
        {{"a", weights_[i]}, {"b", weights_[j]}, {"end_a", select_[i]}, {"end_b", select_[j]}}));
  const Ran measured = Run({WriteJobs(paths)});
  ASSERT_EQ(measured.exit.code, 0) << measured.log;
  std::map<std::string, std::string> inputs = SoupInputs();
  inputs["path/0/1"] = measured.Artifact(611, "curve");
  inputs["path/2/0"] = measured.Artifact(630, "curve");
  inputs["path/1/2"] = measured.Artifact(622, "curve");
  const Ran with =
      Run({WriteJobs({SoupJob(700, "greedy", inputs), SoupJob(701, "running_mean", inputs)})});
  ASSERT_EQ(with.exit.code, 0) << with.log;
  for (const int k : {0, 1}) {
    EXPECT_EQ(Left(with, 700 + k), Left(alone, 600 + k));
    const Json now = (*with.Find("done", 700 + k))["summary"]["evaluations"],
               before = (*alone.Find("done", 600 + k))["summary"]["evaluations"];
    EXPECT_GE(now["from_paths"], k == 0 ? 4 : 1);
    EXPECT_LT(now["done"], before["done"]);
    EXPECT_EQ(now["naive"], before["naive"]);
  }
}

}  // namespace
}  // namespace eida::runner
