#include "client/report/results.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "common/catalog/catalog.h"

namespace eida::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool Contains(const std::vector<size_t>& of, size_t index) {
  return std::find(of.begin(), of.end(), index) != of.end();
}

double At(const std::vector<std::vector<double>>& matrix, size_t i, size_t j) {
  return i < matrix.size() && j < matrix[i].size() ? matrix[i][j] : kNone;
}

// Values of the two may stand in one matrix.
bool Alike(const Pairs& one, const Pairs& other) {
  const auto how = [](const Pairs& p) {
    return std::tie(p.split, p.estimator, p.layer, p.space, p.items, p.points);
  };
  return how(one) == how(other);
}

void Fill(const std::vector<std::vector<double>>& from, size_t i, size_t j,
          std::vector<std::vector<double>>& into, size_t a, size_t b) {
  if (into.empty() || std::isfinite(into[a][b])) return;
  into[a][b] = At(from, i, j);
}

// Smaller is better; NaN where nothing was measured.
double Badness(const Study& study, const std::vector<size_t>& models) {
  std::vector<double> losses, scores;
  for (const size_t m : models) {
    const auto split = study.models[m].scores.find(study.select_split);
    if (split == study.models[m].scores.end()) continue;
    if (const auto loss = split->second.find("loss"); loss != split->second.end())
      losses.push_back(loss->second);
    if (const auto score = split->second.find(study.metric); score != split->second.end())
      scores.push_back(score->second);
  }
  if (!losses.empty()) return SampleOf(losses).mean;
  const catalog::Metric* metric = catalog::Find(catalog::Metrics(), study.metric);
  const double sign = metric != nullptr && !metric->maximize ? 1 : -1;
  return sign * SampleOf(scores).mean;
}

int Order(const Setting& s) { return s.adapter == "lora" ? 0 : s.adapter == "none" ? 2 : 1; }

// What is counted of the first of a way's models that has it.
int64_t FirstOf(const Study& study, const Setting& setting, const std::string& split,
                std::map<std::string, int64_t> Model::*counts) {
  for (const size_t m : setting.models) {
    const auto found = (study.models[m].*counts).find(split);
    if (found != (study.models[m].*counts).end()) return found->second;
  }
  return 0;
}

}  // namespace

std::string SettingKey(const std::string& adapter, int64_t rank) {
  if (adapter == "none") return "full";
  return rank > 0 ? adapter + " " + std::to_string(rank) : adapter;
}

std::string SettingLabel(const std::string& adapter, int64_t rank) {
  const catalog::Adapter* known = catalog::Find(catalog::Adapters(), adapter);
  const std::string name = known == nullptr ? adapter : known->name;
  return rank > 0 ? name + ", rank " + std::to_string(rank) : name;
}

Results::Results(const Study& study) : study_(study) {
  for (const Pairs& pairs : study.pairs) Merge(pairs);
  std::map<std::string, std::vector<Setting>> by_key;  // a candidate for each variant
  for (size_t m = 0; m < study.models.size(); ++m) {
    const Model& model = study.models[m];
    const std::string key = SettingKey(model.adapter, model.rank);
    std::vector<Setting>& candidates = by_key[key];
    auto found = std::find_if(candidates.begin(), candidates.end(),
                              [&](const Setting& s) { return s.variant == model.variant; });
    if (found == candidates.end()) {
      candidates.push_back(
          {key, SettingLabel(model.adapter, model.rank), model.adapter, model.rank, model.variant});
      found = std::prev(candidates.end());
    }
    found->models.push_back(m);
  }
  for (auto& [key, candidates] : by_key) {
    const auto better = [&](const Setting& a, const Setting& b) {
      const double of_a = Badness(study, a.models), of_b = Badness(study, b.models);
      return std::isnan(of_b) ? !std::isnan(of_a) : of_a < of_b;
    };
    Setting best = *std::min_element(candidates.begin(), candidates.end(), better);
    for (const Setting& other : candidates) {
      if (other.variant != best.variant) best.passed_over.push_back(other.variant);
    }
    std::sort(best.models.begin(), best.models.end(),
              [&](size_t a, size_t b) { return study.models[a].seed < study.models[b].seed; });
    settings_.push_back(std::move(best));
  }
  std::sort(settings_.begin(), settings_.end(), [](const Setting& a, const Setting& b) {
    return std::make_tuple(Order(a), a.adapter, a.rank) <
           std::make_tuple(Order(b), b.adapter, b.rank);
  });
}

