#include "client/report/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/text.h"

namespace eida::report {
namespace {

std::string Number(int64_t n) { return std::to_string(n); }

// Whether the paper's table is about this adapter.
bool Belongs(const PublishedTable& published, const Setting& setting) {
  return std::any_of(published.settings.begin(), published.settings.end(),
                     [&](const std::string& key) {
                       return key == setting.key || Split(key, ' ')[0] == setting.adapter;
                     });
}

const Scores& ScoresOf(const SoupModel& model, bool report) {
  return report ? model.report : model.select;
}

}  // namespace

Cell Compared(const Sample& ours, const PublishedRow& row, const std::string& setting) {
  Cell cell = Cell::Of(ours, row.decimals, row.factor);
  if (ours.n == 0) cell.text = "not measured";
  const auto published = row.values.find(setting);
  if (published != row.values.end()) cell.published = published->second;
  return cell;
}

std::string LabelOfKey(const std::string& key) {
  if (key == "full") return SettingLabel("none", 0);
  const std::vector<std::string> parts = Split(key, ' ');
  return SettingLabel(parts[0], parts.size() > 1 ? std::stoll(parts[1]) : 0);
}

std::vector<std::string> SettingsFor(const PublishedTable& published, const Results& results) {
  std::vector<std::string> keys = published.settings;
  for (const Setting& setting : results.settings()) {
    if (std::find(keys.begin(), keys.end(), setting.key) == keys.end() &&
        Belongs(published, setting))
      keys.push_back(setting.key);
  }
  const auto order = [](const std::string& key) {
    const std::vector<std::string> parts = Split(key, ' ');
    const int64_t rank = parts.size() > 1 ? std::stoll(parts[1]) : 0;
    return std::make_tuple(key == "full" ? 2 : parts[0] == "lora" ? 0 : 1, rank);
  };
  std::stable_sort(keys.begin(), keys.end(),
                   [&](const auto& a, const auto& b) { return order(a) < order(b); });
  return keys;
}

Table ComparedTable(const PublishedTable& published, const Results& results,
                    const std::vector<std::string>& settings,
                    const std::function<Sample(const PublishedRow&, const Setting&)>& measure) {
  Table table;
  table.id = published.id;
  table.caption = published.caption;
  table.columns = {{"way of training"}, {"ours", Kind::kCompared}};
  for (const PublishedRow& row : published.rows) {
    table.rows.push_back({{Cell::Of(row.heading)}, true});
    for (const std::string& key : settings) {
      const Setting* setting = results.Find(key);
      Cell cell = setting == nullptr ? Compared(SampleOf({}), row, key)
                                     : Compared(measure(row, *setting), row, key);
      if (setting == nullptr) cell.text = "not run";
      table.rows.push_back(
          {{Cell::Of(LabelOfKey(key), setting == nullptr ? Tone::kMuted : Tone::kPlain), cell}});
    }
  }
  return table;
}

std::string NoteOn(const Results& results, const std::vector<std::string>& settings,
                   const std::set<std::string>& splits) {
  std::vector<std::string> stands, counted;
  std::map<std::string, std::set<int64_t>> items, texts;  // by split
  for (const std::string& key : settings) {
    const Setting* setting = results.Find(key);
    if (setting == nullptr) continue;
    for (const std::string& split : splits) {
      const int64_t n = results.Items(*setting, split);
      const int64_t written = results.Texts(*setting, split);
      if (n > 0) items[split].insert(n);
      if (written > 0) texts[split].insert(written);
    }
    if (!setting->passed_over.empty())
      stands.push_back(setting->label + " is variant " + setting->variant + ", chosen over " +
                       Join(setting->passed_over, ", ") + " by its mean on split " +
                       results.study().select_split);
  }
  for (const std::string& split : splits) {
    std::string text = split;
    for (const int64_t n : items[split]) text += ", " + Number(n) + " items";
    for (const int64_t n : texts[split]) text += ", " + Number(n) + " texts written";
    counted.push_back(std::move(text));
  }
  std::string note =
      "Ours: mean ± standard deviation (n − 1) over n seeds, split " + Join(counted, "; split ");
  for (const std::string& part : stands) note += ". " + part;
  return note + ".";
}

std::string NoteOn(const Pairs& pairs) {
  std::vector<std::string> parts = {"Analysis " + pairs.analysis, "split " + pairs.split};
  if (pairs.items > 0) parts.push_back(Number(pairs.items) + " items");
  if (pairs.points > 0) parts.push_back("K = " + Number(pairs.points) + " points on each path");
  if (!pairs.space.empty()) parts.push_back("path in " + pairs.space + " weights");
  if (!pairs.layer.empty()) parts.push_back("layer " + pairs.layer);
  return Join(parts, ", ");
}

Table SizesTable(const PublishedTable& published, const Results& results) {
  const Study& study = results.study();
  Table table;
  table.id = published.id;
  table.caption = published.caption;
  table.columns = {{"split"}, {"here"}, {"ours", Kind::kCompared}};
  const bool apart = study.select_split != study.report_split;
  const std::map<std::string, std::string> ours = {
      {"train", "train"},
      {"validation", study.select_split},
      {"test", apart ? study.report_split : std::string()}};
  for (const std::string& split : published.settings) {
    const auto own = ours.find(split);
    const std::string name = own == ours.end() ? std::string() : own->second;
    std::vector<double> sizes;
    for (const Model& model : study.models) {
      const auto items = model.items.find(name);
      if (items != model.items.end() && sizes.empty())
        sizes.push_back(static_cast<double>(items->second));
    }
    Cell cell = Compared(SampleOf(sizes), published.rows.front(), split);
    if (sizes.empty()) cell.text = "not read";
    table.rows.push_back({{Cell::Of(split), Cell::Of(name.empty() ? "–" : name), cell}});
  }
  table.note =
      "Ours: what this sweep has read, after limits, of the split of that name in its file.";
  return table;
}

Table SoupsTable(const PublishedTable& published, const Results& results) {
  Table table;
  table.id = published.id;
  table.caption = published.caption;
  const Soup* soup = nullptr;
  for (const Soup& s : results.study().soups) {
    if (s.type == "greedy" && (soup == nullptr || s.candidates > soup->candidates)) soup = &s;
  }
  if (soup == nullptr) return table;
  const bool apart = soup->select_split != soup->report_split;
  table.columns = {{"model"}};
  if (apart) table.columns.push_back({"ours, split " + soup->select_split, Kind::kNumber});
  table.columns.push_back({"ours, split " + soup->report_split, Kind::kCompared});
  for (const PublishedRow& row : published.rows) {
    table.rows.push_back({{Cell::Of(row.heading)}, true});
    for (const SoupModel& model : soup->models) {
      Row line{{Cell::Of(model.model)}};
      for (const bool report : {false, true}) {
        const Scores& scores = ScoresOf(model, report);
        const auto value = scores.find(row.metric);
        const Sample sample =
            SampleOf(value == scores.end() ? std::vector<double>() : std::vector{value->second});
        line.cells.push_back(Compared(sample, row, model.model));
        if (report) continue;
        line.cells.back().published.reset();
        if (!apart) line.cells.pop_back();
      }
      table.rows.push_back(std::move(line));
    }
  }
  table.note = "Soup " + soup->name + ": " + Number(soup->accepted) + " of " +
               Number(soup->candidates) + " candidates were taken in, chosen on split " +
               soup->select_split + ", reported on split " + soup->report_split +
               (apart ? "" : ", so that the soup has seen what it is reported on") +
               ". One soup, so there is no deviation.";
  return table;
}

}  // namespace eida::report
