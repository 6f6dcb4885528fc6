// The coordinator's metrics (INTERFACE section 3), by name. Base units: seconds, bytes. Labels in
// the order of the comments.
#pragma once

#include "common/telemetry/metric.h"
#include "common/telemetry/process.h"

namespace eida::telemetry {

struct CoordinatorMetrics {
  CoordinatorMetrics();
  // Everything, with the process metrics read now.
  std::string Text();

  Registry registry;  // first: the others live in it

  Gauge jobs;                // kind, state (not the terminal ones)
  Counter jobs_submitted;    // kind
  Counter jobs_reused;       // kind
  Counter jobs_finished;     // kind, outcome
  Counter job_retries;       // kind, reason
  Histogram queue_wait;      // kind
  Histogram run_duration;    // kind, outcome
  Gauge oldest_ready;        // kind; 0 = none is ready
  Gauge sweeps;              // state
  Gauge sweep_jobs;          // sweep, state; running sweeps only, on request
  Histogram scheduler_pass;  // one batch of the loop, without the commit
  Gauge scheduler_last_pass;
  Gauge leases;
  Counter lease_expirations;    // kind
  Counter stale_results;        // kind
  Gauge workers;                // state
  Gauge worker_slots;           // state: free, used
  Gauge worker_last_heartbeat;  // worker
  Gauge watch_streams;
  Counter log_received_bytes;  // kind
  Counter metric_points;
  Counter auth_failures;     // surface: grpc, http; reason: missing, wrong, forbidden
  Gauge tls_not_after;       // role: server
  Histogram db_transaction;  // op: read, write
  Counter db_busy;
  Gauge db_size;  // file: main, wal
  Gauge db_schema_version;
  Gauge store_bytes;    // class: inline (in the database), file
  Gauge store_objects;  // class
  Gauge store_free_bytes;
  Gauge store_capacity_bytes;
  Histogram store_io;             // op: put, get; class
  Counter store_digest_failures;  // class
  Counter grpc_started;           // grpc_type, grpc_service, grpc_method
  Counter grpc_handled;           // grpc_type, grpc_service, grpc_method, grpc_code
  Histogram grpc_handling;        // grpc_type, grpc_service, grpc_method

 private:
  ProcessMetrics process_;
};

}  // namespace eida::telemetry
