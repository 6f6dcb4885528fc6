// Metrics of a model on the items of a split: a line of common/catalog/metrics.def and a file here
// each. Pure: numbers in, a number out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace eida::engine {

// What metrics look at, in item order.
struct Measured {
  std::vector<double> loss;           // mean over the item's labels, in nats
  std::vector<double> loss_smoothed;  // the same with label smoothing; empty without
  std::vector<double> count;          // how many labels the item's loss is the mean of
  std::vector<int64_t> label, guess;  // of a classifier; else empty
  int64_t classes = 0;
  size_t size() const { return loss.size(); }
};

// Those that the results are enough for, by id. None of no items.
std::map<std::string, double> MetricsOf(const Measured& results);

// The mean of per-item losses over all labels.
double MeanOverLabels(const std::vector<double>& losses, const std::vector<double>& counts);

}  // namespace eida::engine
