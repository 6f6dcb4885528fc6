#include <set>
#include <tuple>

#include "client/report/paper.h"

namespace eida::report {
namespace {

const PublishedTable& Published(const std::string& id) {
  for (const PublishedTable& table : ThesisTables()) {
    if (table.id == id) return table;
  }
  return ThesisTables().front();
}

// The splits that a table's rows are of. Where they may differ, its headings name them.
std::set<std::string> NameSplits(const PublishedTable& published, const Results& r, Table& table) {
  std::set<std::string> splits;
  size_t next = 0;
  for (Row& row : table.rows) {
    if (!row.heading) continue;
    const PublishedRow& of = published.rows[next++];
    if (of.metric == "ratio") continue;
    const std::string split = r.SplitOf(published.split, of.metric);
    splits.insert(split);
    if (published.split == "select") row.cells.front().text += ", split " + split;
  }
  return splits;
}

Table RowsTable(const std::string& id, const std::string& caption, const Study& study) {
  Table table;
  table.id = id;
  table.caption = caption;
  const DataRow& first = study.rows.front();
  table.columns = {{first.label.empty() ? "source" : "text"}};
  if (!first.text_pair.empty()) table.columns.push_back({first.label.empty() ? "target" : "pair"});
  if (!first.label.empty()) table.columns.push_back({"label"});
  for (const DataRow& row : study.rows) {
    Row line{{Cell::Of(row.text)}};
    if (!first.text_pair.empty()) line.cells.push_back(Cell::Of(row.text_pair));
    if (!first.label.empty()) line.cells.push_back(Cell::Of(row.label));
    table.rows.push_back(std::move(line));
  }
  table.note = "The first rows of split " + study.rows_split + "; the thesis prints others.";
  return table;
}

Section DataTables(const Results& r, PaperPart& part) {
  Section section{"data", "Data", {}};
  for (const char* id : {"T1-QQP", "T1-EnRo"}) {
    const PublishedTable& published = Published(id);
    AddTable(published, r, SizesTable(published, r), "a finished run", section, part);
  }
  for (const auto& [id, task, caption] :
       {std::tuple{"T2", "classification", "QQP: examples of the data (thesis table 2)"},
        {"T3", "translation", "En-Ro: examples of the data (thesis table 3)"}}) {
    if (r.task() != task)
      part.missing.push_back({id, TaskNeeded(task, r)});
    else if (r.study().rows.empty())
      part.missing.push_back({id, "a data file that the coordinator's store still has"});
    else
      section.blocks.push_back(RowsTable(id, caption, r.study()));
  }
  return section;
}

Section ScoreTables(const Results& r, PaperPart& part) {
  Section section{"scores", "Scores and trained parameters", {}};
  for (const char* id : {"T4", "T5"}) {
    const PublishedTable& published = Published(id);
    const std::vector<std::string> settings = SettingsFor(published, r);
    Table table =
        ComparedTable(published, r, settings, [&](const PublishedRow& row, const Setting& setting) {
          if (row.metric == "ratio") return SampleOf({r.Ratio(setting)});
          return r.Score(setting, r.SplitOf(published.split, row.metric), row.metric);
        });
    table.note = NoteOn(r, settings, NameSplits(published, r, table)) +
                 " Our param ratio counts the trained head too, the thesis' does not; ours has no "
                 "deviation as it is equal for all seeds.";
    AddTable(published, r, std::move(table), "finished runs of LoRA or full fine-tuning", section,
             part);
  }
  return section;
}

// Behind the compared value the unbiased estimate of the same pairs.
void AddUnbiased(const Pairs& cka, const Results& r, const std::vector<std::string>& settings,
                 Table& table) {
  table.columns.push_back({"ours, debiased", Kind::kNumber});
  size_t next = 0;
  for (Row& row : table.rows) {
    if (row.heading) continue;
    const Setting* setting = r.Find(settings[next++ % settings.size()]);
    std::vector<double> values;
    if (setting != nullptr) values = Values(r.Same(cka, *setting));
    row.cells.push_back(Cell::Of(SampleOf(values), 3));
  }
}

Section SimilarityTables(const Results& r, PaperPart& part) {
  Section section{"similarity", "Similarity of representations", {}};
  const Pairs* cka = r.Matrix("cka");
  for (const char* id : {"T6", "T7"}) {
    const PublishedTable& published = Published(id);
    const std::vector<std::string> settings = SettingsFor(published, r);
    Table table =
        ComparedTable(published, r, settings, [&](const PublishedRow&, const Setting& setting) {
          return SampleOf(cka == nullptr ? std::vector<double>()
                                         : Values(r.Same(*cka, setting), true));
        });
    if (cka != nullptr) {
      const bool both = cka->estimator == "unbiased";
      if (both) AddUnbiased(*cka, r, settings, table);
      table.note =
          "n counts pairs of two seeds, self-pairs excluded; the deviation is over pairs, which "
          "share models. Compared is the biased estimate, as the thesis' equation has it; it has a "
          "floor of d / (n + d) even for unrelated features (0.60 at 512 items of 768 "
          "dimensions), which the debiased one has not" +
          std::string(both ? ". " : "; an analysis with estimator: unbiased keeps both. ") +
          NoteOn(*cka) + ".";
    }
    AddTable(published, r, std::move(table), "an analysis of type cka over pairs of seeds", section,
             part);
  }
  return section;
}

Section SoupTables(const Results& r, PaperPart& part) {
  Section section{"soups", "Model soups", {}};
  for (const char* id : {"T8", "T9"}) {
    const PublishedTable& published = Published(id);
    AddTable(published, r, SoupsTable(published, r), "a soup of type greedy over the LoRA models",
             section, part);
  }
  return section;
}

}  // namespace

std::string TaskNeeded(const std::string& task, const Results& r) {
  return "a sweep of task " + task + " (this one: " + r.task() + ")";
}

void AddTable(const PublishedTable& published, const Results& r, Table table,
              const std::string& needs, Section& section, PaperPart& part) {
  bool any = false;
  for (const Row& row : table.rows) {
    for (const Cell& cell : row.cells) any |= cell.value.has_value();
  }
  if (r.task() != published.task) {
    part.missing.push_back({published.id, TaskNeeded(published.task, r)});
  } else if (!any) {
    part.missing.push_back({published.id, needs});
  } else {
    section.blocks.push_back(std::move(table));
  }
}

PaperPart ThesisPart(const Results& r) {
  PaperPart part;
  part.missing = {{"F1", "nothing that a sweep measures: a diagram of LoRA"}};
  for (Section (*build)(const Results&, PaperPart&) :
       {DataTables, ScoreTables, SimilarityTables, ThesisRankMaps, ThesisGapMaps, SoupTables}) {
    Section section = build(r, part);
    if (!section.blocks.empty()) part.sections.push_back(std::move(section));
  }
  return part;
}

}  // namespace eida::report
