// BART: RoBERTa's tokenizer; its decoder begins with </s>.
#include "worker/engine/fresh/recipe.h"

namespace eida::engine {

Recipe Recipe_bart(const FreshSizes& sizes) {
  Recipe recipe;
  recipe.config = recipes::StacksConfigOf("bart", sizes);
  recipe.config.update({{"scale_embedding", false}, {"decoder_start_token_id", 2}});
  recipe.zero_rows = {{"model.shared.weight", 1}};
  recipes::ByteLevelSentences(recipe, "BartTokenizer", sizes);
  return recipe;
}

}  // namespace eida::engine
