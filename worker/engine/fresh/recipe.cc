#include "worker/engine/fresh/recipe.h"

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/engine/job.h"

namespace eida::engine {

#define EIDA_MODEL(id, head, prefix, roles, help) Recipe Recipe_##id(const FreshSizes&);
#include "common/catalog/models.def"
#undef EIDA_MODEL

namespace {

struct RecipeEntry {
  const char* id;
  Recipe (*make)(const FreshSizes&);
};
constexpr RecipeEntry kRecipes[] = {
#define EIDA_MODEL(id, head, prefix, roles, help) {#id, Recipe_##id},
#include "common/catalog/models.def"
#undef EIDA_MODEL
};

Status CheckSizes(const FreshSizes& s) {
  const std::pair<const char*, int64_t> positive[] = {{"vocabulary", s.vocabulary},
                                                      {"layers", s.layers},
                                                      {"hidden", s.hidden},
                                                      {"heads", s.heads},
                                                      {"intermediate", s.intermediate},
                                                      {"positions", s.positions}};
  for (const auto& [name, value] : positive) {
    if (value < 1 || value > 1'000'000)
      return ConfigError("a new model: " + std::string(name) + " is " + std::to_string(value) +
                         ", it must be 1 to 1000000");
  }
  if (s.hidden % s.heads != 0)
    return ConfigError("a new model: hidden " + std::to_string(s.hidden) +
                       " is not a multiple of heads " + std::to_string(s.heads));
  if (s.labels != 0 && s.labels < 2)
    return ConfigError("a new model: labels is " + std::to_string(s.labels) +
                       "; a head has 2 or more, 0 means none");
  return OkStatus();
}

}  // namespace

Result<Recipe> MakeRecipe(const std::string& family, const FreshSizes& sizes) {
  FreshSizes whole = sizes;
  if (whole.intermediate == 0) whole.intermediate = 4 * whole.hidden;
  for (const RecipeEntry& entry : kRecipes) {
    if (family != entry.id) continue;
    EIDA_RETURN_IF_ERROR(CheckSizes(whole));
    return entry.make(whole);
  }
  return ConfigError("no model family \"" + family +
                     "\"; there are: " + Join(catalog::Ids(catalog::Models()), ", "));
}

namespace recipes {

Json Token(const std::string& content, bool lstrip) {
  return {{"content", content}, {"single_word", false}, {"lstrip", lstrip},
          {"rstrip", false},    {"normalized", false},  {"special", true}};
}

Json Untrained(const std::vector<Json>& tokens, const Json& model, const Json& normalizer,
               const Json& pre_tokenizer, const Json& decoder) {
  Json added = Json::array();
  for (Json token : tokens) {
    token["id"] = added.size();
    added.push_back(std::move(token));
  }
  return {{"version", "1.0"},          {"truncation", nullptr},    {"padding", nullptr},
          {"added_tokens", added},     {"normalizer", normalizer}, {"pre_tokenizer", pre_tokenizer},
          {"post_processor", nullptr}, {"decoder", decoder},       {"model", model}};
}

Json Template(const std::vector<std::pair<std::string, int>>& single,
              const std::vector<std::pair<std::string, int>>& pair, const Recipe::IdOf& id) {
  Json special = Json::object();
  const auto pieces = [&](const std::vector<std::pair<std::string, int>>& all) {
    Json list = Json::array();
    for (const auto& [piece, segment] : all) {
      const bool text = piece == "A" || piece == "B";
      list.push_back({{text ? "Sequence" : "SpecialToken", {{"id", piece}, {"type_id", segment}}}});
      if (!text) special[piece] = {{"id", piece}, {"ids", {id(piece)}}, {"tokens", {piece}}};
    }
    return list;
  };
  Json made = {{"type", "TemplateProcessing"}, {"single", pieces(single)}, {"pair", pieces(pair)}};
  made["special_tokens"] = special;
  return made;
}

Json ByteLevel(const std::vector<Json>& tokens) {
  const Json bytes = {{"type", "ByteLevel"},
                      {"add_prefix_space", false},
                      {"trim_offsets", true},
                      {"use_regex", true}};
  Json decoder = bytes;
  decoder["add_prefix_space"] = true;
  return Untrained(tokens, {{"type", "BPE"}, {"vocab", Json::object()}, {"merges", Json::array()}},
                   nullptr, bytes, decoder);
}

void ByteLevelSentences(Recipe& recipe, const std::string& name, const FreshSizes& sizes) {
  recipe.tokenizer = ByteLevel(
      {Token("<s>"), Token("<pad>"), Token("</s>"), Token("<unk>"), Token("<mask>", true)});
  recipe.frame = [](const Recipe::IdOf& id) -> Json {
    return {{"type", "RobertaProcessing"},
            {"sep", {"</s>", id("</s>")}},
            {"cls", {"<s>", id("<s>")}},
            {"trim_offsets", true},
            {"add_prefix_space", false}};
  };
  recipe.tokenizer_config = {{"tokenizer_class", name},   {"model_max_length", sizes.positions},
                             {"add_prefix_space", false}, {"bos_token", "<s>"},
                             {"eos_token", "</s>"},       {"cls_token", "<s>"},
                             {"sep_token", "</s>"},       {"unk_token", "<unk>"},
                             {"pad_token", "<pad>"},      {"mask_token", "<mask>"}};
}

Json EncoderConfigOf(const std::string& family, const FreshSizes& sizes) {
  return {{"model_type", family},
          {"hidden_size", sizes.hidden},
          {"num_hidden_layers", sizes.layers},
          {"num_attention_heads", sizes.heads},
          {"intermediate_size", sizes.intermediate},
          {"max_position_embeddings", sizes.positions},
          {"hidden_act", "gelu"},
          {"hidden_dropout_prob", 0.1},
          {"attention_probs_dropout_prob", 0.1},
          {"initializer_range", 0.02}};
}

Json StacksConfigOf(const std::string& family, const FreshSizes& sizes) {
  Json config = {{"model_type", family},
                 {"is_encoder_decoder", true},
                 {"d_model", sizes.hidden},
                 {"max_position_embeddings", sizes.positions},
                 {"activation_function", "gelu"},
                 {"dropout", 0.1},
                 {"attention_dropout", 0.0},
                 {"activation_dropout", 0.0},
                 {"init_std", 0.02},
                 {"bos_token_id", 0},
                 {"pad_token_id", 1},
                 {"eos_token_id", 2},
                 {"forced_eos_token_id", 2}};
  for (const std::string stack : {"encoder", "decoder"}) {
    config[stack + "_layers"] = sizes.layers;
    config[stack + "_attention_heads"] = sizes.heads;
    config[stack + "_ffn_dim"] = sizes.intermediate;
  }
  return config;
}

}  // namespace recipes
}  // namespace eida::engine
