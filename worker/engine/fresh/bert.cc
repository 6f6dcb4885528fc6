// BERT, uncased: WordPiece, [CLS] A [SEP] B [SEP].
#include "worker/engine/fresh/recipe.h"

namespace eida::engine {

Recipe Recipe_bert(const FreshSizes& sizes) {
  using recipes::Token;
  Recipe recipe;
  recipe.config = recipes::EncoderConfigOf("bert", sizes);
  recipe.config.update({{"type_vocab_size", 2}, {"layer_norm_eps", 1e-12}, {"pad_token_id", 0}});
  recipe.base_architecture = "BertModel";
  recipe.zero_rows = {{"bert.embeddings.word_embeddings.weight", 0}};
  recipe.tokenizer = recipes::Untrained(
      {Token("[PAD]"), Token("[UNK]"), Token("[CLS]"), Token("[SEP]"), Token("[MASK]")},
      {{"type", "WordPiece"},
       {"unk_token", "[UNK]"},
       {"continuing_subword_prefix", "##"},
       {"max_input_chars_per_word", 100},
       {"vocab", Json::object()}},
      {{"type", "BertNormalizer"},
       {"clean_text", true},
       {"handle_chinese_chars", true},
       {"strip_accents", nullptr},
       {"lowercase", true}},
      {{"type", "BertPreTokenizer"}}, {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}});
  recipe.frame = [](const Recipe::IdOf& id) {
    return recipes::Template({{"[CLS]", 0}, {"A", 0}, {"[SEP]", 0}},
                             {{"[CLS]", 0}, {"A", 0}, {"[SEP]", 0}, {"B", 1}, {"[SEP]", 1}}, id);
  };
  recipe.tokenizer_config = {{"tokenizer_class", "BertTokenizer"},
                             {"model_max_length", sizes.positions},
                             {"do_lower_case", true},
                             {"strip_accents", nullptr},
                             {"tokenize_chinese_chars", true},
                             {"unk_token", "[UNK]"},
                             {"cls_token", "[CLS]"},
                             {"sep_token", "[SEP]"},
                             {"pad_token", "[PAD]"},
                             {"mask_token", "[MASK]"}};
  return recipe;
}

}  // namespace eida::engine
