#include "worker/engine/formats/tokenizer_train.h"

#include "worker/engine/job.h"
#include "worker/engine/tokenizers/eida_tokenizers.h"

namespace eida::engine {

Result<Json> TrainTokenizer(const Json& untrained, const std::vector<std::string>& texts,
                            int64_t size) {
  std::vector<const char*> data;
  std::vector<uint64_t> sizes;
  for (const std::string& text : texts) {
    data.push_back(text.data());
    sizes.push_back(text.size());
  }
  const std::string json = untrained.dump();
  EidaText trained{}, error{};
  const int code = eida_tokenizers_train(json.data(), json.size(), data.data(), sizes.data(),
                                         static_cast<int64_t>(texts.size()),
                                         static_cast<uint64_t>(size), &trained, &error);
  EidaText& text = code == 0 ? trained : error;
  const std::string said = text.data == nullptr ? "" : std::string(text.data, text.size);
  eida_tokenizers_free_text(&text);
  if (code != 0) return DataError("no tokenizer comes of these texts: " + said);
  return ParseJson(said, "the trained tokenizer");
}

}  // namespace eida::engine
