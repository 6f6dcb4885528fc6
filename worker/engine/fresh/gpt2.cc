// GPT-2: byte-level BPE, one special token, weights behind residual paths smaller with depth.
#include <cmath>

#include "worker/engine/fresh/recipe.h"

namespace eida::engine {

Recipe Recipe_gpt2(const FreshSizes& sizes) {
  Recipe recipe;
  recipe.config = {{"model_type", "gpt2"},
                   {"n_embd", sizes.hidden},
                   {"n_layer", sizes.layers},
                   {"n_head", sizes.heads},
                   {"n_inner", sizes.intermediate},
                   {"n_positions", sizes.positions},
                   {"activation_function", "gelu_new"},
                   {"embd_pdrop", 0.1},
                   {"attn_pdrop", 0.1},
                   {"resid_pdrop", 0.1},
                   {"layer_norm_epsilon", 1e-5},
                   {"initializer_range", 0.02},
                   {"bos_token_id", 0},
                   {"eos_token_id", 0}};
  recipe.spreads = {{".c_proj.weight", 0.02 / std::sqrt(2.0 * static_cast<double>(sizes.layers))}};
  recipe.tokenizer = recipes::ByteLevel({recipes::Token("<|endoftext|>")});
  recipe.frame = [](const Recipe::IdOf& id) {
    return recipes::Template({{"A", 0}}, {{"A", 0}, {"B", 1}}, id);
  };
  recipe.tokenizer_config = {{"tokenizer_class", "GPT2Tokenizer"},
                             {"model_max_length", sizes.positions},
                             {"add_prefix_space", false},
                             {"bos_token", "<|endoftext|>"},
                             {"eos_token", "<|endoftext|>"},
                             {"unk_token", "<|endoftext|>"},
                             {"pad_token", nullptr}};
  return recipe;
}

}  // namespace eida::engine
