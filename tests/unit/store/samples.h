// Records with every field set to something of its own, and a study of any size.
#pragma once

#include <string>
#include <vector>

#include "common/base/fs.h"
#include "common/domain/change.h"
#include "gtest/gtest.h"
#include "server/store/reader.h"
#include "server/store/store.h"

namespace eida::store {

#define EXPECT_OK(expr)                                           \
  do {                                                            \
    const ::eida::Status eida_ok = ::eida::store::StatusOf(expr); \
    EXPECT_TRUE(eida_ok.ok()) << eida_ok.ToString();              \
  } while (false)
#define ASSERT_OK(expr)                                           \
  do {                                                            \
    const ::eida::Status eida_ok = ::eida::store::StatusOf(expr); \
    ASSERT_TRUE(eida_ok.ok()) << eida_ok.ToString();              \
  } while (false)
inline Status StatusOf(const Status& status) { return status; }
template <class T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

inline std::unique_ptr<Store> OpenStore(const std::string& dir) {
  Result<std::unique_ptr<Store>> store = Store::Open({dir, nullptr});
  EXPECT_TRUE(store.ok()) << store.status().ToString();
  return store.ok() ? std::move(store).value() : nullptr;
}

inline std::unique_ptr<Reader> OpenReader(const std::string& dir) {
  Result<std::unique_ptr<Reader>> reader = Reader::Open(dir);
  EXPECT_TRUE(reader.ok()) << reader.status().ToString();
  return reader.ok() ? std::move(reader).value() : nullptr;
}

inline std::string Hex(int n) {
  std::string text = std::to_string(n);
  return std::string(64 - text.size(), '0') + text;
}

inline SweepRecord SampleSweep(SweepId id) {
  SweepRecord sweep;
  sweep.id = id;
  sweep.name = "study-" + id.ToString();
  sweep.description = "seeds \"x\" ranks, naïve";
  sweep.labels = {{"owner", "me"}, {"zone", "b"}};
  sweep.source = "name: study\n";
  sweep.resolved = R"({"name":"study"})";
  sweep.fingerprint = Fingerprint(Hex(7));
  sweep.idempotency_key = "key-" + id.ToString();
  sweep.retries = {5, 9, Millis(2500), Millis(70'000), {ErrorClass::kOom, ErrorClass::kData}};
  sweep.max_parallel = 4;
  sweep.max_failures = 2;
  sweep.priority = -3;
  sweep.created = {1'700'000'000'123};
  return sweep;
}

inline RunRecord SampleRun(RunId id, SweepId sweep, JobId train) {
  return {id,
          sweep,
          static_cast<int>(id.value()) - 1,
          "lora-r8/seed" + id.ToString(),
          "lora-r8",
          41,
          R"({"r":8})",
          train,
          12'345,
          22'000'000};
}

// The spec of a path job, as long as a real one; `i` makes it one of its own.
inline std::string SampleSpec(int i) {
  return R"({"a":{"adapter":{"alpha":32,"bias":"none","dropout":0.1,"r":8,"targets":["query","value"],"type":"lora"},"seed":)" +
         std::to_string(i) +
         R"(},"alphas":11,"data":{"columns":{"label":"label","text":"text"},"format":"tsv","limit":{},)" +
         R"("max_length":64,"splits":{"report":{"digest":")" + Hex(1) +
         R"("},"select":{"digest":")" + Hex(2) + R"("},"train":{"digest":")" + Hex(3) +
         R"("}},"task":"classification"},"item_seed":0,"kind":"path","model":)" +
         R"({"architecture":"bert","digest":")" + Hex(4) +
         R"(","labels":2},"numerics":{"batch_size":64,"precision":"fp32"}})";
}

inline JobRecord SampleJob(JobId id, SweepId sweep, RunId run = {}, JobKind kind = JobKind::kPath) {
  JobRecord job;
  job.spec.id = id;
  job.spec.sweep = sweep;
  job.spec.run = run;
  job.spec.kind = kind;
  job.spec.name = std::string(ToString(kind)) + "/" + id.ToString();
  job.spec.spec = SampleSpec(static_cast<int>(id.value()));
  job.spec.fingerprint = Fingerprint(Hex(1000 + static_cast<int>(id.value())));
  job.spec.inputs = {{"model/config.json", Digest(Hex(11))},
                     {"model/model.safetensors", Digest(Hex(12))},
                     {"data/train", Digest(Hex(13))}};
  job.spec.bundle_key = "row/" + sweep.ToString();
  job.spec.cost = 2.25;
  job.spec.slots = 2;
  job.status.state = JobState::kReady;
  job.status.created = {1'700'000'000'500};
  return job;
}

// A study of `trainings` train jobs and as many path jobs over them as fit in `paths`; ids from 1.
inline AddSweep SampleStudy(int trainings, int paths, SweepId sweep = SweepId(1),
                            int64_t first = 1) {
  AddSweep add{SampleSweep(sweep), {}, {}};
  for (int i = 0; i < trainings; ++i) {
    const JobId job(first + i);
    add.runs.push_back(SampleRun(RunId(first + i), sweep, job));
    add.jobs.push_back(SampleJob(job, sweep, RunId(first + i), JobKind::kTrain));
  }
  for (int i = 0; i < paths; ++i) {
    JobRecord job = SampleJob(JobId(first + trainings + i), sweep);
    job.status.state = JobState::kBlocked;
    for (const char* role : {"a", "b", "end_a", "end_b"}) {
      job.spec.parents.push_back(
          {role, JobId(first + (i + (role[0] == 'b')) % trainings), "weights"});
    }
    job.spec.parents.push_back({"path/0/1", JobId(first + i % trainings), "curve", true});
    add.jobs.push_back(std::move(job));
  }
  return add;
}

}  // namespace eida::store
