// The search's world: weights stay in memory for the soup and one member. Nothing whose score is
// known is evaluated: neither what an earlier attempt tried nor what lies on a measured path.
#pragma once

#include "worker/analysis/soups/pot.h"

namespace eida::analysis {

class StudyKitchen : public SoupKitchen {
 public:
  // `total` candidates are reported as progress. `pot` outlives it.
  StudyKitchen(Pot& pot, int64_t total) : pot_(pot), total_(total) {}
  Status Begin(int member) override;
  // Preempted, with a checkpoint written, when the job was asked to stop; one is also written as
  // often as a member was tried.
  Result<SoupScore> Try(int member, double alpha) override;
  Status Stir(int member, double alpha) override;
  const engine::Weights& soup() const { return soup_; }

 private:
  Status Load(int member);
  Result<SoupScore> Evaluate(int member, double alpha);

  Pot& pot_;
  int64_t done_ = 0, total_ = 0;
  engine::Weights soup_, member_;
  int loaded_ = -1, tried_ = -1;
  std::optional<int> alone_;  // the soup is this member
};

}  // namespace eida::analysis
