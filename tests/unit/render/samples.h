// Pictures that the tests draw.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "common/render/heatmap.h"
#include "common/render/plot.h"

namespace eida::render {

// A CKA-like matrix of `variants` blocks with `seeds` items each.
inline HeatMap SampleMap(size_t variants, size_t seeds, const std::string& metric = "cka") {
  HeatMap map;
  map.title = metric == "cka" ? "Linear CKA between runs" : "Convexity gap between runs";
  map.subtitle = "demo · split select · n = 512 · last layer · unbiased";
  map.value_label = metric == "cka" ? "linear CKA" : "convexity gap (nats)";
  const size_t n = variants * seeds;
  for (size_t i = 0; i < n; ++i) {
    map.groups.push_back(i / seeds == 0 ? "full" : "lora-r" + std::to_string(1 << (i / seeds)));
    map.labels.push_back(std::to_string(i % seeds));
    map.values.emplace_back();
    for (size_t j = 0; j < n; ++j) {
      const double block =
          std::fabs(static_cast<double>(i / seeds) - static_cast<double>(j / seeds));
      const double wave = 0.04 * std::sin(static_cast<double>(i * j + i + j));
      map.values[i].push_back(metric == "cka"
                                  ? (i == j ? 1 : 0.85 - 0.11 * block + wave)
                                  : (i == j ? 0 : 0.012 + 0.006 * block + 0.1 * wave * wave));
    }
  }
  map.scale = ScaleFor(metric, map.values);
  return map;
}

inline LinePlot SamplePath() {
  LinePlot plot;
  plot.title = "Loss along the line between two models";
  plot.subtitle = "full/seed0 — lora-r8/seed1 · n = 256 · K = 11";
  plot.x_label = "α";
  plot.y_label = "cross-entropy (nats)";
  Series curve{"L(α)"}, chord{"chord"};
  curve.mark = Mark::kDisc;
  chord.dashed = true;
  for (int k = 0; k <= 10; ++k) {
    const double a = k / 10.0;
    curve.x.push_back(a);
    curve.y.push_back(0.42 + 0.06 * a + 0.11 * std::sin(M_PI * a));
    plot.shade_x.push_back(a);
    plot.shade_low.push_back(0.42 + 0.06 * a);
    plot.shade_high.push_back(curve.y.back());
  }
  chord.x = {0, 1};
  chord.y = {0.42, 0.48};
  plot.series = {curve, chord};
  plot.shade_label = "convexity gap";
  return plot;
}

inline LinePlot SampleCurves() {
  LinePlot plot;
  plot.title = "Training loss";
  plot.subtitle = "mean over 3 seeds, band ± one standard deviation";
  plot.x_label = "step";
  plot.y_label = "train/loss";
  for (int v = 0; v < 4; ++v) {
    Series s{v == 0 ? "full" : "lora-r" + std::to_string(1 << v)};
    for (int k = 0; k <= 64; ++k) {
      s.x.push_back(k);
      s.y.push_back(0.3 + 0.05 * v + 0.4 * std::exp(-k / (12.0 + 4 * v)));
      s.low.push_back(s.y.back() - 0.02);
      s.high.push_back(s.y.back() + 0.02);
    }
    plot.series.push_back(s);
  }
  return plot;
}

inline LinePlot SampleSoup() {
  LinePlot plot;
  plot.title = "Greedy soup: every candidate tried";
  plot.x_label = "candidate";
  plot.y_label = "select loss";
  Series soup{"soup"}, accepted{"accepted"}, rejected{"rejected"};
  accepted.line = rejected.line = false;
  accepted.mark = Mark::kDisc;
  rejected.mark = Mark::kRing;
  soup.step = true;
  accepted.color = SeriesColor(0);
  rejected.color = SeriesColor(1);
  double best = 0.43;
  for (int k = 0; k < 32; ++k) {
    const double loss = 0.43 + 0.02 * std::sin(k * 1.7) - 0.0005 * k;
    (loss < best ? accepted : rejected).x.push_back(k);
    (loss < best ? accepted : rejected).y.push_back(loss);
    best = std::min(best, loss);
    soup.x.push_back(k);
    soup.y.push_back(best);
  }
  plot.series = {soup, accepted, rejected};
  plot.references = {{"best single model", 0.43}, {"uniform soup", 0.437}};
  return plot;
}

}  // namespace eida::render
