#include "server/app/ports.h"

#include "common/base/clock.h"

namespace eida::app {
namespace {

class Writer final : public service::ContentWriter {
 public:
  Writer(std::unique_ptr<artifacts::BlobWriter> writer, telemetry::Histogram io, const char* where)
      : writer_(std::move(writer)), io_(std::move(io)), where_(where) {}
  Status Append(const std::string& data) override { return writer_->Append(data); }
  Result<bool> Commit() override {
    EIDA_RETURN_IF_ERROR(writer_->Commit());
    io_.Observe({"put", where_}, watch_.Seconds());
    return !writer_->existed();
  }

 private:
  std::unique_ptr<artifacts::BlobWriter> writer_;
  telemetry::Histogram io_;
  const char* where_;
  Stopwatch watch_;
};

class Reader final : public service::ContentReader {
 public:
  Reader(std::unique_ptr<artifacts::BlobReader> reader, telemetry::CoordinatorMetrics& metrics,
         const char* where)
      : reader_(std::move(reader)), metrics_(metrics), where_(where) {}
  int64_t size() const override { return reader_->size(); }
  Result<std::string> Next(size_t max) override {
    Result<std::string> bytes = reader_->Read(max);
    if (bytes.ok() && bytes->empty()) metrics_.store_io.Observe({"get", where_}, watch_.Seconds());
    if (bytes.status().code() == absl::StatusCode::kDataLoss)
      metrics_.store_digest_failures.Add({where_});
    return bytes;
  }

 private:
  std::unique_ptr<artifacts::BlobReader> reader_;
  telemetry::CoordinatorMetrics& metrics_;
  const char* where_;
  Stopwatch watch_;
};

}  // namespace

Result<std::vector<service::SweepRow>> StoreRecords::Sweeps(const std::vector<SweepId>& ids,
                                                            bool with_source) {
  EIDA_ASSIGN_OR_RETURN(std::vector<store::SweepRow> rows, reader_.Sweeps({ids, with_source}));
  std::vector<service::SweepRow> out;
  for (store::SweepRow& row : rows) {
    service::SweepRow mapped{std::move(row.sweep), {}};
    for (const auto& [state, n] : row.jobs) mapped.jobs_by_state[ToString(state)] = n;
    out.push_back(std::move(mapped));
  }
  return out;
}

Result<std::vector<JobRecord>> StoreRecords::Jobs(const service::JobQuery& query) {
  return reader_.Jobs(
      {.sweep = query.sweep, .kinds = query.kinds, .ids = query.ids, .with_spec = query.with_spec});
}

Result<std::vector<service::JobSeries>> StoreRecords::Metrics(SweepId sweep, JobId job,
                                                              const std::string& series) {
  EIDA_ASSIGN_OR_RETURN(std::vector<store::JobMetrics> rows, reader_.Metrics(sweep, job, series));
  std::vector<service::JobSeries> out;
  for (store::JobMetrics& row : rows) out.push_back({row.job, std::move(row.points)});
  return out;
}

Result<service::LogPage> StoreRecords::Logs(JobId job, Attempt attempt, int64_t after,
                                            int64_t limit) {
  EIDA_ASSIGN_OR_RETURN(store::LogPage page, reader_.Logs(job, attempt, after, limit));
  return service::LogPage{std::move(page.lines), page.cursor};
}

Result<std::unique_ptr<service::ContentWriter>> BlobContent::Write(const Digest& digest,
                                                                   int64_t size) {
  EIDA_ASSIGN_OR_RETURN(auto writer, blobs_.NewWriter(digest, size));
  const char* where = size <= small_limit_ ? "inline" : "file";
  return std::unique_ptr<service::ContentWriter>(
      new Writer(std::move(writer), metrics_.store_io, where));
}

Result<std::unique_ptr<service::ContentReader>> BlobContent::Read(const Digest& digest) {
  EIDA_ASSIGN_OR_RETURN(auto reader, blobs_.NewReader(digest));
  const char* where = reader->size() <= small_limit_ ? "inline" : "file";
  return std::unique_ptr<service::ContentReader>(new Reader(std::move(reader), metrics_, where));
}

int64_t BlobContent::StoredBytes() {
  const auto usage = blobs_.Usage();
  return usage.ok() ? usage->bytes : 0;
}

int64_t BlobContent::FreeBytes() {
  const auto usage = blobs_.Usage();
  return usage.ok() ? usage->free : 0;
}

}  // namespace eida::app
