#include "server/sched/policy.h"

#include <algorithm>
#include <cmath>

namespace eida::sched {

RetryDecision DecideRetry(const RetryPolicy& policy, ErrorClass error, int failures,
                          int free_failures) {
  RetryDecision decision;
  decision.free = IsFree(error);
  if (std::find(policy.never.begin(), policy.never.end(), error) != policy.never.end())
    return decision;
  if (decision.free ? free_failures >= policy.max_free : failures >= policy.max) return decision;
  if (decision.free && error != ErrorClass::kIo) {
    decision.verdict = Verdict::kAgainNow;
    return decision;
  }
  Millis delay = std::min(policy.backoff, policy.max_backoff);
  for (int i = 0; !decision.free && i < failures && delay < policy.max_backoff; ++i) {
    delay = std::min(delay * 2, policy.max_backoff);
    if (delay.count() == 0) break;
  }
  decision.delay = delay;
  decision.verdict = delay.count() > 0 ? Verdict::kAgainLater : Verdict::kAgainNow;
  return decision;
}

double Weight(int priority) { return std::ldexp(1.0, std::clamp(priority, -20, 20)); }

int BundleSize(const BundleFacts& facts) {
  const auto ceil_div = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  int64_t n = ceil_div(facts.ready + facts.active, std::max(1, facts.total_slots));
  n = std::min<int64_t>(n, facts.max_bundle);
  if (facts.allowance >= 0) {
    // A small allowance is spread over the slots that wait, not spent on one of them.
    const int64_t takers = std::max<int64_t>(1, std::min(facts.free_slots, facts.allowance));
    n = std::min(n, std::max<int64_t>(1, facts.allowance / takers));
  }
  return static_cast<int>(std::max<int64_t>(1, std::min(n, facts.ready)));
}

}  // namespace eida::sched
