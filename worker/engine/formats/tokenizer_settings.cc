#include "worker/engine/formats/tokenizer_settings.h"

#include <map>
#include <vector>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "worker/engine/job.h"

namespace eida::engine {
namespace {

// Default tokens of transformers' classes, by role; "Fast" at the end of a name is left out.
using RoleTokens = std::map<std::string, std::string>;

const RoleTokens* DefaultTokens(const std::string& name) {
  static const RoleTokens word_piece = {
      {"unk", "[UNK]"}, {"sep", "[SEP]"}, {"pad", "[PAD]"}, {"cls", "[CLS]"}, {"mask", "[MASK]"}};
  static const RoleTokens gpt2 = {
      {"unk", "<|endoftext|>"}, {"bos", "<|endoftext|>"}, {"eos", "<|endoftext|>"}};
  static const RoleTokens sentence = {{"bos", "<s>"},    {"eos", "</s>"},  {"sep", "</s>"},
                                      {"cls", "<s>"},    {"unk", "<unk>"}, {"pad", "<pad>"},
                                      {"mask", "<mask>"}};
  static const std::map<std::string, const RoleTokens*> classes = {
      {"BertTokenizer", &word_piece},  {"bert", &word_piece},
      {"GPT2Tokenizer", &gpt2},        {"gpt2", &gpt2},
      {"RobertaTokenizer", &sentence}, {"roberta", &sentence},
      {"BartTokenizer", &sentence},    {"bart", &sentence},
      {"MBartTokenizer", &sentence},   {"mbart", &sentence}};
  const auto found = classes.find(name);
  return found == classes.end() ? nullptr : found->second;
}

Result<Json> ObjectIn(const std::string& path) {
  if (path.empty()) return Json::object();
  auto object = ReadJsonFile(path);
  if (!object.ok()) return ConfigError(Message(object.status()));
  if (!object->is_object()) return ConfigError(path + ": is not a JSON object");
  return object;
}

// A token stands as a text or as {"content": text, ..}.
Result<std::optional<std::string>> TokenIn(const Json& object, const std::string& key,
                                           const std::string& path) {
  const Json& value = object.at(key);
  if (value.is_null()) return std::optional<std::string>();
  if (value.is_string()) return std::optional(value.get<std::string>());
  if (value.is_object() && value.contains("content") && value["content"].is_string())
    return std::optional(value["content"].get<std::string>());
  return ConfigError(path + ": " + key + " is neither a text nor {\"content\": text}");
}

}  // namespace

Result<TokenizerSettings> ReadTokenizerSettings(const Tokenizer& tokenizer,
                                                const TokenizerFiles& files) {
  EIDA_ASSIGN_OR_RETURN(const Json own, ObjectIn(files.tokenizer_config));
  EIDA_ASSIGN_OR_RETURN(const Json map, ObjectIn(files.special_tokens_map));
  EIDA_ASSIGN_OR_RETURN(const Json config, ObjectIn(files.config));
  auto name =
      GetOr<std::string>(own, "tokenizer_class", GetOr<std::string>(config, "model_type", ""));
  if (name.size() > 4 && name.compare(name.size() - 4, 4, "Fast") == 0)
    name.resize(name.size() - 4);
  const RoleTokens* defaults = DefaultTokens(name);
  // The files in the order in which transformers asks them.
  std::vector<std::pair<const Json*, std::string>> asked = {{&own, files.tokenizer_config}};
  if (!own.contains("added_tokens_decoder"))
    asked.insert(asked.begin(), {&map, files.special_tokens_map});

  TokenizerSettings settings;
  const std::pair<const char*, std::optional<int64_t>*> roles[] = {
      {"bos", &settings.bos},  {"eos", &settings.eos}, {"unk", &settings.unk},
      {"sep", &settings.sep},  {"pad", &settings.pad}, {"cls", &settings.cls},
      {"mask", &settings.mask}};
  for (const auto& [role, id] : roles) {
    const std::string key = std::string(role) + "_token";
    bool named = false;
    for (const auto& [object, path] : asked) {
      if (named || !object->contains(key)) continue;
      named = true;
      EIDA_ASSIGN_OR_RETURN(const auto token, TokenIn(*object, key, path));
      if (!token) continue;
      *id = tokenizer.Id(*token);
      if (!id->has_value()) {
        return ConfigError(path + ": " + key + " is \"" + *token + "\", which " + tokenizer.path() +
                           " does not have: save the tokenizer again");
      }
    }
    if (!named && defaults != nullptr && defaults->count(role) > 0)
      *id = tokenizer.Id(defaults->at(role));
    if (!named && defaults == nullptr && id == &settings.pad) {
      EIDA_ASSIGN_OR_RETURN(const Json file, ObjectIn(tokenizer.path()));
      *id = tokenizer.Id(GetOr<std::string>(file.value("padding", Json()), "pad_token", ""));
    }
  }
  settings.clean_up = GetOr<bool>(own, "clean_up_tokenization_spaces", false);
  return settings;
}

Result<TokenFrame> LanguageFrame(const Tokenizer& tokenizer, const TokenizerSettings& settings,
                                 const std::string& language) {
  const auto code = tokenizer.Id(language);
  if (!code) {
    return ConfigError(tokenizer.path() + ": has no language code \"" + language +
                       "\"; mBART's are written like en_XX and ro_RO");
  }
  if (!settings.eos)
    return ConfigError(tokenizer.path() +
                       ": nothing names its eos_token, which mBART's texts end in");
  return TokenFrame{{}, {*settings.eos, *code}};
}

}  // namespace eida::engine
