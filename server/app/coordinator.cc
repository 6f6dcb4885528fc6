#include "server/app/coordinator.h"

#include <unistd.h>

#include <atomic>
#include <future>
#include <optional>

#include "common/base/fs.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/http/server.h"
#include "common/rpc/certificate.h"
#include "common/rpc/discovery.h"
#include "common/rpc/token.h"
#include "server/app/counters.h"
#include "server/app/data_dir.h"
#include "server/app/failpoint.h"
#include "server/app/live_scheduler.h"
#include "server/app/ports.h"
#include "server/sched/recover.h"
#include "server/service/rpc_server.h"
#include "server/store/blob_table.h"
#include "server/store/store.h"

namespace eida::app {
namespace {

constexpr Millis kLoopPatience{2'000};  // a loop that is silent for longer is reported as sick

// The database no longer is what is in memory: nothing may leave. Restart recovers from what is
// durable.
[[noreturn]] void EndOfProcess(const Status& status) {
  EIDA_ERROR(
      "the commit failed, so the coordinator stops before anything of it is answered: {}; repair "
      "the cause and start "
      "again: it goes on from what is durable",
      Message(status));
  spdlog::shutdown();
  ::_exit(70);
}

}  // namespace

// Members in the order of dependency; destruction runs backwards.
struct Coordinator::Impl {
  Impl(const ServeOptions& o, const Clock& c) : options(o), clock(c) {}

  Status OpenData();
  Status StartLoop();
  Status Serve();
  std::string MetricsText();
  http::Health Health();
  std::vector<std::pair<std::string, std::string>> StatusRows();

