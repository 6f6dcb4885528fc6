// Items of one or two texts and a label, as the token ids and labels of a classifier.
#pragma once

#include "worker/engine/tasks/task.h"

namespace eida::engine {

// Of a split of such rows. ConfigError for a model that predicts tokens, DataError naming the row
// that has no tokens.
Result<EncodedRows> LoadLabelledTexts(const Job& job, const Base& base, const ItemChoice& choice);

}  // namespace eida::engine
