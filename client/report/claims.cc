#include "client/report/claims.h"

#include <utility>

namespace eida::report {
namespace {

Cell VerdictCell(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return Cell::Of("holds", Tone::kGood);
    case Verdict::kFails:
      return Cell::Of("does not hold", Tone::kBad);
    case Verdict::kUntested:
      break;
  }
  return Cell::Of("not tested", Tone::kMuted);
}

Row ClaimRow(const Claim& claim, const Finding& finding) {
  return {{Cell::Of(claim.id), Cell::Of(claim.text), VerdictCell(finding.verdict),
           Cell::Of(finding.measured), Cell::Of(claim.where, Tone::kMuted)}};
}

}  // namespace

Finding Untested(const std::string& what_is_missing) {
  return {Verdict::kUntested, what_is_missing};
}

Finding Tested(bool holds, const std::string& measured) {
  return {holds ? Verdict::kHolds : Verdict::kFails, measured};
}

std::string Number(double value, int decimals) {
  char text[64];
  snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

Finding TestClaim(const Claim& claim, const Results& results) {
  if (results.task() != claim.task)
    return Untested("needs a sweep of task " + std::string(claim.task));
  return claim.test(results);
}

Table ClaimsTable(const std::vector<Claim>& claims, const Results& results) {
  Table table;
  table.id = "Claims";
  table.listed = false;
  table.caption = "What the paper says in words, tested on this sweep";
  table.columns = {{"claim"}, {"the paper says"}, {"verdict"}, {"measured here"}, {"where"}};
  for (const bool own : {true, false}) {
    bool headed = false;
    for (const Claim& claim : claims) {
      if ((results.task() == claim.task) != own) continue;
      if (!std::exchange(headed, true))
        table.rows.push_back({{Cell::Of(own ? "Said of this sweep's task, " + results.task()
                                            : std::string("Said of other tasks"))},
                              true});
      table.rows.push_back(ClaimRow(claim, TestClaim(claim, results)));
    }
  }
  table.note =
      "A verdict is about this sweep's model, data and sizes. It compares means as they are: with "
      "few seeds a difference within one standard deviation is no evidence either way.";
  return table;
}

}  // namespace eida::report
