#include "worker/engine/generate/options.h"

#include <algorithm>
#include <limits>

#include "common/base/text.h"

namespace eida::engine {
namespace {

Status WrongOption(const std::string& key, const Json& value, const std::string& wanted) {
  return InvalidArgument(key + " is " + value.dump() + ": it must be " + wanted);
}

Status ReadCount(const Json& value, const std::string& key, int64_t least, int64_t& out) {
  if (!value.is_number_integer() || value.get<int64_t>() < least)
    return WrongOption(key, value, "a whole number of at least " + std::to_string(least));
  out = value.get<int64_t>();
  return OkStatus();
}

Status ReadEos(const Json& value, const std::string& key, std::vector<int64_t>& out) {
  const Json list = value.is_array() ? value : Json::array({value});
  out.clear();
  for (const Json& token : list) EIDA_RETURN_IF_ERROR(ReadCount(token, key, 0, out.emplace_back()));
  return OkStatus();
}

Status ReadEarlyStopping(const Json& value, const std::string& key,
                         GenerateOptions::EarlyStopping& out) {
  using Kind = GenerateOptions::EarlyStopping;
  if (value.is_boolean()) {
    out = value.get<bool>() ? Kind::kTrue : Kind::kFalse;
  } else if (value == "never") {
    out = Kind::kNever;
  } else {
    return WrongOption(key, value, "true, false or \"never\"");
  }
  return OkStatus();
}

Status ReadOption(const std::string& key, const Json& value, GenerateOptions& options) {
  const struct {
    const char* key;
    int64_t* out;
    int64_t least;
  } counts[] = {
      {"num_beams", &options.num_beams, 1},
      {"max_new_tokens", &options.max_new_tokens, 1},
      {"max_length", &options.max_length, 1},
      {"min_new_tokens", &options.min_new_tokens, 0},
      {"no_repeat_ngram_size", &options.no_repeat_ngram_size, 0},
      {"forced_bos_token_id", &options.forced_bos_token_id, 0},
      {"forced_eos_token_id", &options.forced_eos_token_id, 0},
  };
  for (const auto& count : counts) {
    if (key == count.key) return ReadCount(value, key, count.least, *count.out);
  }
  if (key == "eos_token_id") return ReadEos(value, key, options.eos_token_id);
  if (key == "early_stopping") return ReadEarlyStopping(value, key, options.early_stopping);
  if (key == "length_penalty") {
    if (!value.is_number()) return WrongOption(key, value, "a number");
    options.length_penalty = value.get<double>();
    return OkStatus();
  }
  return InvalidArgument(key +
                         " is no setting of generation; there are num_beams, max_new_tokens, "
                         "max_length, min_new_tokens, length_penalty, early_stopping, "
                         "no_repeat_ngram_size, eos_token_id, forced_bos_token_id and "
                         "forced_eos_token_id");
}

}  // namespace

int64_t GenerateOptions::NewTokens(int64_t prompt) const {
  return max_length == 0 ? max_new_tokens : std::min(max_new_tokens, max_length - prompt);
}

Result<GenerateOptions> ReadGenerateOptions(const Json& json) {
  if (!json.is_object()) return InvalidArgument("it must be a map of settings");
  GenerateOptions options;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_null()) EIDA_RETURN_IF_ERROR(ReadOption(key, value, options));
  }
  if (options.max_length != 0 && json.value("max_new_tokens", Json()).is_null())
    options.max_new_tokens = std::numeric_limits<int64_t>::max();
  return options;
}

}  // namespace eida::engine
