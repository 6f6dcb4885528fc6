// What every task of common/catalog/tasks.def keeps, in every format that it reads, without a test
// of its own.
#include <gmock/gmock.h>

#include <cmath>

#include "common/catalog/catalog.h"
#include "tests/unit/engine/model_world.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

// Words of the golden tokenizers, where w<n> is token n.
const std::vector<std::vector<std::string>> kTexts = {
    {"w10 w11", "w20"}, {"w12", "w21 w22"}, {"w10 w13 w14", "w23"}, {"w15", "w24"}};

// A sweep's data section as the plan resolves it: the task's own columns.
struct TaskWorld {
  TaskWorld(const catalog::Task& task, const std::string& format)
      : models(task.generates ? "gpt2" : "bert"), job(models.job) {
    Json columns = Json::object();
    std::vector<std::string> names;
    for (const catalog::Column& column : task.columns) {
      if (column.name.empty()) continue;
      columns[column.key == "source"   ? "text"
              : column.key == "target" ? "text_pair"
                                       : column.key] = column.name;
      names.push_back(column.name);
    }
    const std::string rows = dir.path() + "/rows";
    EXPECT_TRUE(WriteFileAtomic(rows, File(format, names, !task.generates)).ok());
    EXPECT_TRUE(WriteFileAtomic(dir.path() + "/tokenizer_config.json",
                                R"({"bos_token": "w2", "eos_token": "w9"})")
                    .ok());
    job.inputs["model/tokenizer_config.json"] = dir.path() + "/tokenizer_config.json";
    job.inputs["data/train"] = rows;
    job.spec["data"] = {{"task", task.id},
                        {"format", format},
                        {"columns", columns},
                        {"splits", {{{"name", "train"}, {"digest", rows}}}}};
    base = LoadBase(job).value();
  }

  // The columns in another order than the task has them.
  static std::string File(const std::string& format, const std::vector<std::string>& names,
                          bool labelled) {
    std::string out;
    const std::string comma = format == "csv" ? "," : "\t";
    if (format == "csv" || format == "tsv") {
      for (size_t c = names.size(); c-- > 0;) out += names[c] + (c > 0 ? comma : "\n");
    }
    for (size_t i = 0; i < kTexts.size(); ++i) {
      const auto cell = [&](size_t c) {
        return labelled && c + 1 == names.size() ? std::to_string(i % 2) : kTexts[i][c];
      };
      if (format == "e2e") {
        out += cell(0) + "||" + cell(1) + "\n";
      } else if (format == "jsonl") {
        Json row;
        for (size_t c = 0; c < names.size(); ++c) row[names[c]] = cell(c);
        if (labelled) row[names.back()] = static_cast<int64_t>(i % 2);
        out += row.dump() + "\n";
      } else {
        for (size_t c = names.size(); c-- > 0;) out += cell(c) + (c > 0 ? comma : "\n");
      }
    }
    return out;
  }
  Examples Load() const {
    const auto loaded = LoadExamples(job, *base, {"train", std::nullopt, 0});
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded.ok() ? **loaded : Examples();
  }

  TempDir dir{"eida-task"};
  ModelWorld models;
  Job job;
  std::shared_ptr<const Base> base;
};

class TaskContractTest : public testing::TestWithParam<catalog::Task> {};

TEST_P(TaskContractTest, EveryFormatGivesTheSameExamples) {
  const Examples first = TaskWorld(GetParam(), GetParam().formats.front()).Load();
  EXPECT_THAT(first.items, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(first.labels.size(), GetParam().generates ? 0u : 4u);
  EXPECT_EQ(first.targets.empty(), !GetParam().generates);
  for (int64_t i = 0; i < first.size(); ++i) EXPECT_GT(first.label_count(i), 0);
  for (const std::string& format : GetParam().formats) {
    const Examples other = TaskWorld(GetParam(), format).Load();
    EXPECT_THAT(other.tokens.ids, ElementsAreArray(first.tokens.ids)) << format;
    EXPECT_THAT(other.tokens.starts, ElementsAreArray(first.tokens.starts)) << format;
    EXPECT_THAT(other.labels, ElementsAreArray(first.labels)) << format;
    EXPECT_THAT(other.targets, ElementsAreArray(first.targets)) << format;
    EXPECT_EQ(other.item_hash, first.item_hash) << format;
  }
}

TEST_P(TaskContractTest, WhatIsKeptInAFolderIsWhatWasMade) {
  TaskWorld w(GetParam(), GetParam().formats.front());
  const Examples made = w.Load();
  w.job.tokens.dir = w.dir.path() + "/tokens";
  for (const char* folder : {"cold", "warm"}) {
    const Examples kept = EncodeSplit(w.job, *w.base, {"train", std::nullopt, 0}).value();
    EXPECT_THAT(kept.items, ElementsAreArray(made.items)) << folder;
    EXPECT_THAT(kept.labels, ElementsAreArray(made.labels)) << folder;
    EXPECT_THAT(kept.targets, ElementsAreArray(made.targets)) << folder;
    EXPECT_EQ(kept.item_hash, made.item_hash) << folder;
    for (const auto part : {&Examples::tokens, &Examples::decoder}) {
      EXPECT_THAT((kept.*part).starts, ElementsAreArray((made.*part).starts)) << folder;
      EXPECT_THAT((kept.*part).ids, ElementsAreArray((made.*part).ids)) << folder;
      EXPECT_THAT((kept.*part).types, ElementsAreArray((made.*part).types)) << folder;
      EXPECT_THAT((kept.*part).special, ElementsAreArray((made.*part).special)) << folder;
    }
    EXPECT_EQ(ListDir(w.job.tokens.dir).value().size(), 1u) << folder;
  }
}

TEST_P(TaskContractTest, IsMeasuredByWhatTheCatalogSays) {
  const TaskWorld w(GetParam(), GetParam().formats.front());
  Numerics numerics;
  numerics.label_smoothing = 0.1;
  const auto result = EvaluateWeights(*w.base, {}, w.Load(), numerics);
  ASSERT_TRUE(result.ok()) << result.status();
  Json scores = ToJson(Score(*result));
  EXPECT_EQ(scores.at("n"), 4);
  scores.erase("n");
  std::vector<std::string> measured;
  for (const auto& [id, value] : scores.items()) {
    measured.push_back(id);
    EXPECT_TRUE(std::isfinite(value.get<double>())) << id;
  }
  EXPECT_EQ(measured, catalog::MetricsOf(GetParam()));
}

TEST_P(TaskContractTest, ModelsOfTheOtherKindAreRefused) {
  TaskWorld w(GetParam(), GetParam().formats.front());
  const ModelWorld other(GetParam().generates ? "bert" : "gpt2");
  for (const auto& [role, path] : other.job.inputs) w.job.inputs[role] = path;
  w.job.spec["model"] = other.job.spec["model"];
  const Status refused = LoadExamples(w.job, *other.base, {"train", std::nullopt, 0}).status();
  EXPECT_EQ(ErrorClassOf(refused), "config") << refused;
}

INSTANTIATE_TEST_SUITE_P(Tasks, TaskContractTest, testing::ValuesIn(catalog::Tasks()),
                         [](const auto& info) { return info.param.id; });

}  // namespace
}  // namespace eida::engine
