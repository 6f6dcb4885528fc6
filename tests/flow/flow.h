// Runs a .flow text: what people and workers do, one thing a line, and what must be true after it.
// README.md has the words.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/flow/world.h"

namespace eida::testing {

// "" when all of it holds; else one line per finding, "file:line: what was expected and what is
// there".
std::string RunFlow(const std::string& file, const std::string& text);

using Words = std::vector<std::string>;

class Flow {
 public:
  Status Line(const std::string& line);
  // The end of the text: a submit that is still being written is carried out.
  Status End();

 private:
  struct SimWorker {
    WorkerRecord record;
    std::map<LeaseId, Grant> held;
    std::vector<LeaseId> revoked;  // by the last reply
    bool silent = false;
    bool loses_reply = false;
    bool draining = false;
  };
  struct Options {  // key=value words
    std::map<std::string, std::string> values;
    Words rest;
    Result<int> Int(const std::string& key, int fallback) const;
    Result<Millis> Duration(const std::string& key, Millis fallback) const;
    std::string Text(const std::string& key, const std::string& fallback) const;
  };
  static Result<Options> Parse(const Words& words, const std::set<std::string>& known);

  Status Do(const Words& words);
  Status Expect(const Words& words);
  Status ExpectLease(const Words& words);
  Status ExpectJob(JobId id, const Words& words);
  Status ExpectReport(const std::string& verdict);
  Status ExpectEvent(const Words& words);

  Status BeginSubmit(const Words& words);
  Status PlanLine(const Words& words);
  Status EndSubmit();
  Status AddJobLine(const Words& words);
  Status JoinWorker(const Words& words);
  Status Advance(const Words& words);
  Status Report(const std::string& verb, const Words& words);
  Status CancelOrRetry(const std::string& verb, const Words& words);
  Status Note(const Status& result);

  Result<JobRecord> ParseJob(const Words& words, const std::string& sweep,
                             const std::map<std::string, JobId>& names);
  Result<SweepId> SweepNamed(const std::string& name) const;
  Result<JobId> JobNamed(const std::string& name) const;
  Result<SimWorker*> WorkerNamed(const std::string& name);
  std::string NameOf(JobId id) const;

  // One Sync of one worker, reply and all.
  Status SyncOnce(SimWorker& worker);
  // All workers that can talk do so until nobody learns anything new.
  Status Settle();
  Status Commit();

  World world_;
  std::map<std::string, SimWorker> workers_;
  std::map<std::string, SweepId> sweeps_;
  std::map<std::string, std::map<std::string, JobId>> jobs_;
  int sessions_ = 0;

  std::optional<AddSweep> plan_;  // being written
  std::string plan_name_;
  std::map<std::string, JobId> plan_jobs_;
  std::vector<Words> plan_expects_;

  std::optional<ReportVerdict> verdict_;
  Status last_error_;  // of the last command that a person gave
};

}  // namespace eida::testing
