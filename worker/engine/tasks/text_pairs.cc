#include "worker/engine/tasks/text_pairs.h"

#include <ATen/Parallel.h>

#include <map>

#include "worker/engine/formats/tokenizer_settings.h"
#include "worker/engine/tasks/split_rows.h"

namespace eida::engine {
namespace {

void Append(TokenIds& to, int64_t id, bool special) {
  to.ids.push_back(id);
  to.types.push_back(0);
  to.special.push_back(special ? 1 : 0);
}

void End(TokenIds& to) { to.starts.push_back(static_cast<int64_t>(to.ids.size())); }

void AppendItem(TokenIds& to, const TokenIds& from, int64_t i, int64_t most) {
  const int64_t begin = from.starts[i], end = std::min(from.starts[i + 1], begin + most);
  for (int64_t t = begin; t < end; ++t) Append(to, from.ids[t], from.special[t] != 0);
}

// How the texts of one model are put into tokens.
class PairTokens {
 public:
  static Result<PairTokens> For(const Job& job, const Base& base) {
    PairTokens tokens(base);
    const auto file = [&](const char* name) {
      const auto found = job.inputs.find(std::string("model/") + name);
      return found == job.inputs.end() ? "" : found->second;
    };
    EIDA_ASSIGN_OR_RETURN(tokens.settings_,
                          ReadTokenizerSettings(base.tokenizer, {file("tokenizer_config.json"), "",
                                                                 base.config_path}));
    EIDA_ASSIGN_OR_RETURN(tokens.max_length_, MaxLength(job, base, 3));
    const Json data = job.spec.value("data", Json::object());
    EIDA_RETURN_IF_ERROR(base.model->encodes() ? tokens.SetFrames(job, data) : tokens.SetEnds(job));
    return tokens;
  }

  Result<TokenIds> Sources(const std::vector<std::string>& texts) const {
    return Encoded(texts, source_frame_);
  }
  // For decoders a target follows with a space, as in running text.
  Result<TokenIds> Targets(std::vector<std::string> texts) const {
    if (!base_->model->encodes()) {
      for (std::string& text : texts) text.insert(0, " ");
    }
    return Encoded(texts, target_frame_);
  }

  // What a text begins with when the decoder has not written yet.
  void AppendPrompt(TokenIds& to, const TokenIds& sources, int64_t i) const {
    if (!base_->model->encodes()) AppendItem(to, sources, i, max_length_);
    Append(to, start_, true);
    End(to);
  }

  // One item of a decoder, with the token that each of its tokens predicts.
  Status AppendSequence(EncodedRows& to, const TokenIds& sources, const TokenIds& targets,
                        int64_t i) const {
    const int64_t source = sources.starts[i + 1] - sources.starts[i];
    if (source + 2 > max_length_) {
      return DataError("has a source of " + std::to_string(source) +
                       " tokens, which leaves no room for a target in data.max_length " +
                       std::to_string(max_length_));
    }
    TokenIds& own = to.tokens;
    AppendItem(own, sources, i, source);
    Append(own, start_, true);
    AppendItem(own, targets, i, max_length_ - source - 1);
    if (static_cast<int64_t>(own.ids.size()) - own.starts.back() < max_length_)
      Append(own, end_, true);
    to.targets.resize(own.ids.size(), kNoLabel);
    for (size_t t = own.starts.back() + source; t + 1 < own.ids.size(); ++t)
      to.targets[t] = own.ids[t + 1];
    End(own);
    return OkStatus();
  }

  // One item of an encoder-decoder.
  void AppendShifted(EncodedRows& to, const TokenIds& sources, const TokenIds& targets,
                     int64_t i) const {
    AppendItem(to.tokens, sources, i, max_length_);
    End(to.tokens);
    const int64_t begin = targets.starts[i], end = targets.starts[i + 1];
    to.targets.insert(to.targets.end(), targets.ids.begin() + begin, targets.ids.begin() + end);
    Append(to.decoder, start_, true);
    AppendItem(to.decoder, targets, i, end - begin - 1);
    End(to.decoder);
  }

  Json GenerationDefaults() const {
    Json defaults = Json::object();
    if (settings_.eos) defaults["eos_token_id"] = *settings_.eos;
    for (const char* key : {"eos_token_id", "forced_bos_token_id", "forced_eos_token_id"}) {
      const auto found = base_->config.find(key);
      if (found != base_->config.end() && !found->is_null()) defaults[key] = *found;
    }
    return defaults;
  }

 private:
  explicit PairTokens(const Base& base) : base_(&base) {}

  Status SetEnds(const Job& job) {
    if (!settings_.bos || !settings_.eos) {
      return ConfigError("job " + job.name + ": nothing names the bos_token and eos_token of " +
                         base_->tokenizer.path() +
                         ", which stand between and behind a source and its target; "
                         "tokenizer_config.json does");
    }
    start_ = *settings_.bos;
    end_ = *settings_.eos;
    return OkStatus();
  }