  const ServeOptions options;
  const Clock& clock;
  telemetry::CoordinatorMetrics metrics;
  std::string token_file;
  std::string token;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::BlobTable> table;
  std::unique_ptr<store::Reader> reader;
  std::optional<artifacts::SmallBlobsOver<store::BlobTable>> small;
  std::unique_ptr<artifacts::Blobs> blobs;
  std::optional<StoreRecords> records;
  std::optional<BlobContent> content;
  std::optional<service::SweepPlanner> planner;
  std::optional<Loop> loop;
  std::optional<LiveScheduler> scheduler;
  std::unique_ptr<service::RpcServer> rpc;
  std::optional<http::Site> site;
  std::unique_ptr<http::Server> http;
  std::optional<rpc::Announcement> announcement;
  std::atomic<int64_t> busy_waits = store::BusyWaits();  // those that db_busy has counted
  bool stopped = false;
};

Status Coordinator::Impl::OpenData() {
  EIDA_RETURN_IF_ERROR(PrepareDataDir(options.data));
  const auto timed = [this](const char* op, double seconds) {
    metrics.db_transaction.Observe({op}, seconds);
  };
  auto opened = store::Store::Open({options.data, timed});
  if (opened.status().code() == absl::StatusCode::kUnavailable) {
    return Unavailable(Message(opened.status()) +
                       "; stop that one, or choose another directory with --data");
  }
  EIDA_ASSIGN_OR_RETURN(store, std::move(opened));
  EIDA_ASSIGN_OR_RETURN(table, store::BlobTable::Open(options.data, store->write_mutex(), timed));
  EIDA_ASSIGN_OR_RETURN(reader, store::Reader::Open(options.data, timed));
  small.emplace(*table);
  artifacts::BlobsOptions blob_options;
  blob_options.dir = JoinPath(options.data, "blobs");
  blob_options.on_damage = [](const std::string& what) { EIDA_ERROR("damaged content: {}", what); };
  EIDA_ASSIGN_OR_RETURN(blobs, artifacts::Blobs::Open(blob_options, *small));
  records.emplace(*reader, store->schema_version());
  content.emplace(*blobs, blob_options.small_limit, metrics);
  planner.emplace(*content);
  metrics.db_schema_version.Set(store->schema_version());
  if (options.insecure) {
    EIDA_WARN(
        "--insecure: no token is asked for; every program on this machine can use the coordinator");
    return OkStatus();
  }
  token_file = options.token_file.empty() ? JoinPath(options.data, "token") : options.token_file;
  EIDA_ASSIGN_OR_RETURN(token, rpc::LoadOrCreateToken(token_file));
  return OkStatus();
}

Status Coordinator::Impl::StartLoop() {
  EIDA_ASSIGN_OR_RETURN(const Snapshot snapshot, store->Load());
  sched::RecordingEffects effects;
  sched::Options sched_options;
  sched_options.lease_ttl = options.lease_ttl;
  sched::Core core = sched::Recover(snapshot, effects, clock.Read(), sched_options);
  if (!effects.changes.empty()) EIDA_RETURN_IF_ERROR(store->Apply(effects.changes));
  EIDA_INFO("recovered {} sweeps, {} jobs, {} open attempts", snapshot.sweeps.size(),
            snapshot.jobs.size(), snapshot.open_attempts.size());
  Loop::Options loop_options;
  loop_options.commit = [this](const std::vector<Change>& changes) {
    return store->Apply(changes);
  };
  loop_options.fatal = EndOfProcess;
  loop.emplace(std::move(core), std::move(loop_options), clock);
  scheduler.emplace(*loop, metrics);
  loop->Start(*scheduler);
  return OkStatus();
}

Status Coordinator::Impl::Serve() {
  if (!options.tls_cert.empty()) {
    EIDA_ASSIGN_OR_RETURN(const WallTime end, rpc::CertificateEnd(options.tls_cert));
    metrics.tls_not_after.Set({"server"}, static_cast<double>(end.ms) / 1000);
  }
  service::RpcServerOptions rpc_options;
  rpc_options.listen = options.listen;
  rpc_options.tls_cert = options.tls_cert;
  rpc_options.tls_key = options.tls_key;
  rpc_options.token = token;
  rpc_options.before_reply = [] { Failpoint("before_reply"); };
  EIDA_ASSIGN_OR_RETURN(rpc, service::RpcServer::Start(rpc_options, {*scheduler, *records, *content,
                                                                     *planner, metrics, clock}));
  if (options.http) {
    http::SiteOptions site_options;
    site_options.title = "Eida coordinator";
    site_options.metrics = [this] { return MetricsText(); };
    site_options.health = [this] { return Health(); };
    site_options.status = [this] { return StatusRows(); };
    if (!options.http->IsLoopback()) site_options.token = token;
    site_options.hosts = {options.http->host};
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) == 0) site_options.hosts.emplace_back(host);
    site_options.refused = [this](const char* reason) {
      metrics.auth_failures.Add({"http", reason});
    };
    site.emplace(std::move(site_options));
    http::ServerOptions http_options;
    http_options.listen = *options.http;
    if (!options.http->IsLoopback()) {
      http_options.tls_cert = options.tls_cert;
      http_options.tls_key = options.tls_key;
    }
    EIDA_ASSIGN_OR_RETURN(http, http::Server::Start(http_options, *site));
  }
  if (options.announce && options.listen.IsLoopback() && !token.empty()) {
    // A convenience: without it, --token-file still works.
    auto written = rpc::Announcement::Write(rpc->address(), token_file);
    if (written.ok()) {
      announcement.emplace(std::move(*written));
    } else {
      EIDA_WARN("not announced to this user's other programs: {}", Message(written.status()));
    }
  }
  return OkStatus();
}

