// What the papers say in words, each tested on the sweep. A claim is a line of a table and a small
// function; it is tested only on the task that the paper tested it on.
#pragma once

#include <string>
#include <vector>

#include "client/report/document.h"
#include "client/report/results.h"

namespace eida::report {

enum class Verdict { kHolds, kFails, kUntested };

struct Finding {
  Verdict verdict = Verdict::kUntested;
  std::string measured;  // the numbers that decided, or what is missing
};

struct Claim {
  const char* id;
  const char* task;   // of the data that the paper says it of
  const char* where;  // section of the paper
  const char* text;
  Finding (*test)(const Results& results);
};
const std::vector<Claim>& ThesisClaims();
const std::vector<Claim>& EidaClaims();

Finding TestClaim(const Claim& claim, const Results& results);
Table ClaimsTable(const std::vector<Claim>& claims, const Results& results);

// For the claims' own files.
Finding Untested(const std::string& what_is_missing);
Finding Tested(bool holds, const std::string& measured);
std::string Number(double value, int decimals);

}  // namespace eida::report
