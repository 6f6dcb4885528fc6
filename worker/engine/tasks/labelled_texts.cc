#include "worker/engine/tasks/labelled_texts.h"

#include <ATen/Parallel.h>

#include "common/inputs/splits.h"
#include "worker/engine/tasks/split_rows.h"

namespace eida::engine {

Result<Examples> LoadLabelledTexts(const Job& job, const Base& base, const ItemChoice& choice) {
  if (base.model->generates())
    return ConfigError("job " + job.name +
                       ": the task labels items and needs a classifier, and this model predicts "
                       "tokens (" +
                       base.config_path + ")");
  EIDA_ASSIGN_OR_RETURN(const int64_t max_length, MaxLength(job, base, 3));
  EIDA_ASSIGN_OR_RETURN(SplitRows split, ReadSplit(job, base, choice));
  Examples examples;
  examples.item_hash = inputs::ItemHash(split.items);
  examples.items = std::move(split.items);
  const Json columns = job.spec.value("data", Json::object()).value("columns", Json::object());
  const bool paired = !GetOr<std::string>(columns, "text_pair", "").empty();
  std::vector<std::string> texts, pairs;
  for (inputs::Row& row : split.rows) {
    texts.push_back(std::move(row.text));
    if (paired) pairs.push_back(std::move(row.text_pair));
    examples.labels.push_back(row.label);
  }
  EIDA_ASSIGN_OR_RETURN(examples.tokens,
                        base.tokenizer.Encode(texts, pairs, max_length, at::get_num_threads()));
  for (int64_t i = 0; i < examples.size(); ++i) {
    if (examples.length(i) == 0) {
      return DataError("data/" + choice.split + ": row " + std::to_string(examples.items[i]) +
                       " has no tokens after tokenising");
    }
  }
  return examples;
}

}  // namespace eida::engine