std::string Coordinator::Impl::MetricsText() {
  // When the loop is silent, the gauges stay as they were;
  // eida_scheduler_last_pass_timestamp_seconds shows it.
  loop->Ask(
      [this](const sched::Core& core) { SetGauges(core, options.metrics_per_sweep, metrics); },
      kLoopPatience);
  const int64_t waits = store::BusyWaits();
  metrics.db_busy.Add(static_cast<double>(waits - busy_waits.exchange(waits)));
  if (const auto sizes = reader->Sizes(); sizes.ok()) {
    metrics.db_size.Set({"main"}, static_cast<double>(sizes->main));
    metrics.db_size.Set({"wal"}, static_cast<double>(sizes->log));
  }
  const auto usage = blobs->Usage();
  const auto in_table = table->Count();
  if (usage.ok() && in_table.ok()) {
    metrics.store_bytes.Set({"inline"}, static_cast<double>(in_table->bytes));
    metrics.store_objects.Set({"inline"}, static_cast<double>(in_table->objects));
    metrics.store_bytes.Set({"file"}, static_cast<double>(usage->bytes - in_table->bytes));
    metrics.store_objects.Set({"file"}, static_cast<double>(usage->objects - in_table->objects));
    metrics.store_free_bytes.Set(static_cast<double>(usage->free));
    metrics.store_capacity_bytes.Set(static_cast<double>(usage->capacity));
  }
  return metrics.Text();
}

http::Health Coordinator::Impl::Health() {
  if (!loop->Ask([](const sched::Core&) {}, kLoopPatience))
    return {false, "the scheduler does not answer"};
  return {true, ""};
}

std::vector<std::pair<std::string, std::string>> Coordinator::Impl::StatusRows() {
  auto totals = std::make_shared<std::promise<Result<service::TotalsLive>>>();
  auto answer = totals->get_future();
  scheduler->Totals(
      [totals](Result<service::TotalsLive> live) { totals->set_value(std::move(live)); });
  std::vector<std::pair<std::string, std::string>> rows = {
      {"version", EIDA_VERSION},
      {"address", rpc->address().ToString()},
      {"schema", std::to_string(store->schema_version())}};
  if (answer.wait_for(kLoopPatience) != std::future_status::ready) return rows;
  const Result<service::TotalsLive> live = answer.get();
  if (!live.ok()) return rows;
  rows.emplace_back("sweeps", std::to_string(live->sweeps));
  rows.emplace_back("workers", std::to_string(live->workers));
  rows.emplace_back("slots", std::to_string(live->slots_busy) + " of " +
                                 std::to_string(live->slots_total) + " busy");
  for (const auto& [state, n] : live->jobs_by_state)
    rows.emplace_back("jobs " + state, std::to_string(n));
  rows.emplace_back("stored", FormatBytes(content->StoredBytes()));
  rows.emplace_back("free", FormatBytes(content->FreeBytes()));
  return rows;
}

Coordinator::Coordinator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Coordinator>> Coordinator::Start(const ServeOptions& options,
                                                        const Clock& clock) {
  EIDA_RETURN_IF_ERROR(CheckOptions(options));
  EIDA_RETURN_IF_ERROR(CheckFree(options.listen, "--listen"));
  if (options.http) EIDA_RETURN_IF_ERROR(CheckFree(*options.http, "--http"));
  auto impl = std::make_unique<Impl>(options, clock);
  EIDA_RETURN_IF_ERROR(impl->OpenData());
  EIDA_RETURN_IF_ERROR(impl->StartLoop());
  std::unique_ptr<Coordinator> coordinator(new Coordinator(std::move(impl)));
  EIDA_RETURN_IF_ERROR(coordinator->impl_->Serve());
  return coordinator;
}

Coordinator::~Coordinator() { Stop(Millis(0)); }

void Coordinator::Stop(Millis grace) {
  if (impl_->stopped) return;
  impl_->stopped = true;
  impl_->announcement.reset();
  impl_->http.reset();
  impl_->scheduler->Close();
  if (impl_->rpc) impl_->rpc->Shutdown(grace);
  impl_->loop->Stop();
}

rpc::Address Coordinator::address() const { return impl_->rpc->address(); }
std::string Coordinator::http_address() const {
  return impl_->http ? impl_->http->address().ToString() : "";
}
const std::string& Coordinator::token_file() const { return impl_->token_file; }
std::string Coordinator::MetricsText() const { return impl_->MetricsText(); }

}  // namespace eida::app
