// What the engine's tokenizer makes of texts that no data file can carry (control characters, line
// ends, lines of 100 kB), and the way back.
//
//   eida_tokens REQUEST.json ANSWER.json
//
// REQUEST: {"tokenizer": path, "files": {"tokenizer_config": path, "special_tokens_map": path,
// "config": path}, "encode": [{"texts", "pairs", "max_length", "threads", "truncation",
// "special_tokens", "language"}], "decode": [{"ids": [[..]], "skip_special_tokens", "clean_up"}]},
// all but "tokenizer" and "texts" optional. ANSWER: {"vocabulary", "settings": {role: id},
// "encode":
// [{"starts", "ids", "types", "special"} or {"error"}], "decode": [[text]]}.
#include <cstdio>
#include <map>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "worker/engine/formats/tokenizer_settings.h"

namespace eida {
namespace {

using engine::EncodeOptions;
using engine::Tokenizer;
using engine::TokenizerSettings;
using Texts = std::vector<std::string>;

Result<engine::TokenIds> EncodeAsked(const Tokenizer& tokenizer, const TokenizerSettings& settings,
                                     const Json& asked) {
  static const std::map<std::string, engine::Truncation> truncations = {
      {"longest_first", engine::Truncation::kLongestFirst},
      {"only_first", engine::Truncation::kOnlyFirst},
      {"only_second", engine::Truncation::kOnlySecond}};
  EncodeOptions options;
  options.max_length = GetOr<int64_t>(asked, "max_length", 0);
  options.threads = GetOr<int>(asked, "threads", 1);
  options.truncation = truncations.at(GetOr<std::string>(asked, "truncation", "longest_first"));
  options.special_tokens = GetOr<bool>(asked, "special_tokens", true);
  const auto language = GetOr<std::string>(asked, "language", "");
  if (!language.empty()) {
    EIDA_ASSIGN_OR_RETURN(options.frame, engine::LanguageFrame(tokenizer, settings, language));
  }
  return tokenizer.Encode(asked.at("texts").get<Texts>(), GetOr<Texts>(asked, "pairs", {}),
                          options);
}

Json RolesOf(const TokenizerSettings& settings) {
  Json roles = Json::object();
  const std::pair<const char*, std::optional<int64_t>> all[] = {
      {"bos", settings.bos}, {"eos", settings.eos}, {"unk", settings.unk},  {"sep", settings.sep},
      {"pad", settings.pad}, {"cls", settings.cls}, {"mask", settings.mask}};
  for (const auto& [role, id] : all) roles[role] = id ? Json(*id) : Json();
  return roles;
}

Status Answer(const std::string& request_path, const std::string& answer_path) {
  EIDA_ASSIGN_OR_RETURN(const Json request, ReadJsonFile(request_path));
  EIDA_ASSIGN_OR_RETURN(const Tokenizer tokenizer,
                        Tokenizer::Open(request.at("tokenizer").get<std::string>()));
  const Json files = request.value("files", Json::object());
  EIDA_ASSIGN_OR_RETURN(
      const TokenizerSettings settings,
      engine::ReadTokenizerSettings(tokenizer, {GetOr<std::string>(files, "tokenizer_config", ""),
                                                GetOr<std::string>(files, "special_tokens_map", ""),
                                                GetOr<std::string>(files, "config", "")}));
  Json answer = {{"vocabulary", tokenizer.vocabulary()},
                 {"settings", RolesOf(settings)},
                 {"encode", Json::array()},
                 {"decode", Json::array()}};
  for (const Json& asked : request.value("encode", Json::array())) {
    const auto ids = EncodeAsked(tokenizer, settings, asked);
    answer["encode"].push_back(ids.ok() ? Json{{"starts", ids->starts},
                                               {"ids", ids->ids},
                                               {"types", ids->types},
                                               {"special", ids->special}}
                                        : Json{{"error", Message(ids.status())}});
  }
  for (const Json& asked : request.value("decode", Json::array())) {
    Json texts = Json::array();
    for (const Json& ids : asked.at("ids")) {
      EIDA_ASSIGN_OR_RETURN(const std::string text,
                            tokenizer.Decode(ids.get<std::vector<int64_t>>(),
                                             GetOr<bool>(asked, "skip_special_tokens", false),
                                             GetOr<bool>(asked, "clean_up", false)));
      texts.push_back(text);
    }
    answer["decode"].push_back(std::move(texts));
  }
  return WriteFileAtomic(answer_path, answer.dump());
}

}  // namespace
}  // namespace eida

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: eida_tokens REQUEST.json ANSWER.json\n");
    return 2;
  }
  const eida::Status status = eida::Answer(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "eida_tokens: error: %s\n", eida::Message(status).c_str());
  return status.ok() ? 0 : 1;
}
