// Records with every field set so that a mix-up shows: a text holds the name of its proto field, a
// number holds 100 + the number of its proto field. CheckFull walks a message and compares.
#pragma once

#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/domain/messages.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace eida::wire {

inline Digest FullDigest() { return DigestOf("digest"); }
inline ArtifactRef FullArtifact() { return {"name", "kind", FullDigest(), 104, "meta"}; }

inline JobRecord FullJob() {
  JobRecord job;
  job.spec.id = JobId(101);
  job.spec.sweep = SweepId(102);
  job.spec.run = RunId(103);
  job.spec.kind = JobKind::kGram;
  job.spec.name = "name";
  job.spec.spec = "spec";
  job.spec.fingerprint = Fingerprint("fingerprint");
  job.spec.inputs = {{"name", FullDigest()}};
  job.spec.parents = {{"role", JobId(102), "artifact", true}};
  job.spec.cost = 126;
  job.spec.slots = 128;
  job.spec.quorum = 130;
  job.status.state = JobState::kBackoff;
  job.status.attempt = 111;
  job.status.failures = 112;
  job.status.free_failures = 113;
  job.status.reused_from = JobId(114);
  job.status.cause = JobId(115);
  job.status.lacking = 131;
  job.status.error = ErrorClass::kIo;
  job.status.error_message = "error_message";
  job.status.summary = "summary";
  job.status.worker = WorkerId("worker");
  job.status.created.ms = 120;
  job.status.ready_at.ms = 121;
  job.status.started.ms = 122;
  job.status.finished.ms = 123;
  job.status.retry_at.ms = 124;
  job.artifacts = {FullArtifact()};
  return job;
}

inline SweepRecord FullSweep() {
  SweepRecord sweep;
  sweep.id = SweepId(101);
  sweep.name = "name";
  sweep.description = "description";
  sweep.labels = {{"key", "value"}};
  sweep.source = "source";
  sweep.resolved = "resolved";
  sweep.fingerprint = Fingerprint("fingerprint");
  sweep.state = SweepState::kFailed;
  sweep.created.ms = 109;
  sweep.finished.ms = 110;
  sweep.priority = 111;
  return sweep;
}

inline WorkerRecord FullWorker() {
  WorkerRecord worker;
  worker.id = WorkerId("id");
  worker.session = "session";
  worker.host = "host";
  worker.version = "version";
  worker.pid = 105;
  worker.slots = {{101, "device", {103, 103}}};
  worker.state = WorkerState::kDraining;
  worker.joined.ms = 108;
  worker.last_seen.ms = 109;
  return worker;
}

// Paths of fields that are not set, or hold what belongs into another one. `live` fields are not
// part of the record.
inline void Collect(const google::protobuf::Message& m, const std::string& path,
                    const std::vector<std::string>& live, std::vector<std::string>* wrong) {
  using F = google::protobuf::FieldDescriptor;
  const auto& r = *m.GetReflection();
  for (int i = 0; i < m.GetDescriptor()->field_count(); ++i) {
    const F& f = *m.GetDescriptor()->field(i);
    const std::string here = path + "." + f.name();
    if (f.containing_oneof() != nullptr && !r.HasField(m, &f)) continue;
    bool skip = false;
    for (const std::string& name : live) skip = skip || here == name;
    if (skip) continue;
    const bool set = f.is_repeated() ? r.FieldSize(m, &f) > 0 : r.HasField(m, &f);
    const bool empty_message = f.cpp_type() == F::CPPTYPE_MESSAGE && set;
    if (!set && !empty_message) {
      wrong->push_back(here + " is not set");
      continue;
    }
    if (f.is_map()) continue;
    const int n = f.is_repeated() ? r.FieldSize(m, &f) : 1;
    for (int k = 0; k < n; ++k) {
      if (f.cpp_type() == F::CPPTYPE_MESSAGE) {
        Collect(f.is_repeated() ? r.GetRepeatedMessage(m, &f, k) : r.GetMessage(m, &f), here, live,
                wrong);
      } else if (f.cpp_type() == F::CPPTYPE_STRING) {
        const std::string text =
            f.is_repeated() ? r.GetRepeatedString(m, &f, k) : r.GetString(m, &f);
        const std::string want = f.name() == "digest" ? FullDigest().str() : f.name();
        if (text != want) wrong->push_back(here + " holds " + text);
      } else if (f.cpp_type() == F::CPPTYPE_INT64 || f.cpp_type() == F::CPPTYPE_INT32 ||
                 f.cpp_type() == F::CPPTYPE_DOUBLE) {
        double number = 0;
        if (f.cpp_type() == F::CPPTYPE_INT64) {
          number = f.is_repeated() ? r.GetRepeatedInt64(m, &f, k) : r.GetInt64(m, &f);
        } else if (f.cpp_type() == F::CPPTYPE_INT32) {
          number = f.is_repeated() ? r.GetRepeatedInt32(m, &f, k) : r.GetInt32(m, &f);
        } else {
          number = r.GetDouble(m, &f);
        }
        if (number != 100 + f.number()) wrong->push_back(here + " holds " + std::to_string(number));
      }
    }
  }
}

inline std::vector<std::string> CheckFull(const google::protobuf::Message& message,
                                          const std::vector<std::string>& live = {}) {
  std::vector<std::string> wrong;
  Collect(message, message.GetDescriptor()->name(), live, &wrong);
  return wrong;
}

}  // namespace eida::wire
