// Means over seeds.
#pragma once

#include <cstdint>
#include <vector>

namespace eida::report {

struct Sample {
  double mean = 0, deviation = 0;  // with n - 1; 0 for a single value
  int64_t n = 0;                   // 0 = nothing was measured: mean is NaN
};
// Values that are not finite do not count.
Sample SampleOf(const std::vector<double>& values);
double Largest(const std::vector<double>& values);                    // NaN when there is none
double ShareAtMost(const std::vector<double>& values, double limit);  // NaN when there is none

}  // namespace eida::report
