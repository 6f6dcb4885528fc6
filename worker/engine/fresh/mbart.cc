// mBART-cc25: Unigram with the 25 languages' codes behind it; a text ends in </s> and its language.
#include "worker/engine/fresh/recipe.h"

namespace eida::engine {
namespace {

// In the order of their ids.
constexpr const char* kLanguages[] = {"ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI",
                                      "fr_XX", "gu_IN", "hi_IN", "it_IT", "ja_XX", "kk_KZ", "ko_KR",
                                      "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO", "ru_RU",
                                      "si_LK", "tr_TR", "vi_VN", "zh_CN"};

}  // namespace

Recipe Recipe_mbart(const FreshSizes& sizes) {
  using recipes::Token;
  Recipe recipe;
  recipe.config = recipes::StacksConfigOf("mbart", sizes);
  recipe.config["scale_embedding"] = true;
  recipe.zero_rows = {{"model.shared.weight", 1}};
  const Json metaspace = {
      {"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "always"}, {"split", true}};
  Json vocabulary = Json::array(), pre_tokenizers = Json::array(), codes = Json::array();
  for (const char* token : {"<s>", "<pad>", "</s>", "<unk>"}) vocabulary.push_back({token, 0.0});
  pre_tokenizers.push_back({{"type", "WhitespaceSplit"}});
  pre_tokenizers.push_back(metaspace);
  recipe.tokenizer = recipes::Untrained(
      {Token("<s>"), Token("<pad>"), Token("</s>"), Token("<unk>")},
      {{"type", "Unigram"}, {"unk_id", 3}, {"vocab", vocabulary}, {"byte_fallback", false}},
      nullptr, {{"type", "Sequence"}, {"pretokenizers", pre_tokenizers}}, metaspace);
  for (const char* language : kLanguages) {
    recipe.last_tokens.push_back(Token(language));
    codes.push_back(language);
  }
  recipe.last_tokens.push_back(Token("<mask>", true));
  recipe.frame = [](const Recipe::IdOf& id) {
    return recipes::Template({{"A", 0}, {"</s>", 0}, {"en_XX", 0}},
                             {{"A", 0}, {"B", 0}, {"</s>", 0}, {"en_XX", 0}}, id);
  };
  recipe.tokenizer_config = {{"tokenizer_class", "MBartTokenizer"},
                             {"model_max_length", sizes.positions},
                             {"src_lang", "en_XX"},
                             {"tgt_lang", "ro_RO"},
                             {"bos_token", "<s>"},
                             {"eos_token", "</s>"},
                             {"cls_token", "<s>"},
                             {"sep_token", "</s>"},
                             {"unk_token", "<unk>"},
                             {"pad_token", "<pad>"},
                             {"mask_token", "<mask>"},
                             {"extra_special_tokens", codes}};
  return recipe;
}

}  // namespace eida::engine
