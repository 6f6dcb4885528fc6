#include "client/report/stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace eida::report {
namespace {
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
}

Sample SampleOf(const std::vector<double>& values) {
  Sample sample{kNone, 0, 0};
  double sum = 0, squares = 0;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    sum += v;
    ++sample.n;
  }
  if (sample.n == 0) return sample;
  sample.mean = sum / static_cast<double>(sample.n);
  for (const double v : values) {
    if (std::isfinite(v)) squares += (v - sample.mean) * (v - sample.mean);
  }
  if (sample.n > 1) sample.deviation = std::sqrt(squares / static_cast<double>(sample.n - 1));
  return sample;
}

double Largest(const std::vector<double>& values) {
  double largest = kNone;
  for (const double v : values) {
    if (std::isfinite(v) && !(v <= largest)) largest = v;
  }
  return largest;
}

double ShareAtMost(const std::vector<double>& values, double limit) {
  double within = 0, all = 0;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    ++all;
    if (v <= limit) ++within;
  }
  return all > 0 ? within / all : kNone;
}

}  // namespace eida::report
