// A study without a transformer: members are tensors "w" (or low-rank updates of it), the loss of
// item i is a smooth function of the first two numbers of w with several basins, and everything
// evaluated is counted.
#pragma once

#include <torch/torch.h>

#include <cmath>

#include "worker/engine/study.h"

namespace eida::analysis {

class FakeStudy : public engine::Study {
 public:
  explicit FakeStudy(int64_t items) {
    for (int64_t i = 0; i < items; ++i) items_.push_back(3 * i + 1);
  }

  Result<engine::Weights> LoadMember(const std::string& path) override {
    ++loads;
    if (const auto update = factors.find(path); update != factors.end())
      return Merge(update->second);
    const auto it = files.find(path);
    if (it == files.end()) return engine::ConfigError("no member " + path);
    return it->second;
  }
  Result<engine::LowRank> LoadFactors(const std::string& path) override {
    const auto it = factors.find(path);
    if (it == factors.end()) return engine::ConfigError("no low-rank factors");
    return it->second;
  }
  Result<engine::Weights> Merge(const engine::LowRank& update) override {
    engine::Weights merged = update.whole;
    for (const engine::LowRankMap& map : update.maps)
      merged[map.site.module] = base.at(map.site.module) + map.scale * map.b.matmul(map.a);
    return merged;
  }
  engine::Weights Interpolate(const engine::Weights& a, const engine::Weights& b,
                              double alpha) override {
    engine::Weights out;
    for (const auto* side : {&a, &b}) {
      for (const auto& [name, tensor] : *side) {
        const auto of = [&](const engine::Weights& w) {
          return w.count(name) ? w.at(name) : base.at(name);
        };
        out[name] = of(a) * alpha + of(b) * (1 - alpha);
      }
    }
    return out;
  }
  Result<engine::Line> AdapterLine(const std::string&, const std::string&) override {
    return engine::ConfigError("no adapters here");
  }
  engine::Line LineOf(const engine::Weights& a, const engine::Weights& b) {
    return [this, a, b](double alpha) { return Result<engine::Weights>(Interpolate(a, b, alpha)); };
  }
  Result<engine::EvalResult> Evaluate(const engine::Weights& weights) override {
    ++evaluations;
    const int64_t n = static_cast<int64_t>(items_.size());
    const at::Tensor w = (weights.count("w") ? weights.at("w") : base.at("w")).flatten();
    const at::Tensor item = torch::tensor(items_);
    const at::Tensor phase = torch::arange(n, torch::kFloat) * 0.1;
    const at::Tensor margin = torch::sin(w[0] * 4 + phase) + w[1];
    engine::EvalResult result;
    result.item = item;
    result.label = (torch::arange(n) * 2 >= n).to(torch::kLong);
    result.logits = torch::stack({margin, -margin}, 1).to(torch::kFloat);
    result.loss = -torch::log_softmax(result.logits.to(torch::kDouble), 1)
                       .gather(1, result.label.unsqueeze(1))
                       .squeeze(1);
    result.loss = result.loss.to(torch::kFloat) * scale;
    if (!classifies) {
      result.logits = torch::empty({n, 0});
      result.count = 1 + torch::arange(n, torch::kFloat) % 3;
    }
    return result;
  }
  Result<std::map<std::string, at::Tensor>> Features(const engine::Weights&,
                                                     const std::vector<std::string>&) override {
    return engine::ConfigError("no features here");
  }
  const std::vector<int64_t>& items() const override { return items_; }
  std::string item_hash() const override { return "0123456789abcdef"; }
  Result<at::Tensor> BaseTensor(const std::string& name) override { return base.at(name); }
  std::vector<std::string> BaseNames() const override { return {"w"}; }

  std::map<std::string, engine::Weights> files;
  std::map<std::string, engine::LowRank> factors;
  engine::Weights base = {{"w", torch::tensor({0.25f, -0.5f})}, {"head", torch::tensor({1.0f})}};
  int evaluations = 0, loads = 0;
  float scale = 1;
  bool classifies = true;

 private:
  std::vector<int64_t> items_;
};

class QuietEvents : public engine::Events {
 public:
  void Progress(int64_t done, int64_t total, const std::string&) override {
    last_done = done, last_total = total;
  }
  void Metric(const std::string&, int64_t, double) override {}
  void Checkpoint(int64_t, const std::string& path, const Json&) override {
    checkpoints.push_back(path);
  }
  bool StopRequested() override { return stop_after-- == 0; }
  std::vector<std::string> checkpoints;
  int64_t last_done = -1, last_total = -1;
  int stop_after = -1;  // questions answered with no before the first yes; negative = never
};

}  // namespace eida::analysis
