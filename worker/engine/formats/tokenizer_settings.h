// What stands beside tokenizer.json: which tokens have which role, and mBART's language codes.
#pragma once

#include <optional>
#include <string>

#include "common/base/status.h"
#include "worker/engine/formats/tokenizer.h"

namespace eida::engine {

// Paths; empty when a directory has no such file.
struct TokenizerFiles {
  std::string tokenizer_config;    // tokenizer_config.json
  std::string special_tokens_map;  // special_tokens_map.json, which older directories have
  std::string config;              // config.json: its model_type where no file names a class
};

// Ids by role. A role is empty when nobody names a token for it, or when it is one of the class's
// defaults that the vocabulary does not have.
struct TokenizerSettings {
  std::optional<int64_t> bos, eos, unk, sep, pad, cls, mask;
  bool clean_up = false;  // what Decode's clean_up should be
};

// As transformers' from_pretrained: tokenizer_config.json's `<role>_token` (null = none);
// special_tokens_map.json goes before it unless tokenizer_config.json has added_tokens_decoder;
// then the defaults of the class that tokenizer_class or model_type names; and for a class without
// defaults the padding token of tokenizer.json. ConfigError naming the file and the token when a
// file names one that tokenizer.json does not have.
Result<TokenizerSettings> ReadTokenizerSettings(const Tokenizer& tokenizer,
                                                const TokenizerFiles& files);

// mBART's frame, `X </s> language`, as MBartTokenizer puts it around sources (src_lang) and labels
// (tgt_lang) alike. `language` is a code such as ro_RO; ConfigError when the vocabulary lacks it.
Result<TokenFrame> LanguageFrame(const Tokenizer& tokenizer, const TokenizerSettings& settings,
                                 const std::string& language);

}  // namespace eida::engine
