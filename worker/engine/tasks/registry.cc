#include <torch/torch.h>

#include <algorithm>
#include <deque>
#include <mutex>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {

#define EIDA_TASK(id, metrics, help) \
  Result<Examples> Load_##id(const Job&, const Base&, const ItemChoice&);
#include "common/catalog/tasks.def"
#undef EIDA_TASK

namespace {

constexpr size_t kKept = 4;

struct TaskEntry {
  const char* id;
  Result<Examples> (*load)(const Job&, const Base&, const ItemChoice&);
};
constexpr TaskEntry kTasks[] = {
#define EIDA_TASK(id, metrics, help) {#id, Load_##id},
#include "common/catalog/tasks.def"
#undef EIDA_TASK
};

std::string KeyOf(const Job& job, const ItemChoice& choice) {
  std::string key = job.spec.value("model", Json::object()).dump() +
                    job.spec.value("data", Json::object()).dump() + "\n" + choice.split + "\n" +
                    (choice.samples ? std::to_string(*choice.samples) : "all") + "\n" +
                    std::to_string(choice.item_seed);
  for (const auto& [role, path] : job.inputs) {
    if (role.rfind("data/", 0) == 0 || role == "model/tokenizer.json")
      key += "\n" + role + "=" + path;
  }
  return key;
}

}  // namespace

Result<std::shared_ptr<const Examples>> LoadExamples(const Job& job, const Base& base,
                                                     const ItemChoice& choice) {
  static std::mutex mutex;
  static std::deque<std::pair<std::string, std::shared_ptr<const Examples>>> kept;
  const std::string key = KeyOf(job, choice);
  const std::lock_guard<std::mutex> lock(mutex);
  for (const auto& [name, examples] : kept) {
    if (name == key) return examples;
  }
  const auto task =
      GetOr<std::string>(job.spec.value("data", Json::object()), "task", "classification");
  for (const TaskEntry& entry : kTasks) {
    if (task != entry.id) continue;
    EIDA_ASSIGN_OR_RETURN(Examples loaded, entry.load(job, base, choice));
    kept.emplace_back(key, std::make_shared<const Examples>(std::move(loaded)));
    if (kept.size() > kKept) kept.pop_front();
    return kept.back().second;
  }
  return ConfigError("job " + job.name + ": data.task is \"" + task +
                     "\", this version has: " + Join(catalog::Ids(catalog::Tasks()), ", "));
}

Batch MakeBatch(const Examples& examples, const std::vector<int64_t>& which, at::Device device) {
  Batch batch;
  std::vector<int64_t> ids, types, positions, first, labels;
  for (const int64_t i : which) {
    const int64_t begin = examples.tokens.starts[i], n = examples.length(i);
    first.push_back(batch.starts.back());
    labels.push_back(examples.labels[i]);
    ids.insert(ids.end(), examples.tokens.ids.begin() + begin,
               examples.tokens.ids.begin() + begin + n);
    types.insert(types.end(), examples.tokens.types.begin() + begin,
                 examples.tokens.types.begin() + begin + n);
    for (int64_t p = 0; p < n; ++p) positions.push_back(p);
    batch.starts.push_back(batch.starts.back() + static_cast<int32_t>(n));
    batch.longest = std::max(batch.longest, n);
  }
  const auto tensor = [&](const std::vector<int64_t>& values) {
    return torch::tensor(values, at::kLong).to(device);
  };
  batch.ids = tensor(ids);
  batch.types = tensor(types);
  batch.positions = tensor(positions);
  batch.first = tensor(first);
  batch.labels = tensor(labels);
  return batch;
}

}  // namespace eida::engine
