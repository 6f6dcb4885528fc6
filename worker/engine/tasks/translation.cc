// Sentences and their translations, in TSV or JSONL columns.
#include "worker/engine/tasks/text_pairs.h"

namespace eida::engine {

Result<EncodedRows> Load_translation(const Job& job, const Base& base, const ItemChoice& choice) {
  return LoadTextPairs(job, base, choice);
}

}  // namespace eida::engine
