#include "tests/unit/client/study.h"

#include "common/base/json.h"
#include "gtest/gtest.h"
#include "tests/unit/inputs/model_dir.h"

namespace eida::client {
namespace {

constexpr int64_t kCreated = 1'700'000'000'000;

v1::Sweep MakeSweep(int64_t id, const std::string& name, v1::SweepState state) {
  v1::Sweep sweep;
  sweep.set_id(id);
  sweep.set_name(name);
  sweep.set_state(state);
  sweep.set_source("name: " + name + "\n");
  sweep.set_resolved(
      Json{{"eval", {{"metric", "accuracy"}, {"split", "select"}, {"report", "report"}}},
           {"overrides", {"preset=smoke"}},
           {"model", {{"path", "models/tiny"}}},
           {"data", {{"splits", {{{"name", "train"}, {"file", "reviews.tsv"}}}}}},
           {"inputs",
            {{"model", {{"digest", "abc"}, {"architecture", "bert"}, {"labels", 2}}},
             {"data",
              {{"task", "classification"},
               {"format", "tsv"},
               {"columns", {{"text", "text"}}},
               {"splits", {{{"name", "train"}, {"digest", "def"}}, {{"name", "select"}}}}}}}}}
          .dump());
  sweep.set_created_ms(kCreated);
  sweep.set_finished_ms(kCreated + 60'000);
  (*sweep.mutable_jobs_by_state())["succeeded"] = 9;
  (*sweep.mutable_jobs_by_state())["failed"] = 1;
  return sweep;
}

v1::Job MakeJob(int64_t id, v1::JobKind kind, const std::string& name, const Json& summary,
                v1::JobState state = v1::JOB_STATE_SUCCEEDED) {
  v1::Job job;
  job.set_id(id);
  job.set_sweep(2);
  job.set_kind(kind);
  job.set_name(name);
  job.set_state(state);
  job.set_attempt(1);
  job.set_worker("w1");
  job.set_started_ms(kCreated);
  job.set_finished_ms(kCreated + 5'000);
  if (state == v1::JOB_STATE_SUCCEEDED) job.set_summary(summary.dump());
  return job;
}

v1::Run MakeRun(int64_t id, int64_t sweep, const std::string& variant, int64_t seed,
                int64_t train_job) {
  v1::Run run;
  run.set_id(id);
  run.set_sweep(sweep);
  run.set_name(variant + "/seed" + std::to_string(seed));
  run.set_variant(variant);
  run.set_seed(seed);
  run.set_train_job(train_job);
  run.set_trainable_parameters(variant == "full" ? 1000 : 40);
  run.set_base_parameters(1000);
  run.set_settings(R"({"train": {"lr": 0.001}})");
  return run;
}

void AddArtifact(FakeApi& api, v1::Job& job, const std::string& name, const Json& content) {
  v1::Artifact* artifact = job.add_artifacts();
  artifact->set_name(name);
  artifact->set_kind(name);
  artifact->set_digest(api.Keep(content.dump()));
}

void AddPoints(FakeApi& api, int64_t job, const std::string& series,
               const std::vector<double>& values) {
  v1::JobMetrics of_job;
  of_job.set_job(job);
  for (size_t i = 0; i < values.size(); ++i) {
    v1::MetricPoint* point = of_job.add_points();
    point->set_series(series);
    point->set_step(static_cast<int64_t>(i));
    point->set_value(values[i]);
  }
  api.metrics.push_back(of_job);
}

void AddRuns(FakeApi& api) {
  const char* variants[] = {"full", "full", "lora-r8", "lora-r8"};
  for (int64_t i = 0; i < 4; ++i) {
    v1::Run run = MakeRun(101 + i, 2, variants[i], i % 2, 11 + i);
    v1::Job train =
        MakeJob(11 + i, v1::JOB_KIND_TRAIN, "train/" + run.name(), {{"steps", 8}, {"seconds", 5.0}},
                i == 3 ? v1::JOB_STATE_FAILED : v1::JOB_STATE_SUCCEEDED);
    train.set_run(run.id());
    if (i == 3)
      train.set_error_message("loss is not finite"), train.set_error(v1::ERROR_CLASS_NONFINITE);
    api.jobs.push_back(train);
    AddPoints(api, 11 + i, "train/loss", {1.0, 0.5 + 0.1 * static_cast<double>(i)});
    api.runs.push_back(run);
  }
  for (int64_t i = 0; i < 3; ++i) {
    for (const char* split : {"select", "report"}) {
      v1::Job evaluate = MakeJob(
          *split == 's' ? 21 + i : 24 + i, v1::JOB_KIND_EVALUATE,
          "evaluate/" + api.runs[static_cast<size_t>(i)].name() + "/" + split,
          {{"split", split}, {"loss", 0.5}, {"accuracy", 0.8}, {"f1", 0.75}, {"item_passes", 64}});
      evaluate.set_run(101 + i);
      api.jobs.push_back(evaluate);
    }
  }
}

void AddMatrix(FakeApi& api, int64_t id, const std::string& name, const std::string& metric) {
  v1::Job job = MakeJob(id, v1::JOB_KIND_MATRIX, "matrix/" + name,
                        {{"metric", metric}, {"mean", 0.5}, {"min", 0.25}, {"max", 0.75}});
  const Json members = {{{"label", "full/seed0"}}, {{"label", "lora-r8/seed0"}}};
  job.set_spec(Json{{"metric", metric}, {"members", members}, {"pairs", {{0, 1}}}}.dump());
  AddArtifact(api, job, "matrix",
              {{"metric", metric},
               {"labels", {"full/seed0", "lora-r8/seed0"}},
               {"variants", {"full", "lora-r8"}},
               {"seeds", {0, 0}},
               {"values", {{1.0, 0.25}, {0.25, 1.0}}},
               {"detail", {{"split", "select"}, {"n", 64}}}});
  api.jobs.push_back(job);
}

void AddSoup(FakeApi& api, int64_t id, const std::string& name, const Json& trace) {
  v1::Job job = MakeJob(id, v1::JOB_KIND_SOUP, "soup/" + name,
                        {{"accepted", 1}, {"select", {{"loss", 0.4}}}});
  job.set_spec(Json{{"type", trace.empty() ? "uniform" : "greedy"}, {"members", {{}, {}}}}.dump());
  const Json score = {{"loss", 0.4}, {"accuracy", 0.9}, {"f1", 0.85}};
  AddArtifact(api, job, "soup",
              {{"type", trace.empty() ? "uniform" : "greedy"},
               {"select_split", "select"},
               {"report_split", "report"},
               {"order", {{{"member", "full/seed0"}, {"loss", 0.5}}}},
               {"trace", trace},
               {"table",
                {{{"model", trace.empty() ? "uniform soup" : "greedy soup"},
                  {"select", score},
                  {"report", score}},
                 {{"model", "best single"},
                  {"member", "full/seed0"},
                  {"select", score},
                  {"report", score}}}}});
  api.jobs.push_back(job);
}

// What full/seed0 wrote.
void AddTexts(FakeApi& api, int64_t id) {
  v1::Job job =
      MakeJob(id, v1::JOB_KIND_GENERATE, "generate/full/seed0/report", {{"n", 1}, {"bleu", 31.5}});
  job.set_run(101);
  AddArtifact(api, job, "texts",
              {{"item", 7},
               {"source", "name[Aromi]"},
               {"text", "Aromi is a pub."},
               {"references", {"Aromi is a pub .", "There is a pub, Aromi."}}});
  api.jobs.push_back(job);
}

// Two layers, one input and one update each, at two sizes and two dimensions.
void AddObservation(FakeApi& api, int64_t id) {
  v1::Job job = MakeJob(id, v1::JOB_KIND_OBSERVE, "observe/base", {{"repeats", 2}});
  Json sites = Json::array();
  for (const char* side : {"input", "update"}) {
    for (int layer = 0; layer < 2; ++layer) {
      const double at = 0.5 + 0.1 * layer;
      const Json cosine = {{at, at + 0.2}, {at + 0.02, at + 0.22}};
      sites.push_back({{"name", "bert.encoder.layer." + std::to_string(layer) + ".output.dense"},
                       {"role", "fc2"},
                       {"side", side},
                       {"sizes",
                        {{{"tokens", {16, 15}}, {"cosine", cosine}},
                         {{"tokens", {32, 31}}, {"cosine", cosine}}}}});
    }
  }
  AddArtifact(api, job, "observation",
              {{"split", "train"},
               {"sequences", {8, 16}},
               {"dims", {32, 64}},
               {"repeats", 2},
               {"held_out", 64},
               {"sites", sites}});
  api.jobs.push_back(job);
}

}  // namespace

FakeApi DemoApi() {
  FakeApi api;
  api.sweeps = {MakeSweep(1, "old", v1::SWEEP_STATE_CANCELLED),
                MakeSweep(2, "demo", v1::SWEEP_STATE_SUCCEEDED)};
  AddRuns(api);
  AddMatrix(api, 31, "cka", "cka");
  AddMatrix(api, 32, "gap", "convexity_gap");
  v1::Job path =
      MakeJob(33, v1::JOB_KIND_PATH, "path/full/seed0~lora-r8/seed0", {{"convexity_gap", 0.1}});
  AddArtifact(api, path, "curve",
              {{"alphas", {0.0, 0.5, 1.0}},
               {"loss", {0.5, 0.9, 0.6}},
               {"envelope", {0.5, 0.55, 0.6}},
               {"convexity_gap", 0.1},
               {"n", 64}});
  api.jobs.push_back(path);
  AddSoup(api, 41, "greedy",
          {{{"member", "full/seed1"}, {"alpha", 0.5}, {"loss", 0.4}, {"accepted", true}},
           {{"member", "lora-r8/seed0"}, {"alpha", 0.2}, {"loss", 0.6}, {"accepted", false}}});
  AddSoup(api, 42, "uniform-lora", Json::array());
  AddTexts(api, 51);
  AddObservation(api, 52);
  v1::Job old = MakeJob(1, v1::JOB_KIND_TRAIN, "train/full/seed0", {}, v1::JOB_STATE_CANCELLED);
  old.set_sweep(1);
  old.set_run(1);
  api.jobs.push_back(old);
  api.runs.push_back(MakeRun(1, 1, "full", 0, 1));
  v1::Checkpoint checkpoint;
  checkpoint.set_job(11);
  checkpoint.set_attempt(1);
  checkpoint.set_step(4);
  checkpoint.mutable_artifact()->set_digest(std::string(64, 'a'));
  checkpoint.mutable_artifact()->set_size(2048);
  api.checkpoints.push_back(checkpoint);
  for (int64_t seq = 1; seq <= 3; ++seq) {
    for (const int64_t job : {11, 12}) {
      v1::LogLine line;
      line.set_job(job);
      line.set_attempt(seq < 3 ? 1 : 2);
      line.set_seq(seq);
      line.set_at_ms(kCreated + seq);
      line.set_text("line " + std::to_string(seq) + " of j" + std::to_string(job));
      api.logs.push_back(line);
    }
  }
  v1::Event event;
  event.set_id(7);
  event.set_at_ms(kCreated);
  event.set_sweep(2);
  event.set_job(14);
  event.set_type("failed");
  event.set_message("loss is not finite, at step 3");
  api.events.push_back(event);
  v1::Worker worker;
  worker.set_id("w1");
  worker.set_host("here");
  worker.set_state(v1::WORKER_STATE_BUSY);
  worker.add_slots()->set_lease(5);
  api.workers.push_back(worker);
  api.progress[1] = {Ended(TrainProgress(1, 1, 0), v1::SWEEP_STATE_CANCELLED)};
  api.progress[2] = {TrainProgress(2, 4, 2, 2),
                     Ended(TrainProgress(2, 4, 4), v1::SWEEP_STATE_SUCCEEDED)};
  return api;
}

v1::SweepProgress TrainProgress(int64_t sweep, int64_t all, int64_t done, int64_t running,
                                double seconds_each) {
  v1::SweepProgress progress;
  progress.mutable_sweep()->set_id(sweep);
  progress.mutable_sweep()->set_name("demo");
  progress.mutable_sweep()->set_state(v1::SWEEP_STATE_RUNNING);
  v1::KindProgress* train = progress.add_kinds();
  train->set_kind(v1::JOB_KIND_TRAIN);
  (*train->mutable_by_state())["succeeded"] = done;
  (*train->mutable_by_state())["running"] = running;
  (*train->mutable_by_state())["blocked"] = all - done - running;
  train->set_finished_timed(done);
  train->set_finished_seconds(seconds_each * static_cast<double>(done));
  for (int64_t i = 0; i < running; ++i) {
    v1::Job* job = progress.add_active();
    job->set_id(11 + done + i);
    job->set_name("train/full/seed" + std::to_string(done + i));
    job->set_worker("w1");
    job->mutable_progress()->set_done(3);
    job->mutable_progress()->set_total(4);
    job->mutable_progress()->set_unit("steps");
  }
  progress.set_slots_total(2);
  progress.set_slots_busy(static_cast<int>(running));
  progress.set_workers(1);
  return progress;
}

v1::SweepProgress Ended(v1::SweepProgress progress, v1::SweepState state) {
  progress.mutable_sweep()->set_state(state);
  return progress;
}

StudyFiles::StudyFiles() {
  inputs::WriteTinyModel(Path("model"));
  EXPECT_TRUE(WriteFileAtomic(Path("reviews.tsv"),
                              "text\tlabel\none\t0\ntwo\t1\nthree\t1\nfour\t0\nfive\t0\nsix\t1\n")
                  .ok());
  EXPECT_TRUE(WriteFileAtomic(sweep(), inputs::kTinySweep).ok());
}

}  // namespace eida::client
