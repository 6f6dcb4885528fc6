#include "worker/engine/formats/tokenizer.h"

#include "common/base/fs.h"
#include "worker/engine/job.h"
#include "worker/engine/tokenizers/eida_tokenizers.h"

namespace eida::engine {
namespace {

// Takes the text that the C interface gave and frees it.
std::string Taken(char* text) {
  std::string copy = text == nullptr ? "no reason given" : text;
  eida_tokenizers_free_text(text);
  return copy;
}

void Pointers(const std::vector<std::string>& texts, std::vector<const char*>* data,
              std::vector<uint64_t>* sizes) {
  for (const std::string& text : texts) {
    data->push_back(text.data());
    sizes->push_back(text.size());
  }
}

}  // namespace

Result<Tokenizer> Tokenizer::Open(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const std::string json, ReadFile(path));
  char* error = nullptr;
  EidaTokenizer* handle = eida_tokenizers_open(json.data(), json.size(), &error);
  if (handle == nullptr) {
    return ConfigError(
        path + " is not a tokenizer.json that the tokenizers library reads: " + Taken(error) +
        "; save the fast tokenizer again (AutoTokenizer.from_pretrained(..).save_pretrained(DIR))");
  }
  Tokenizer tokenizer;
  tokenizer.handle_ = {handle, [](EidaTokenizer* owned) { eida_tokenizers_close(owned); }};
  tokenizer.path_ = path;
  return tokenizer;
}

int64_t Tokenizer::vocabulary() const { return eida_tokenizers_vocabulary(handle_.get()); }

Result<TokenIds> Tokenizer::Encode(const std::vector<std::string>& texts,
                                   const std::vector<std::string>& pairs, int64_t max_length,
                                   int threads) const {
  std::vector<const char*> data, pair_data;
  std::vector<uint64_t> sizes, pair_sizes;
  Pointers(texts, &data, &sizes);
  Pointers(pairs, &pair_data, &pair_sizes);
  EidaEncoding encoding{};
  char* error = nullptr;
  if (eida_tokenizers_encode(handle_.get(), data.data(), sizes.data(),
                             pairs.empty() ? nullptr : pair_data.data(),
                             pairs.empty() ? nullptr : pair_sizes.data(),
                             static_cast<int64_t>(texts.size()), static_cast<uint32_t>(max_length),
                             static_cast<uint32_t>(threads), &encoding, &error) != 0) {
    return DataError(path_ + ": tokenising failed: " + Taken(error));
  }
  TokenIds ids;
  ids.starts.assign(encoding.offsets, encoding.offsets + encoding.count + 1);
  const int64_t total = ids.starts.back();
  ids.ids.assign(encoding.ids, encoding.ids + total);
  ids.types.assign(encoding.type_ids, encoding.type_ids + total);
  ids.special.assign(encoding.special, encoding.special + total);
  eida_tokenizers_free_encoding(&encoding);
  return ids;
}

}  // namespace eida::engine
