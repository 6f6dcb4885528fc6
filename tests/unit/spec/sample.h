// A valid sweep file, and one part of it replaced.
#pragma once

#include <string>

namespace eida::spec {

inline std::string SampleSweep() {
  return R"(apiVersion: eida/v1
kind: Sweep
name: sample
model: {path: model, head: {classification: {labels: 2}}}
data:
  task: classification
  format: tsv
  max_length: 16
  splits:
    train: rows.tsv
    select: {from: train, items: 4, seed: 0}
seeds: 0..2
train: {epochs: 1, batch_size: 4, lr: 1.0e-3}
variants:
  - {name: full, adapter: {type: none}}
  - name: "lora-r{adapter.r}"
    adapter: {type: lora, alpha: 4r, targets: [query, value]}
    grid: {adapter.r: [1, 8]}
eval: {metric: accuracy, split: select}
analyses:
  - {name: cka, type: cka, samples: 4}
  - {name: gap, type: convexity_gap, samples: 4, alphas: 5}
  - {name: barrier, type: barrier, samples: 4, alphas: 5}
soups:
  - {name: greedy, type: greedy, select: "variant~lora-*"}
)";
}

inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

// The sample of a task of texts: with another `data` up to its splits, and `metric` (and what
// follows it) in `eval`.
inline std::string OfTexts(const std::string& data, const std::string& metric = "loss") {
  std::string text =
      Replaced(SampleSweep(), "model: {path: model, head: {classification: {labels: 2}}}",
               "model: {path: model}");
  text = Replaced(text, "  task: classification\n  format: tsv\n", data);
  return Replaced(text, "metric: accuracy", "metric: " + metric);
}

}  // namespace eida::spec
