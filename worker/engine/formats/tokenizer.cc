#include "worker/engine/formats/tokenizer.h"

#include <limits>
#include <utility>

#include "common/base/fs.h"
#include "worker/engine/job.h"
#include "worker/engine/tokenizers/eida_tokenizers.h"

namespace eida::engine {
namespace {

// Takes the text that the C interface filled and frees it.
std::string Taken(EidaText& text) {
  std::string copy = text.data == nullptr ? "no reason given" : std::string(text.data, text.size);
  eida_tokenizers_free_text(&text);
  return copy;
}

struct Pointers {
  std::vector<const char*> data;
  std::vector<uint64_t> sizes;

  explicit Pointers(const std::vector<std::string>& texts) {
    data.reserve(texts.size());
    sizes.reserve(texts.size());
    for (const std::string& text : texts) {
      data.push_back(text.data());
      sizes.push_back(text.size());
    }
  }
};

// Ids as the library takes them; false at one that cannot be an id, which is left in `wrong`.
bool NarrowIds(const std::vector<int64_t>& ids, std::vector<uint32_t>* narrow, size_t* wrong) {
  narrow->reserve(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] > std::numeric_limits<uint32_t>::max()) return *wrong = i, false;
    narrow->push_back(static_cast<uint32_t>(ids[i]));
  }
  return true;
}

// transformers' clean_up_tokenization: these replacements, in this order.
std::string WithoutSpacesBeforeMarks(std::string text) {
  static constexpr std::pair<const char*, const char*> kClosed[] = {
      {" .", "."},     {" ?", "?"},   {" !", "!"},   {" ,", ","},     {" ' ", "'"},
      {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kClosed) {
    const std::string open = from, closed = to;
    std::string done;
    size_t at = 0;
    for (size_t found; (found = text.find(open, at)) != std::string::npos; at = found + open.size())
      done.append(text, at, found - at).append(closed);
    text = done.append(text, at, std::string::npos);
  }
  return text;
}

}  // namespace

Result<Tokenizer> Tokenizer::Open(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const std::string json, ReadFile(path));
  EidaText error{};
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

std::optional<int64_t> Tokenizer::Id(const std::string& token) const {
  const int64_t id = eida_tokenizers_id(handle_.get(), token.data(), token.size());
  return id < 0 ? std::nullopt : std::optional(id);
}

Result<TokenIds> Tokenizer::Encode(const std::vector<std::string>& texts,
                                   const std::vector<std::string>& pairs, int64_t max_length,
                                   int threads) const {
  EncodeOptions options;
  options.max_length = max_length;
  options.threads = threads;
  return Encode(texts, pairs, options);
}

Result<TokenIds> Tokenizer::Encode(const std::vector<std::string>& texts,
                                   const std::vector<std::string>& pairs,
                                   const EncodeOptions& options) const {
  if (!pairs.empty() && pairs.size() != texts.size()) {
    return DataError(path_ + ": " + std::to_string(texts.size()) + " texts were given " +
                     std::to_string(pairs.size()) + " second texts");
  }
  if (options.max_length < 0)
    return ConfigError(path_ + ": max_length is " + std::to_string(options.max_length));
  EidaEncodeOptions given{};
  given.max_length = static_cast<uint64_t>(options.max_length);
  given.threads = static_cast<uint32_t>(options.threads < 1 ? 1 : options.threads);
  given.truncation = static_cast<uint32_t>(options.truncation);
  given.frame = options.special_tokens ? EIDA_FRAME_OF_FILE : EIDA_FRAME_NONE;
  std::vector<uint32_t> before, after;
  if (options.frame && options.special_tokens) {
    for (const auto& [ids, narrow] :
         {std::pair(&options.frame->before, &before), std::pair(&options.frame->after, &after)}) {
      size_t wrong = 0;
      if (!NarrowIds(*ids, narrow, &wrong)) {
        return ConfigError(path_ + ": " + std::to_string((*ids)[wrong]) +
                           " is no token id to put around a text");
      }
    }
    given.frame = EIDA_FRAME_GIVEN;
    given.before = before.data();
    given.before_count = before.size();
    given.after = after.data();
    given.after_count = after.size();
  }
  const Pointers first(texts), second(pairs);
  EidaEncoding encoding{};
  EidaText error{};
  if (eida_tokenizers_encode(handle_.get(), first.data.data(), first.sizes.data(),
                             pairs.empty() ? nullptr : second.data.data(),
                             pairs.empty() ? nullptr : second.sizes.data(),
                             static_cast<int64_t>(texts.size()), &given, &encoding, &error) != 0)
    return DataError(path_ + ": tokenising failed: " + Taken(error));
  TokenIds ids;
  ids.starts.assign(encoding.offsets, encoding.offsets + encoding.count + 1);
  const int64_t total = ids.starts.back();
  ids.ids.assign(encoding.ids, encoding.ids + total);
  ids.types.assign(encoding.type_ids, encoding.type_ids + total);
  ids.special.assign(encoding.special, encoding.special + total);
  eida_tokenizers_free_encoding(&encoding);
  return ids;
}

Result<std::string> Tokenizer::Decode(const std::vector<int64_t>& ids, bool skip_special_tokens,
                                      bool clean_up) const {
  std::vector<uint32_t> narrow;
  size_t wrong = 0;
  if (!NarrowIds(ids, &narrow, &wrong)) {
    return DataError(path_ + ": cannot decode " + std::to_string(ids[wrong]) + " at place " +
                     std::to_string(wrong) + ": it is no token id (leave out ignored labels)");
  }
  EidaText text{}, error{};
  if (eida_tokenizers_decode(handle_.get(), narrow.data(), static_cast<int64_t>(narrow.size()),
                             skip_special_tokens ? 1 : 0, &text, &error) != 0)
    return DataError(path_ + ": decoding failed: " + Taken(error));
  std::string decoded = Taken(text);
  const bool words = std::string(eida_tokenizers_model(handle_.get())) != "BPE";
  return clean_up && words ? WithoutSpacesBeforeMarks(std::move(decoded)) : decoded;
}

}  // namespace eida::engine
