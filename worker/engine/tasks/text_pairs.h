// Items of two texts, a source and a target that is learned behind it, as token ids of any language
// model. A decoder alone reads `source <bos> " "target <eos>` (SCIENCE 2.1), and its loss is about
// the target and <eos>. An encoder-decoder reads the source, each text in the tokenizer's own frame
// or in mBART's (`X </s> language`, by data.source_lang and data.target_lang), and its decoder
// reads the target shifted by one: what it begins with is mBART's target language, else
// config.json's decoder_start_token_id.
#pragma once

#include <string>
#include <vector>

#include "worker/engine/generate/generate.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {

// Of a split of such rows. Sequences are cut to data.max_length at their end. ConfigError for a
// classifier and for what config and tokenizer lack; DataError naming the row whose source leaves
// no room for a target.
Result<EncodedRows> LoadTextPairs(const Job& job, const Base& base, const ItemChoice& choice);

// What texts are generated from: each source once, in the order of its first row.
struct GenerationItems {
  std::vector<int64_t> items;  // first row of each source
  std::vector<std::string> sources;
  std::vector<std::vector<std::string>> references;  // targets of all its rows
  Prompts prompts;
  Json defaults;  // eos_token_id, forced_bos_token_id, forced_eos_token_id of config and tokenizer
};
Result<GenerationItems> LoadGenerationItems(const Job& job, const Base& base,
                                            const ItemChoice& choice);

}  // namespace eida::engine
