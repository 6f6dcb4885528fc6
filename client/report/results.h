// A study asked in the papers' words: ways of training (full fine-tuning, LoRA of rank r), not
// names of variants; pairs of one way, pairs of one seed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/report/stats.h"
#include "client/report/study.h"

namespace eida::report {

// A way of training, by adapter and rank as the sweep was resolved.
struct Setting {
  std::string key;      // "full", "lora 8", "eida"
  std::string label;    // for people
  std::string adapter;  // a line of adapters.def
  int64_t rank = 0;
  std::string variant;                   // whose runs stand for it
  std::vector<std::string> passed_over;  // variants of the same adapter and rank that do not
  std::vector<size_t> models;            // of `variant`, in the order of their seeds
};
// Key and label of an adapter and rank.
std::string SettingKey(const std::string& adapter, int64_t rank);
std::string SettingLabel(const std::string& adapter, int64_t rank);

// An unordered pair of models that a matrix has a value for.
struct Pair {
  size_t a = 0, b = 0;                         // indices into Study::models
  double value = 0, biased = 0, relative = 0;  // NaN where the matrix has none
};

class Results {
 public:
  // `study` outlives this. Of several variants of one adapter and rank the one with the smallest
  // mean loss (else the best mean of the sweep's metric) on the split that choices are made on
  // stands for them.
  explicit Results(const Study& study);

  const Study& study() const { return study_; }
  // The task that the papers' tables and claims are said of: what they say of classifiers is said
  // of every task that learns labels.
  std::string task() const;
  // LoRA by rank, other adapters by name, full fine-tuning last.
  const std::vector<Setting>& settings() const { return settings_; }
  const Setting* Find(const std::string& key) const;  // null = not in the sweep
  std::vector<const Setting*> Lora() const;           // by rank

  Sample Score(const Setting& setting, const std::string& split, const std::string& metric) const;
  // The split of that role (select, report): the reported one where nothing has that metric on the
  // one that choices are made on.
  std::string SplitOf(const std::string& role, const std::string& metric) const;
  // The score on the split that the sweep reports.
  Sample Reported(const Setting& setting, const std::string& metric) const;
  int64_t Items(const Setting& setting, const std::string& split) const;  // 0 = nothing known
  int64_t Texts(const Setting& setting, const std::string& split) const;  // 0 = none were written
  double Ratio(const Setting& setting) const;  // trained parameters in % of the base's

  // All matrices of that metric in one, as far as they were measured alike (items, points, layer)
  // as the first one; null when there is none. A study may keep pairs of seeds and of ranks apart.
  const Pairs* Matrix(const std::string& metric) const;
  // Pairs of two seeds of one setting.
  std::vector<Pair> Same(const Pairs& pairs, const Setting& setting) const;
  // Pairs of one seed between two settings.
  std::vector<Pair> SameSeed(const Pairs& pairs, const Setting& a, const Setting& b) const;
  // How many pairs of two seeds a whole study would have.
  static int64_t PairsOf(const Setting& setting);

 private:
  std::vector<Pair> Where(const Pairs& pairs,
                          const std::function<bool(size_t a, size_t b)>& wanted) const;
  void Merge(const Pairs& pairs);
  const Study& study_;
  std::vector<Setting> settings_;
  std::vector<Pairs> matrices_;  // one of a metric; their members are all models
};

// The values of pairs; CKA by its biased estimate where that was kept, as the papers compute it.
std::vector<double> Values(const std::vector<Pair>& pairs, bool biased = false);

}  // namespace eida::report
