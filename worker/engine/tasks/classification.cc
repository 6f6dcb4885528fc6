// One or two text columns and an integer label.
#include "worker/engine/tasks/labelled_texts.h"

namespace eida::engine {

Result<EncodedRows> Load_classification(const Job& job, const Base& base,
                                        const ItemChoice& choice) {
  return LoadLabelledTexts(job, base, choice);
}

}  // namespace eida::engine
