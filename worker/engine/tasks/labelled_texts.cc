#include "worker/engine/tasks/labelled_texts.h"

#include <ATen/Parallel.h>

#include "worker/engine/tasks/split_rows.h"

namespace eida::engine {

Result<EncodedRows> LoadLabelledTexts(const Job& job, const Base& base, const ItemChoice& choice) {
  if (base.model->generates())
    return ConfigError("job " + job.name +
                       ": the task labels items and needs a classifier, and this model predicts "
                       "tokens (" +
                       base.config_path + ")");
  EIDA_ASSIGN_OR_RETURN(const int64_t max_length, MaxLength(job, base, 3));
  EIDA_ASSIGN_OR_RETURN(SplitRows split, ReadSplit(job, base, choice));
  EncodedRows rows;
  rows.items = std::move(split.items);
  const Json columns = job.spec.value("data", Json::object()).value("columns", Json::object());
  const bool paired = !GetOr<std::string>(columns, "text_pair", "").empty();
  std::vector<std::string> texts, pairs;
  for (inputs::Row& row : split.rows) {
    texts.push_back(std::move(row.text));
    if (paired) pairs.push_back(std::move(row.text_pair));
    rows.labels.push_back(row.label);
  }
  EIDA_ASSIGN_OR_RETURN(rows.tokens,
                        base.tokenizer.Encode(texts, pairs, max_length, at::get_num_threads()));
  for (int64_t i = 0; i < std::ssize(rows.items); ++i) {
    if (rows.tokens.starts[i + 1] == rows.tokens.starts[i]) {
      return DataError("data/" + choice.split + ": row " + std::to_string(rows.items[i]) +
                       " has no tokens after tokenising");
    }
  }
  return rows;
}

}  // namespace eida::engine