void Results::Merge(const Pairs& pairs) {
  auto into = std::find_if(matrices_.begin(), matrices_.end(),
                           [&](const Pairs& p) { return p.metric == pairs.metric; });
  if (into == matrices_.end()) {
    Pairs empty = pairs;
    const size_t n = study_.models.size();
    empty.members.resize(n);
    for (size_t m = 0; m < n; ++m) empty.members[m] = m;
    const std::vector<std::vector<double>> none(n, std::vector<double>(n, kNone));
    empty.values = none;
    if (!pairs.biased.empty()) empty.biased = none;
    if (!pairs.relative.empty()) empty.relative = none;
    into = matrices_.insert(matrices_.end(), std::move(empty));
  } else if (!Alike(*into, pairs)) {
    return;
  } else {
    into->analysis += ", " + pairs.analysis;
  }
  for (size_t i = 0; i < pairs.members.size(); ++i) {
    for (size_t j = 0; j < pairs.members.size(); ++j) {
      const size_t a = pairs.members[i], b = pairs.members[j];
      Fill(pairs.values, i, j, into->values, a, b);
      Fill(pairs.biased, i, j, into->biased, a, b);
      Fill(pairs.relative, i, j, into->relative, a, b);
    }
  }
}

const Setting* Results::Find(const std::string& key) const {
  for (const Setting& s : settings_) {
    if (s.key == key) return &s;
  }
  return nullptr;
}

std::vector<const Setting*> Results::Lora() const {
  std::vector<const Setting*> lora;
  for (const Setting& s : settings_) {
    if (s.adapter == "lora") lora.push_back(&s);
  }
  return lora;
}

std::string Results::task() const {
  const catalog::Task* task = catalog::Find(catalog::Tasks(), study_.task);
  return task != nullptr && !task->generates ? "classification" : study_.task;
}

Sample Results::Score(const Setting& setting, const std::string& split,
                      const std::string& metric) const {
  std::vector<double> values;
  for (const size_t m : setting.models) {
    const auto scores = study_.models[m].scores.find(split);
    if (scores == study_.models[m].scores.end()) continue;
    const auto value = scores->second.find(metric);
    if (value != scores->second.end()) values.push_back(value->second);
  }
  return SampleOf(values);
}

std::string Results::SplitOf(const std::string& role, const std::string& metric) const {
  const bool chosen = std::any_of(settings_.begin(), settings_.end(), [&](const Setting& s) {
    return Score(s, study_.select_split, metric).n > 0;
  });
  return role == "select" && chosen ? study_.select_split : study_.report_split;
}

Sample Results::Reported(const Setting& setting, const std::string& metric) const {
  return Score(setting, study_.report_split, metric);
}

int64_t Results::Items(const Setting& setting, const std::string& split) const {
  return FirstOf(study_, setting, split, &Model::items);
}

int64_t Results::Texts(const Setting& setting, const std::string& split) const {
  return FirstOf(study_, setting, split, &Model::texts);
}

double Results::Ratio(const Setting& setting) const {
  const Model& model = study_.models[setting.models.front()];
  if (setting.adapter == "none") return 100;
  return model.base > 0
             ? 100.0 * static_cast<double>(model.trainable) / static_cast<double>(model.base)
             : kNone;
}

const Pairs* Results::Matrix(const std::string& metric) const {
  for (const Pairs& pairs : matrices_) {
    if (pairs.metric == metric) return &pairs;
  }
  return nullptr;
}

std::vector<Pair> Results::Where(const Pairs& pairs,
                                 const std::function<bool(size_t, size_t)>& wanted) const {
  std::vector<Pair> found;
  for (size_t i = 0; i < pairs.members.size(); ++i) {
    for (size_t j = i + 1; j < pairs.members.size(); ++j) {
      const size_t a = pairs.members[i], b = pairs.members[j];
      if (!std::isfinite(At(pairs.values, i, j)) || !(wanted(a, b) || wanted(b, a))) continue;
      found.push_back({a, b, pairs.values[i][j], At(pairs.biased, i, j), At(pairs.relative, i, j)});
    }
  }
  return found;
}

std::vector<Pair> Results::Same(const Pairs& pairs, const Setting& setting) const {
  return Where(pairs, [&](size_t a, size_t b) {
    return Contains(setting.models, a) && Contains(setting.models, b);
  });
}

std::vector<Pair> Results::SameSeed(const Pairs& pairs, const Setting& one,
                                    const Setting& other) const {
  return Where(pairs, [&](size_t a, size_t b) {
    return Contains(one.models, a) && Contains(other.models, b) &&
           study_.models[a].seed == study_.models[b].seed;
  });
}

int64_t Results::PairsOf(const Setting& setting) {
  const auto n = static_cast<int64_t>(setting.models.size());
  return n * (n - 1) / 2;
}

std::vector<double> Values(const std::vector<Pair>& pairs, bool biased) {
  std::vector<double> values;
  for (const Pair& pair : pairs)
    values.push_back(biased && std::isfinite(pair.biased) ? pair.biased : pair.value);
  return values;
}

}  // namespace eida::report
