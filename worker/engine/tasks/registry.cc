#include <torch/torch.h>

#include <algorithm>
#include <deque>
#include <mutex>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {

#define EIDA_TASK(id, learns, columns, labels, formats, metrics, text_metrics, help) \
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
#define EIDA_TASK(id, learns, columns, labels, formats, metrics, text_metrics, help) \
  {#id, Load_##id},
#include "common/catalog/tasks.def"
#undef EIDA_TASK
};

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

int64_t Examples::label_count(int64_t i) const {
  if (targets.empty()) return 1;
  const TokenIds& rows = predicted();
  return std::count_if(targets.begin() + rows.starts[i], targets.begin() + rows.starts[i + 1],
                       [](int64_t label) { return label != kNoLabel; });
}

namespace {

at::Tensor OnDevice(const std::vector<int64_t>& values, at::Device device) {
  return torch::tensor(values, at::kLong).to(device);
}

void Gather(const TokenIds& tokens, const std::vector<int64_t>& which, at::Device device,
            Sequences& out) {
  std::vector<int64_t> ids, types, positions, first;
  for (const int64_t i : which) {
    const int64_t begin = tokens.starts[i], n = tokens.starts[i + 1] - begin;
    first.push_back(out.starts.back());
    ids.insert(ids.end(), tokens.ids.begin() + begin, tokens.ids.begin() + begin + n);
    types.insert(types.end(), tokens.types.begin() + begin, tokens.types.begin() + begin + n);
    for (int64_t p = 0; p < n; ++p) positions.push_back(p);
    out.starts.push_back(out.starts.back() + static_cast<int32_t>(n));
    out.longest = std::max(out.longest, n);
  }
  out.ids = OnDevice(ids, device);
  out.types = OnDevice(types, device);
  out.positions = OnDevice(positions, device);
  out.first = OnDevice(first, device);
}

Targets TargetsOf(const Examples& examples, const std::vector<int64_t>& which, at::Device device) {
  const TokenIds& tokens = examples.predicted();
  std::vector<int64_t> rows, labels, item;
  int64_t row = 0;
  for (size_t k = 0; k < which.size(); ++k) {
    for (int64_t t = tokens.starts[which[k]]; t < tokens.starts[which[k] + 1]; ++t, ++row) {
      if (examples.targets[t] == kNoLabel) continue;
      rows.push_back(row);
      labels.push_back(examples.targets[t]);
      item.push_back(static_cast<int64_t>(k));
    }
  }
  return {OnDevice(rows, device), OnDevice(labels, device), OnDevice(item, device)};
}

}  // namespace

Batch MakeBatch(const Examples& examples, const std::vector<int64_t>& which, at::Device device) {
  Batch batch;
  Gather(examples.tokens, which, device, batch);
  if (examples.decoder.size() > 0) Gather(examples.decoder, which, device, batch.decoder);
  if (!examples.targets.empty()) {
    batch.targets = TargetsOf(examples, which, device);
    return batch;
  }
  if (examples.labels.empty()) return batch;
  std::vector<int64_t> labels;
  for (const int64_t i : which) labels.push_back(examples.labels[i]);
  batch.labels = OnDevice(labels, device);
  return batch;
}

}  // namespace eida::engine
