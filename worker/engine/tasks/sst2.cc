// Sentences of the Stanford sentiment treebank, as GLUE has them.
#include "worker/engine/tasks/labelled_texts.h"

namespace eida::engine {

Result<EncodedRows> Load_sst2(const Job& job, const Base& base, const ItemChoice& choice) {
  return LoadLabelledTexts(job, base, choice);
}

}  // namespace eida::engine
