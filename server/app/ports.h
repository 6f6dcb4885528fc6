// The service's ports over the store and the blobs. Adapters only.
#pragma once

#include "common/telemetry/coordinator_metrics.h"
#include "server/artifacts/blobs.h"
#include "server/service/ports.h"
#include "server/store/reader.h"

namespace eida::app {

class StoreRecords final : public service::Records {
 public:
  StoreRecords(const store::Reader& reader, int schema_version)
      : reader_(reader), schema_version_(schema_version) {}
  Result<std::vector<service::SweepRow>> Sweeps(const std::vector<SweepId>& ids,
                                                bool with_source) override;
  Result<std::vector<RunRecord>> Runs(SweepId sweep) override { return reader_.Runs(sweep); }
  Result<std::vector<JobRecord>> Jobs(const service::JobQuery& query) override;
  Result<std::vector<CheckpointRecord>> Checkpoints(SweepId sweep, JobId job) override {
    return reader_.Checkpoints(sweep, job);
  }
  Result<std::vector<service::JobSeries>> Metrics(SweepId sweep, JobId job,
                                                  const std::string& series) override;
  Result<service::LogPage> Logs(JobId job, Attempt attempt, int64_t after, int64_t limit) override;
  Result<std::vector<EventRecord>> Events(const service::EventQuery& query) override {
    return reader_.Events(query.sweep, query.job, query.after, query.limit);
  }
  int SchemaVersion() override { return schema_version_; }

 private:
  const store::Reader& reader_;
  const int schema_version_;
};

class BlobContent final : public service::Content {
 public:
  // `small_limit`: what the blobs were opened with; only a label of the metrics depends on it.
  BlobContent(artifacts::Blobs& blobs, int64_t small_limit, telemetry::CoordinatorMetrics& metrics)
      : blobs_(blobs), small_limit_(small_limit), metrics_(metrics) {}
  Result<bool> Has(const Digest& digest) override { return blobs_.Has(digest); }
  Result<std::unique_ptr<service::ContentWriter>> Write(const Digest& digest,
                                                        int64_t size) override;
  Result<std::unique_ptr<service::ContentReader>> Read(const Digest& digest) override;
  int64_t StoredBytes() override;
  int64_t FreeBytes() override;

 private:
  artifacts::Blobs& blobs_;
  const int64_t small_limit_;
  telemetry::CoordinatorMetrics& metrics_;
};

}  // namespace eida::app
