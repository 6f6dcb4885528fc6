#include "worker/engine/nn/lanes.h"

#include <torch/torch.h>

namespace eida::engine {

bool LaneRows::Tell() const {
  for (const Ends& a : kinds_) {
    for (const Ends& b : kinds_) {
      if (a.back() == b.back() && a != b) return false;
    }
  }
  return true;
}

const LaneRows::Ends& LaneRows::EndsOf(int64_t rows) const {
  for (const Ends& ends : kinds_) {
    if (ends.back() == rows) return ends;
  }
  TORCH_CHECK(false, "no kind of row of this pass has ", rows, " rows");
}

}  // namespace eida::engine
