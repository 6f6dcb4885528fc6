// Words -> plans, options, names.
#include <algorithm>
#include <sstream>

#include "common/base/text.h"
#include "tests/flow/flow.h"

namespace eida::testing {
namespace {

Words WordsOf(const std::string& line) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word && word[0] != '#';) words.push_back(word);
  return words;
}

Result<int> ParseInt(const std::string& text) {
  size_t used = 0;
  int value = 0;
  try {
    value = std::stoi(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size())
    return InvalidArgument("\"" + text + "\" is not a whole number");
  return value;
}

Result<Millis> ParseDuration(const std::string& text) {
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string::npos)
    return InvalidArgument("\"" + text + "\" is not a duration like 500ms, 31s, 2m");
  const int64_t n = std::stoll(text.substr(0, digits));
  const std::string unit = text.substr(digits);
  if (unit == "ms") return Millis(n);
  if (unit == "s") return Millis(n * 1000);
  if (unit == "m") return Millis(n * 60'000);
  return InvalidArgument("\"" + unit + "\" is none of: ms, s, m");
}

}  // namespace

std::string RunFlow(const std::string& file, const std::string& text) {
  Flow flow;
  std::istringstream in(text);
  int number = 0;
  std::string line;
  Status status;
  while (status.ok() && std::getline(in, line)) {
    ++number;
    status = flow.Line(line);
  }
  if (status.ok()) status = flow.End();
  return status.ok() ? "" : file + ":" + std::to_string(number) + ": " + Message(status);
}

Status Flow::Line(const std::string& line) {
  Words words = WordsOf(line);
  if (words.empty()) return OkStatus();
  const bool indented = line[0] == ' ' || line[0] == '\t';
  if (plan_ && !indented) EIDA_RETURN_IF_ERROR(EndSubmit());
  if (plan_) return PlanLine(words);
  std::vector<Words> parts{{}};
  for (const std::string& word : words) {
    if (word == "expect") {
      parts.push_back({});
    } else {
      parts.back().push_back(word);
    }
  }
  if (!parts[0].empty() && parts[0][0] == "submit") {
    plan_expects_.assign(parts.begin() + 1, parts.end());
    return BeginSubmit(parts[0]);
  }
  if (!parts[0].empty()) EIDA_RETURN_IF_ERROR(Do(parts[0]));
  for (size_t i = 1; i < parts.size(); ++i) EIDA_RETURN_IF_ERROR(Expect(parts[i]));
  return OkStatus();
}

Status Flow::End() { return plan_ ? EndSubmit() : OkStatus(); }

Result<Flow::Options> Flow::Parse(const Words& words, const std::set<std::string>& known) {
  Options options;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      options.rest.push_back(word);
      continue;
    }
    const std::string key = word.substr(0, equals);
    if (!known.contains(key)) {
      return InvalidArgument("unknown option \"" + key +
                             "\"; it takes: " + Join(Words(known.begin(), known.end()), ", "));
    }
    options.values[key] = word.substr(equals + 1);
  }
  return options;
}

Result<int> Flow::Options::Int(const std::string& key, int fallback) const {
  const auto it = values.find(key);
  if (it == values.end()) return fallback;
  return ParseInt(it->second);
}

Result<Millis> Flow::Options::Duration(const std::string& key, Millis fallback) const {
  const auto it = values.find(key);
  if (it == values.end()) return fallback;
  return ParseDuration(it->second);
}

std::string Flow::Options::Text(const std::string& key, const std::string& fallback) const {
  const auto it = values.find(key);
  return it == values.end() ? fallback : it->second;
}

