#include "worker/analysis/soups/journal.h"

#include "common/base/digest.h"
#include "worker/engine/study.h"

namespace eida::analysis {
namespace {

constexpr char kKey[] = "eida.soup";

Json ToJson(const SoupJournal::Entry& e) {
  return Json::array({e.member, e.alpha, e.score.metrics, e.score.whole, e.evaluated});
}

// Throws what nlohmann throws where it is no such list.
SoupJournal::Entry FromJson(const Json& json) {
  SoupJournal::Entry e;
  e.member = json.at(0).get<int>();
  e.alpha = json.at(1).get<double>();
  e.score.metrics = json.at(2).get<std::map<std::string, double>>();
  e.score.whole = json.at(3).get<bool>();
  e.evaluated = json.at(4).get<bool>();
  return e;
}

}  // namespace

Result<SoupJournal> SoupJournal::Open(const engine::Job& job) {
  SoupJournal journal;
  journal.identity_ = DigestOf(Canonical(job.spec)).str();
  if (!job.resume) return journal;
  const std::string& path = *job.resume;
  std::map<std::string, std::string> metadata;
  EIDA_RETURN_IF_ERROR(engine::ReadSafetensors(path, &metadata).status());
  const auto kept = metadata.find(kKey);
  if (kept == metadata.end())
    return engine::ConfigError(path + " is not a checkpoint of a soup's search");
  EIDA_ASSIGN_OR_RETURN(const Json json, ParseJson(kept->second, path + ": metadata " + kKey));
  try {
    if (json.at("identity").get<std::string>() != journal.identity_)
      return engine::ConfigError(path + " is a checkpoint of another soup than job " + job.name);
    for (const Json& entry : json.at("trials")) journal.entries_.push_back(FromJson(entry));
  } catch (const Json::exception& error) {
    return engine::ConfigError(path + ": metadata " + kKey + ": " + error.what());
  }
  journal.resumed_ = journal.saved_ = static_cast<int64_t>(journal.entries_.size());
  return journal;
}

Result<std::optional<SoupScore>> SoupJournal::Replay(int member, double alpha) {
  if (next_ == entries_.size()) return std::optional<SoupScore>();
  const Entry& entry = entries_[next_++];
  if (entry.member != member || entry.alpha != alpha) {
    return Internal("trial " + std::to_string(next_) + " of the checkpoint is of member " +
                    std::to_string(entry.member) + ", the search asks for member " +
                    std::to_string(member));
  }
  return std::optional(entry.score);
}

void SoupJournal::Add(const Entry& entry) {
  entries_.push_back(entry);
  next_ = entries_.size();
}

Status SoupJournal::Save(const engine::Job& job, engine::Events& events) {
  const auto trials = static_cast<int64_t>(entries_.size());
  if (trials == saved_) return OkStatus();
  Json list = Json::array();
  for (const Entry& entry : entries_) list.push_back(ToJson(entry));
  const std::string path = job.out + "/checkpoint-" + std::to_string(trials) + ".safetensors";
  const Json json = {{"identity", identity_}, {"trials", list}};
  EIDA_RETURN_IF_ERROR(
      engine::WriteSafetensors({}, {{"format", "pt"}, {kKey, Canonical(json)}}, path));
  events.Checkpoint(trials, path, Json::object());
  saved_ = trials;
  return OkStatus();
}

}  // namespace eida::analysis
