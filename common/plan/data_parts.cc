#include "common/plan/data_parts.h"

#include <algorithm>

namespace eida::plan {

Result<DataParts> DataParts::Of(const spec::DataSpec& data, const PlanInputs& inputs) {
  DataParts parts;
  for (const spec::SplitSpec& s : data.splits) {
    Split split{s.name, s.name, {{"name", s.name}}, std::nullopt};
    if (s.file.empty()) {
      // A source stands above what is taken from it; the sweep file's reader has seen to that.
      for (const Split& source : parts.splits_) {
        if (source.name == s.from) split.file = source.file;
      }
      split.rule["from"] = s.from;
      split.rule["seed"] = s.seed;
      if (s.fraction) split.rule["fraction"] = *s.fraction;
      if (s.items) split.rule["items"] = *s.items;
    } else {
      const auto file = inputs.files.find(s.file);
      if (file == inputs.files.end() || file->second.count("") == 0)
        return InvalidArgument("the data file \"" + s.file + "\" was not given");
      const Digest digest = file->second.at("");
      split.rule["digest"] = digest.str();
      split.input = JobInput{"data/" + s.name, digest};
    }
    parts.splits_.push_back(std::move(split));
  }
  parts.limit_ = data.limit;
  Json columns = {{"text", data.text}};
  if (!data.label.empty()) columns["label"] = data.label;
  if (!data.text_pair.empty()) columns["text_pair"] = data.text_pair;
  parts.settings_ = {{"task", data.task},
                     {"format", data.format},
                     {"columns", columns},
                     {"max_length", data.max_length}};
  if (!data.source_lang.empty()) parts.settings_["source_lang"] = data.source_lang;
  if (!data.target_lang.empty()) parts.settings_["target_lang"] = data.target_lang;
  return parts;
}

DataPart DataParts::For(const std::set<std::string>& splits) const {
  std::set<std::string> files;
  for (const Split& split : splits_) {
    if (splits.count(split.name) > 0) files.insert(split.file);
  }
  DataPart part{settings_, {}};
  part.data["splits"] = Json::array();
  part.data["limit"] = Json::object();
  for (const Split& split : splits_) {
    if (files.count(split.file) == 0) continue;
    part.data["splits"].push_back(split.rule);
    const auto limit = limit_.find(split.name);
    if (limit != limit_.end()) part.data["limit"][split.name] = limit->second;
    if (split.input) part.inputs.push_back(*split.input);
  }
  return part;
}

}  // namespace eida::plan
