// Tables of a paper with ours beside them.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "client/report/document.h"
#include "client/report/papers/published.h"
#include "client/report/results.h"

namespace eida::report {

// What a paper's item needs that the sweep does not have: "T5" -> "a sweep of a translation task".
struct Missing {
  std::string item, what;
};

// A cell with the published value of that setting, where the paper has one.
Cell Compared(const Sample& ours, const PublishedRow& row, const std::string& setting);

// A group of rows for each metric: all settings of the paper and of the sweep, ours (mean and
// deviation over seeds, n) beside the published value. Ours come from `measure`.
Table ComparedTable(const PublishedTable& published, const Results& results,
                    const std::vector<std::string>& settings,
                    const std::function<Sample(const PublishedRow&, const Setting&)>& measure);

// The settings of the paper, and behind them those of the sweep that are of the same adapters.
std::vector<std::string> SettingsFor(const PublishedTable& published, const Results& results);
// For people, of a key that the sweep need not have.
std::string LabelOfKey(const std::string& key);

// "split report (512 items)" and which variants stand for which setting.
std::string NoteOn(const Results& results, const std::vector<std::string>& settings,
                   const std::set<std::string>& splits);
std::string NoteOn(const Pairs& pairs);

// A line for each split that the paper counts: how many examples the sweep has read of it.
Table SizesTable(const PublishedTable& published, const Results& results);

// Its greedy soup of LoRA models beside the best single one; an empty table when there is no soup.
Table SoupsTable(const PublishedTable& published, const Results& results);

}  // namespace eida::report