Status Flow::BeginSubmit(const Words& words) {
  EIDA_ASSIGN_OR_RETURN(const Options options,
                        Parse(Words(words.begin() + 1, words.end()),
                              {"key", "plan", "retries", "max_free", "backoff", "max_backoff",
                               "max_parallel", "max_failures", "priority"}));
  if (options.rest.size() != 1) return InvalidArgument("submit NAME [option=value ...]");
  plan_name_ = options.rest[0];
  plan_ = AddSweep();
  plan_jobs_.clear();
  SweepRecord& sweep = plan_->sweep;
  sweep.name = plan_name_;
  sweep.idempotency_key = options.Text("key", "");
  sweep.fingerprint = Fingerprint(options.Text("plan", plan_name_));
  EIDA_ASSIGN_OR_RETURN(sweep.retries.max, options.Int("retries", 3));
  EIDA_ASSIGN_OR_RETURN(sweep.retries.max_free, options.Int("max_free", 20));
  EIDA_ASSIGN_OR_RETURN(sweep.retries.backoff, options.Duration("backoff", Millis(1000)));
  EIDA_ASSIGN_OR_RETURN(sweep.retries.max_backoff,
                        options.Duration("max_backoff", Millis(600'000)));
  EIDA_ASSIGN_OR_RETURN(sweep.max_parallel, options.Int("max_parallel", 0));
  EIDA_ASSIGN_OR_RETURN(sweep.max_failures, options.Int("max_failures", 0));
  EIDA_ASSIGN_OR_RETURN(sweep.priority, options.Int("priority", 0));
  return OkStatus();
}

// KIND NAME [cost=N] [fp=TEXT] [bundle=KEY] [<- PARENT ~SHORTCUT ...]
Result<JobRecord> Flow::ParseJob(const Words& words, const std::string& sweep,
                                 const std::map<std::string, JobId>& names) {
  const auto arrow = std::find(words.begin(), words.end(), "<-");
  EIDA_ASSIGN_OR_RETURN(const Options options, Parse(Words(words.begin(), arrow),
                                                     {"cost", "fp", "bundle", "slots", "quorum"}));
  if (options.rest.size() != 2)
    return InvalidArgument("a job is: KIND NAME [cost=N] [fp=TEXT] [bundle=KEY] [<- PARENT ...]");
  JobRecord job;
  EIDA_ASSIGN_OR_RETURN(job.spec.kind, ParseEnum<JobKind>(options.rest[0]));
  job.spec.name = options.rest[1];
  job.spec.spec = "{}";
  job.spec.fingerprint = Fingerprint(options.Text("fp", sweep + "/" + job.spec.name));
  job.spec.bundle_key = options.Text("bundle", "");
  job.spec.inputs.push_back({"data/train", Digest("data")});
  EIDA_ASSIGN_OR_RETURN(job.spec.cost, options.Int("cost", 1));
  EIDA_ASSIGN_OR_RETURN(job.spec.slots, options.Int("slots", 1));
  EIDA_ASSIGN_OR_RETURN(job.spec.quorum, options.Int("quorum", 0));
  for (auto it = arrow; it != words.end(); ++it) {
    if (it == arrow) continue;
    const bool shortcut = it->front() == '~';
    const std::string name = it->substr(shortcut ? 1 : 0);
    const auto parent = names.find(name);
    if (parent == names.end()) return InvalidArgument("no job \"" + name + "\" stands above");
    job.spec.parents.push_back({name, parent->second, "out", shortcut});
  }
  return job;
}

Status Flow::PlanLine(const Words& words) {
  EIDA_ASSIGN_OR_RETURN(JobRecord job, ParseJob(words, plan_name_, plan_jobs_));
  job.spec.id = JobId(static_cast<int64_t>(plan_->jobs.size()) + 1);
  if (!plan_jobs_.emplace(job.spec.name, job.spec.id).second) {
    return InvalidArgument("job \"" + job.spec.name + "\" stands above already");
  }
  plan_->jobs.push_back(std::move(job));
  return OkStatus();
}

Status Flow::EndSubmit() {
  AddSweep plan = std::move(*plan_);
  plan_.reset();
  const auto before = world_.core.next_job;
  Result<SweepId> id = sched::OnSubmit(world_.core, world_.out, plan, world_.now());
  EIDA_RETURN_IF_ERROR(Commit());
  EIDA_RETURN_IF_ERROR(Note(id.status()));
  if (id.ok()) {
    sweeps_[plan_name_] = *id;
    const bool known = world_.core.next_job == before && !plan.jobs.empty();
    const auto& ids = world_.core.sweeps.at(*id).jobs;
    for (size_t i = 0; i < plan.jobs.size() && !known; ++i)
      jobs_[plan_name_][plan.jobs[i].spec.name] = ids[i];
  }
  EIDA_RETURN_IF_ERROR(Settle());
  for (const Words& expect : plan_expects_) {
    const Status status = Expect(expect);
    if (!status.ok()) return Annotate(status, "after the submit of " + plan_name_);
  }
  return OkStatus();
}

Result<SweepId> Flow::SweepNamed(const std::string& name) const {
  const auto it = sweeps_.find(name);
  if (it == sweeps_.end()) return InvalidArgument("no sweep \"" + name + "\" was submitted");
  return it->second;
}

Result<JobId> Flow::JobNamed(const std::string& name) const {
  const size_t slash = name.find('/');
  const auto sweep = slash == std::string::npos ? jobs_.end() : jobs_.find(name.substr(0, slash));
  if (sweep == jobs_.end())
    return InvalidArgument("no job \"" + name + "\"; jobs are named SWEEP/JOB");
  const auto job = sweep->second.find(name.substr(slash + 1));
  if (job == sweep->second.end()) return InvalidArgument("no job \"" + name + "\"");
  return job->second;
}

Result<Flow::SimWorker*> Flow::WorkerNamed(const std::string& name) {
  const auto it = workers_.find(name);
  if (it == workers_.end()) return InvalidArgument("no worker \"" + name + "\" has joined");
  return &it->second;
}

std::string Flow::NameOf(JobId id) const {
  for (const auto& [sweep, jobs] : jobs_) {
    for (const auto& [name, job] : jobs) {
      if (job == id) return sweep + "/" + name;
    }
  }
  return id.ToString();
}

Status Flow::Advance(const Words& words) {
  if (words.size() != 2) return InvalidArgument("advance DURATION");
  EIDA_ASSIGN_OR_RETURN(const Millis by, ParseDuration(words[1]));
  // Workers that can talk renew every second.
  for (Millis left = by; left.count() > 0;) {
    const Millis step = std::min(left, Millis(1000));
    world_.clock.Advance(step);
    left -= step;
    for (auto& [name, worker] : workers_) {
      if (!worker.silent) EIDA_RETURN_IF_ERROR(SyncOnce(worker));
    }
    while (sched::NextWake(world_.core) <= world_.now().mono) {
      sched::OnTick(world_.core, world_.out, world_.now());
      EIDA_RETURN_IF_ERROR(Commit());
    }
    EIDA_RETURN_IF_ERROR(Settle());
  }
  return OkStatus();
}

Status Flow::CancelOrRetry(const std::string& verb, const Words& words) {
  EIDA_ASSIGN_OR_RETURN(const Options options,
                        Parse(Words(words.begin() + 1, words.end()), {"class"}));
  if (options.rest.empty()) return InvalidArgument(verb + " SWEEP [SWEEP/JOB ...]");
  EIDA_ASSIGN_OR_RETURN(const SweepId sweep, SweepNamed(options.rest[0]));
  std::vector<JobId> jobs;
  for (size_t i = 1; i < options.rest.size(); ++i) {
    EIDA_ASSIGN_OR_RETURN(const JobId job, JobNamed(options.rest[i]));
    jobs.push_back(job);
  }
  Result<int64_t> count = 0;
  if (verb == "cancel") {
    count = sched::OnCancel(world_.core, world_.out, sweep, jobs, world_.now());
  } else {
    EIDA_ASSIGN_OR_RETURN(const ErrorClass filter,
                          ParseEnum<ErrorClass>(options.Text("class", "none")));
    count = sched::OnRetry(world_.core, world_.out, sweep, jobs, filter, world_.now());
  }
  EIDA_RETURN_IF_ERROR(Commit());
  return Note(count.status());
}

Status Flow::AddJobLine(const Words& words) {
  if (words.size() < 4)
    return InvalidArgument("add SWEEP KIND NAME [option=value ...] [<- PARENT ...]");
  EIDA_ASSIGN_OR_RETURN(const SweepId sweep, SweepNamed(words[1]));
  EIDA_ASSIGN_OR_RETURN(JobRecord job,
                        ParseJob(Words(words.begin() + 2, words.end()), words[1], jobs_[words[1]]));
  job.spec.sweep = sweep;
  const std::string name = job.spec.name;
  const Result<JobId> id = sched::OnAddJob(world_.core, world_.out, std::move(job), world_.now());
  EIDA_RETURN_IF_ERROR(Commit());
  if (id.ok()) jobs_[words[1]][name] = *id;
  return Note(id.status());
}

}  // namespace eida::testing
