#include <deque>
#include <mutex>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/tasks/token_cache.h"
#include "worker/engine/tasks/token_file.h"
#include "worker/engine/tasks/token_key.h"

namespace eida::engine {

#define EIDA_TASK(id, learns, columns, labels, formats, metrics, text_metrics, help) \
  Result<EncodedRows> Load_##id(const Job&, const Base&, const ItemChoice&);
#include "common/catalog/tasks.def"
#undef EIDA_TASK

namespace {

constexpr size_t kKept = 4;

struct TaskEntry {
  const char* id;
  Result<EncodedRows> (*load)(const Job&, const Base&, const ItemChoice&);
};
constexpr TaskEntry kTasks[] = {
#define EIDA_TASK(id, learns, columns, labels, formats, metrics, text_metrics, help) \
  {#id, Load_##id},
#include "common/catalog/tasks.def"
#undef EIDA_TASK
};

Result<const TaskEntry*> TaskOf(const Job& job) {
  const auto task =
      GetOr<std::string>(job.spec.value("data", Json::object()), "task", "classification");
  for (const TaskEntry& entry : kTasks) {
    if (task == entry.id) return &entry;
  }
  return ConfigError("job " + job.name + ": data.task is \"" + task +
                     "\", this version has: " + Join(catalog::Ids(catalog::Tasks()), ", "));
}

std::string KeyOf(const Job& job, const ItemChoice& choice) {
  std::string key = job.spec.value("model", Json::object()).dump() +
                    job.spec.value("data", Json::object()).dump() + choice.key();
  for (const auto& [role, path] : job.inputs) {
    if (role.rfind("data/", 0) == 0 || role == "model/tokenizer.json")
      key += "\n" + role + "=" + path;
  }
  return key;
}

}  // namespace

std::string ItemChoice::key() const {
  return "\n" + split + "\n" + (samples ? std::to_string(*samples) : "all") + "\n" +
         std::to_string(item_seed) +
         (half ? "\nhalf " + std::to_string(half->seed) + (half->other ? " other" : "") : "");
}

Result<ItemChoice> ReadItemChoice(const Job& job, const std::string& split, bool sampled) {
  ItemChoice choice;
  choice.split = split;
  if (!sampled) return choice;
  const auto samples = GetOr<int64_t>(job.spec, "samples", 0);
  if (samples < 0) return ConfigError("job " + job.name + ": samples is negative");
  if (samples > 0) choice.samples = samples;
  choice.item_seed = GetOr<int64_t>(job.spec, "item_seed", 0);
  return choice;
}

Result<Examples> EncodeSplit(const Job& job, const Base& base, const ItemChoice& choice) {
  EIDA_ASSIGN_OR_RETURN(const TaskEntry* task, TaskOf(job));
  // An input that cannot be read is for the task to say.
  const Result<std::string> key =
      job.tokens.dir.empty() ? NotFound("no folder") : TokenKey(job, base, choice);
  const TokenCache cache(job.tokens);
  if (key.ok()) {
    if (std::optional<Examples> kept = cache.Find(*key)) return std::move(*kept);
  }
  EIDA_ASSIGN_OR_RETURN(const EncodedRows rows, task->load(job, base, choice));
  if (!key.ok()) return Examples(rows);
  auto image = std::make_shared<const std::string>(TokenFileImage(rows, *key));
  cache.Keep(*key, *image);
  return ViewTokenImage(std::move(image));
}

Result<std::shared_ptr<const Examples>> LoadExamples(const Job& job, const Base& base,
                                                     const ItemChoice& choice) {
  static std::mutex mutex;
  static std::deque<std::pair<std::string, std::shared_ptr<const Examples>>> kept;
  const std::string key = KeyOf(job, choice);
  const std::lock_guard<std::mutex> lock(mutex);
  for (const auto& [name, examples] : kept) {
    if (name == key) return examples;
  }
  EIDA_ASSIGN_OR_RETURN(Examples encoded, EncodeSplit(job, base, choice));
  kept.emplace_back(key, std::make_shared<const Examples>(std::move(encoded)));
  if (kept.size() > kKept) kept.pop_front();
  return kept.back().second;
}

}  // namespace eida::engine
