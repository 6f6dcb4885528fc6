#include <thread>

#include "client/commands/verb.h"
#include "client/select.h"
#include "common/wire/json.h"

namespace eida::client {
namespace {

struct Arguments {
  std::string job;
  int attempt = 0;
  int64_t tail = 0;
  bool follow = false, timestamps = false;
};

bool Ended(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED || state == v1::JOB_STATE_SKIPPED;
}

Result<int> Logs(Context& c, Api& api, const Arguments& a) {
  EIDA_ASSIGN_OR_RETURN(const FoundJob found, FindJob(api, a.job));
  v1::ListLogsRequest request;
  request.set_job(found.job.id());
  request.set_attempt(a.attempt);
  bool ended = Ended(found.job.state());
  for (bool first = true;; first = false) {
    std::vector<v1::LogLine> lines;
    for (;;) {
      EIDA_ASSIGN_OR_RETURN(const v1::ListLogsReply reply, api.ListLogs(request));
      lines.insert(lines.end(), reply.lines().begin(), reply.lines().end());
      request.set_after(reply.cursor());
      if (reply.lines().empty()) break;
    }
    const size_t skip = first && a.tail > 0 && static_cast<int64_t>(lines.size()) > a.tail
                            ? lines.size() - static_cast<size_t>(a.tail)
                            : 0;
    for (size_t i = skip; i < lines.size(); ++i) {
      if (c.printer().json())
        *c.out << wire::ToJson(lines[i]).dump() << "\n";
      else
        *c.out << (a.timestamps ? FormatTime({lines[i].at_ms()}) + " " : "") << lines[i].text()
               << "\n";
    }
    if (!a.follow || ended || c.interrupts() > 0)
      return static_cast<int>(c.interrupts() > 0 ? kInterrupted : kOk);
    c.out->flush();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    v1::ListJobsRequest one;
    one.add_ids(found.job.id());
    EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply jobs, api.ListJobs(one));
    ended = jobs.jobs_size() == 0 || Ended(jobs.jobs(0).state());
  }
}

}  // namespace

void Register_logs(CLI::App* app, Context& context) {
  auto a = std::make_shared<Arguments>();
  app->add_option("JOB", a->job,
                  "A run (lora-r8/seed1), a job's name or j17, with an optional sweep in front")
      ->required();
  app->add_flag("-f,--follow", a->follow, "Go on until the job ends");
  app->add_option("--attempt", a->attempt, "Only this attempt");
  app->add_option("--tail", a->tail, "Only the last lines");
  app->add_flag("--timestamps", a->timestamps, "Each line with its time");
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) { return Logs(c, s.api(), *a); });
  });
}

}  // namespace eida::client
