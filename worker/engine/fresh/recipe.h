// What a new model of a family is made of, as its published models have it: config.json, tokenizer,
// first weights.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"

namespace eida::engine {

struct FreshSizes {
  int64_t vocabulary = 1000;  // tokens at most, special ones included
  int64_t layers = 2;         // of each stack
  int64_t hidden = 64, heads = 2;
  int64_t intermediate = 0;  // 0 = 4 x hidden
  int64_t positions = 128;   // tokens of the longest text
  int64_t labels = 0;  // of a classifier's head; 0 = a base model: each run's seed draws its head
};

struct Recipe {
  using IdOf = std::function<int64_t(const std::string& token)>;

  Json config;     // config.json, but for vocab_size
  Json tokenizer;  // tokenizer.json before it is trained; its added_tokens take the first ids
  std::vector<Json> last_tokens;  // added tokens behind the learned ones; Token() makes one
  std::function<Json(const IdOf&)> frame;  // the post_processor; empty = none
  Json tokenizer_config;
  std::string base_architecture;             // transformers' class of the model without a head
  double spread = 0.02;                      // of normal weights
  std::map<std::string, double> spreads;     // of those whose names end so
  std::map<std::string, int64_t> zero_rows;  // tables' rows that stay zero: the padding token's
};

// From models.def; the file is fresh/<id>.cc.
Result<Recipe> MakeRecipe(const std::string& family, const FreshSizes& sizes);

namespace recipes {

// An entry of added_tokens, its id left out.
Json Token(const std::string& content, bool lstrip = false);
// tokenizer.json with these first tokens and parts.
Json Untrained(const std::vector<Json>& tokens, const Json& model, const Json& normalizer,
               const Json& pre_tokenizer, const Json& decoder);
// The TemplateProcessing of [token or text, segment] pieces; "A" and "B" are the texts.
Json Template(const std::vector<std::pair<std::string, int>>& single,
              const std::vector<std::pair<std::string, int>>& pair, const Recipe::IdOf& id);
// Byte-level BPE, as GPT-2's.
Json ByteLevel(const std::vector<Json>& tokens);
// <s> <pad> </s> <unk> <mask> and RoBERTa's frame over byte-level BPE; `name`: transformers' class
// of the tokenizer.
void ByteLevelSentences(Recipe& recipe, const std::string& name, const FreshSizes& sizes);
// config.json of an encoder, and of the two stacks of BART and mBART.
Json EncoderConfigOf(const std::string& family, const FreshSizes& sizes);
Json StacksConfigOf(const std::string& family, const FreshSizes& sizes);

}  // namespace recipes
}  // namespace eida::engine