  Status SetFrames(const Job& job, const Json& data) {
    const auto source = GetOr<std::string>(data, "source_lang", ""),
               target = GetOr<std::string>(data, "target_lang", "");
    if (source.empty() != target.empty())
      return ConfigError("job " + job.name +
                         ": data names one of source_lang and target_lang; it takes both");
    if (source.empty() && base_->config.value("model_type", "") == "mbart")
      return ConfigError("job " + job.name +
                         ": mBART's texts end in their language: data.source_lang and "
                         "data.target_lang name them, such as en_XX and ro_RO");
    if (!source.empty()) {
      EIDA_ASSIGN_OR_RETURN(source_frame_, LanguageFrame(base_->tokenizer, settings_, source));
      EIDA_ASSIGN_OR_RETURN(target_frame_, LanguageFrame(base_->tokenizer, settings_, target));
      start_ = target_frame_->after.back();
      return OkStatus();
    }
    start_ = GetOr<int64_t>(base_->config, "decoder_start_token_id", settings_.eos.value_or(-1));
    if (start_ < 0 || start_ >= base_->model->vocabulary())
      return ConfigError(base_->config_path +
                         ": decoder_start_token_id, which the decoder begins with, is missing or "
                         "no token of the model");
    return OkStatus();
  }

  Result<TokenIds> Encoded(const std::vector<std::string>& texts,
                           const std::optional<TokenFrame>& frame) const {
    EncodeOptions options;
    options.threads = at::get_num_threads();
    options.special_tokens = base_->model->encodes();
    options.frame = frame;
    if (base_->model->encodes()) options.max_length = max_length_;
    return base_->tokenizer.Encode(texts, {}, options);
  }

  const Base* base_;
  TokenizerSettings settings_;
  int64_t max_length_ = 0, start_ = 0, end_ = 0;
  std::optional<TokenFrame> source_frame_, target_frame_;
};

Status CheckGenerates(const Job& job, const Base& base) {
  if (base.model->generates()) return OkStatus();
  return ConfigError("job " + job.name +
                     ": the task's texts need a model that predicts tokens, and this one "
                     "classifies items (" +
                     base.config_path + ")");
}

}  // namespace

Result<EncodedRows> LoadTextPairs(const Job& job, const Base& base, const ItemChoice& choice) {
  EIDA_RETURN_IF_ERROR(CheckGenerates(job, base));
  EIDA_ASSIGN_OR_RETURN(const PairTokens pairs, PairTokens::For(job, base));
  EIDA_ASSIGN_OR_RETURN(SplitRows split, ReadSplit(job, base, choice));
  std::vector<std::string> source_texts, target_texts;
  for (inputs::Row& row : split.rows) {
    source_texts.push_back(std::move(row.text));
    target_texts.push_back(std::move(row.text_pair));
  }
  EIDA_ASSIGN_OR_RETURN(const TokenIds sources, pairs.Sources(source_texts));
  EIDA_ASSIGN_OR_RETURN(const TokenIds targets, pairs.Targets(std::move(target_texts)));
  EncodedRows rows;
  rows.items = std::move(split.items);
  for (int64_t i = 0; i < std::ssize(rows.items); ++i) {
    if (base.model->encodes()) {
      pairs.AppendShifted(rows, sources, targets, i);
      continue;
    }
    const Status appended = pairs.AppendSequence(rows, sources, targets, i);
    if (!appended.ok())
      return DataError("data/" + choice.split + ": row " + std::to_string(rows.items[i]) + " " +
                       Message(appended));
  }
  return rows;
}

Result<GenerationItems> LoadGenerationItems(const Job& job, const Base& base,
                                            const ItemChoice& choice) {
  EIDA_RETURN_IF_ERROR(CheckGenerates(job, base));
  EIDA_ASSIGN_OR_RETURN(const PairTokens pairs, PairTokens::For(job, base));
  EIDA_ASSIGN_OR_RETURN(SplitRows split, ReadSplit(job, base, choice));
  GenerationItems out;
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < split.items.size(); ++i) {
    const auto [at, is_new] = seen.emplace(split.rows[i].text, out.sources.size());
    if (is_new) {
      out.items.push_back(split.items[i]);
      out.sources.push_back(split.rows[i].text);
      out.references.emplace_back();
    }
    out.references[at->second].push_back(std::move(split.rows[i].text_pair));
  }
  EIDA_ASSIGN_OR_RETURN(TokenIds sources, pairs.Sources(out.sources));
  const bool encodes = base.model->encodes();
  for (int64_t i = 0; i < sources.size(); ++i)
    pairs.AppendPrompt(encodes ? out.prompts.decoder : out.prompts.tokens, sources, i);
  if (encodes) out.prompts.tokens = std::move(sources);
  out.defaults = pairs.GenerationDefaults();
  return out;
}

}  // namespace eida::engine
