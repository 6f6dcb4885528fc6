// What the fake coordinator of most tests holds: s1 "old", cancelled, one run; s2 "demo", two
// variants x two seeds with evaluations, two matrices and two soups; one job of it failed.
#pragma once

#include "common/base/fs.h"
#include "tests/unit/client/fake_api.h"

namespace eida::client {

// Jobs of s2: trainings 11..14 (full/seed0, full/seed1, lora-r8/seed0, lora-r8/seed1; the last one
// failed), evaluations 21..23 of the first three, matrices 31 (cka) and 32 (gap), path 33, soups 41
// (greedy) and 42 (uniform-lora).
FakeApi DemoApi();

// One kind, `done` of `all` trainings succeeded, `running` run, the rest is blocked.
v1::SweepProgress TrainProgress(int64_t sweep, int64_t all, int64_t done, int64_t running = 0,
                                double seconds_each = 10);
v1::SweepProgress Ended(v1::SweepProgress progress, v1::SweepState state);

// A directory with sweep.yaml, a model and data.
class StudyFiles {
 public:
  StudyFiles();
  std::string Path(const std::string& name) const { return JoinPath(dir_.path(), name); }
  std::string sweep() const { return Path("sweep.yaml"); }

 private:
  TempDir dir_;
};

}  // namespace eida::client
