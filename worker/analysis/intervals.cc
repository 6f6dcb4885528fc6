#include "worker/analysis/intervals.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "common/base/rng.h"

namespace eida::analysis {
namespace {

// Numbers of one table of draws x items.
constexpr int64_t kTableNumbers = 1 << 22;

// How often each item is drawn, f64 [rows, n]: each row n draws of n items.
at::Tensor DrawCounts(Rng& rng, int64_t rows, int64_t n) {
  at::Tensor counts = torch::zeros({rows, n}, torch::kDouble);
  double* row = counts.data_ptr<double>();
  for (int64_t r = 0; r < rows; ++r, row += n) {
    for (int64_t i = 0; i < n; ++i) row[rng.Below(static_cast<uint64_t>(n))] += 1;
  }
  return counts;
}

// The quantile of sorted values between which it lies, as numpy's default has it.
double Quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Interval Inside(std::vector<double> values, double level) {
  std::sort(values.begin(), values.end());
  return {Quantile(values, (1 - level) / 2), Quantile(values, (1 + level) / 2)};
}

std::vector<double> Row(const at::Tensor& table, int64_t row) {
  const double* begin = table[row].data_ptr<double>();
  return {begin, begin + table.size(1)};
}

Json EndsOf(const Interval& interval) { return {interval.low, interval.high}; }

Interval ReadInterval(const Json& json) { return {json.at(0), json.at(1)}; }

}  // namespace

Intervals Bootstrap(const ItemLosses& items, const std::vector<double>& alphas, double level,
                    int64_t draws) {
  const torch::NoGradGuard no_grad;
  const int64_t n = items.loss.size(1);
  const at::Tensor weight =
      items.count.defined() ? items.count.to(torch::kDouble) : torch::ones({n}, torch::kDouble);
  const at::Tensor loss = (items.loss.to(torch::kDouble) * weight).t().contiguous();
  const at::Tensor wrong =
      items.wrong.defined() ? items.wrong.to(torch::kDouble).t().contiguous() : at::Tensor();
  Rng rng(0, "bootstrap");
  std::vector<double> gaps, barriers, relative, errors;
  const int64_t block = std::max<int64_t>(1, kTableNumbers / std::max<int64_t>(n, 1));
  for (int64_t done = 0; done < draws; done += block) {
    const int64_t rows = std::min(block, draws - done);
    const at::Tensor counts = DrawCounts(rng, rows, n);
    const at::Tensor losses = torch::mm(counts, loss) / torch::mv(counts, weight).unsqueeze(1);
    const at::Tensor rates = wrong.defined() ? torch::mm(counts, wrong) / n : at::Tensor();
    for (int64_t r = 0; r < rows; ++r) {
      const Gap gap = MeasureGap(alphas, Row(losses, r),
                                 rates.defined() ? Row(rates, r) : std::vector<double>());
      gaps.push_back(gap.convexity_gap);
      barriers.push_back(gap.barrier);
      relative.push_back(gap.relative_gap);
      if (gap.error_barrier) errors.push_back(*gap.error_barrier);
    }
  }
  Intervals out{level,
                draws,
                Inside(std::move(gaps), level),
                Inside(std::move(barriers), level),
                Inside(std::move(relative), level),
                std::nullopt};
  if (!errors.empty()) out.error_barrier = Inside(std::move(errors), level);
  return out;
}

Json ToJson(const Intervals& intervals) {
  return {{"level", intervals.level},
          {"draws", intervals.draws},
          {"method", "paired bootstrap over items, percentiles"},
          {"convexity_gap", EndsOf(intervals.convexity_gap)},
          {"barrier", EndsOf(intervals.barrier)},
          {"relative_gap", EndsOf(intervals.relative_gap)},
          {"error_barrier",
           intervals.error_barrier ? EndsOf(*intervals.error_barrier) : Json(nullptr)}};
}

std::optional<Intervals> IntervalsOf(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  Intervals out{json.at("level"),
                json.at("draws"),
                ReadInterval(json.at("convexity_gap")),
                ReadInterval(json.at("barrier")),
                ReadInterval(json.at("relative_gap")),
                std::nullopt};
  if (const Json& error = json.at("error_barrier"); !error.is_null())
    out.error_barrier = ReadInterval(error);
  return out;
}

}  // namespace eida::analysis
