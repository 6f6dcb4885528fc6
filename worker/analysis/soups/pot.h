// What a way to make a soup is given, and what it gives back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "worker/analysis/soups/combine.h"
#include "worker/analysis/soups/journal.h"
#include "worker/analysis/soups/path_scores.h"
#include "worker/engine/study.h"

namespace eida::analysis {

struct Pot {
  const engine::Job* job = nullptr;
  engine::Events* events = nullptr;
  engine::Study* study = nullptr;  // the items that the soup is chosen on
  Json options;                    // of the method
  std::string metric = "loss", order_by = "loss";
  Json members;                                        // as the job's spec has them
  std::vector<std::string> weights;                    // files, per member
  std::vector<engine::EvalResult> selected, reported;  // per member, on both splits
  std::vector<SoupScore> singles;                      // per member, on the split to choose on
  PathScores paths;
  SoupJournal journal;

  size_t size() const { return weights.size(); }
  // How member i is named in artifacts and messages.
  std::string Label(size_t i) const;
  std::vector<double> Uniform() const { return std::vector<double>(size(), 1.0 / size()); }
};

// Every metric that the results give.
SoupScore ScoreOf(const engine::EvalResult& result);

// Of a `soup` job. ConfigError, DataError or NonfiniteError naming job, member and split for what
// does not fit: results of other items than `select` and `report` have, a metric that the members'
// results do not give.
Result<Pot> ReadPot(const engine::Job& job, engine::Study& select, const engine::Study& report,
                    engine::Events& events);

// A soup, made.
struct Dish {
  engine::Weights weights;
  std::vector<double> coefficients;  // per member; sum 1
  std::optional<int> alone;          // it is this one member, whose results are known
  std::optional<SoupScore> score;    // on the split to choose on, where the making gave it
  std::vector<SoupTrial> trace;      // what was tried on the way
  int accepted = 0;
};

}  // namespace eida::analysis
