// Meaning representations and what to say of them: SCIENCE 2.1 and 2.3.
#include "worker/engine/tasks/text_pairs.h"

namespace eida::engine {

Result<EncodedRows> Load_e2e(const Job& job, const Base& base, const ItemChoice& choice) {
  return LoadTextPairs(job, base, choice);
}

}  // namespace eida::engine
