// RoBERTa: byte-level BPE; positions begin behind the padding token's.
#include "worker/engine/fresh/recipe.h"

namespace eida::engine {

Recipe Recipe_roberta(const FreshSizes& sizes) {
  Recipe recipe;
  recipe.config = recipes::EncoderConfigOf("roberta", sizes);
  recipe.config.update({{"type_vocab_size", 1},
                        {"layer_norm_eps", 1e-5},
                        {"max_position_embeddings", sizes.positions + 2},
                        {"bos_token_id", 0},
                        {"pad_token_id", 1},
                        {"eos_token_id", 2}});
  recipe.base_architecture = "RobertaModel";
  recipe.zero_rows = {{"roberta.embeddings.word_embeddings.weight", 1},
                      {"roberta.embeddings.position_embeddings.weight", 1}};
  recipes::ByteLevelSentences(recipe, "RobertaTokenizer", sizes);
  return recipe;
}

}  // namespace eida::engine
