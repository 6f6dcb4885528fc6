// A small random BERT with a tokenizer and a learnable data set, as files: what the engine's tests
// run on.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/fs.h"
#include "worker/engine/study.h"

namespace eida::engine {

struct TinyOptions {
  int64_t hidden = 32, layers = 2, heads = 4, inner = 48, positions = 40;
  bool with_prefix = false;  // names with "bert.", pooler and a classifier among them
  int64_t rows = 96;
};

// Files live as long as the object.
class Tiny {
 public:
  explicit Tiny(const TinyOptions& options = {});
  // A job of that kind with model and data filled in; `out` is a new directory.
  Job Make(const std::string& kind, Json spec) const;
  // A train job: `train`, `adapter`, `eval`, `checkpoint` go on top of defaults that finish in well
  // under a second.
  Job Train(const Json& changes = Json::object()) const;
  std::string path(const std::string& name) const { return JoinPath(dir_.path(), name); }
  Json model() const { return {{"digest", "tiny"}, {"architecture", "bert"}, {"labels", 2}}; }
  Json data() const;

 private:
  TempDir dir_;
  mutable int outs_ = 0;
};

// Records what a job says; asks it to stop when `stop_at` progress events were seen (0 = never).
class Recorder : public Events {
 public:
  void Progress(int64_t done, int64_t total, const std::string& unit) override {
    progress.push_back(done);
  }
  void Metric(const std::string& series, int64_t step, double value) override {
    metrics.push_back({series, step, value});
  }
  void Checkpoint(int64_t step, const std::string& path, const Json& metrics) override {
    checkpoints.push_back({step, path});
  }
  bool StopRequested() override {
    return stop_at > 0 && static_cast<int>(progress.size()) >= stop_at;
  }
  double Last(const std::string& series) const;

  struct Point {
    std::string series;
    int64_t step;
    double value;
  };
  std::vector<int64_t> progress;
  std::vector<Point> metrics;
  std::vector<std::pair<int64_t, std::string>> checkpoints;
  int stop_at = 0;
};

// The path of the artifact of that name.
std::string ArtifactPath(const JobResult& result, const std::string& name);
std::string Bytes(const std::string& path);
// The largest absolute difference; infinity when shapes differ.
double Difference(const at::Tensor& a, const at::Tensor& b);

}  // namespace eida::engine
