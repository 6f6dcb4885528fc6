// Counters, gauges and histograms with labels. All are thread-safe, cheap to copy and live as long
// as their Registry. Label values are given in the order in which the label names were declared.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace eida::telemetry {

using Labels = std::vector<std::string>;

class Counter {
 public:
  void Add(const Labels& labels, double n = 1) const;
  void Add(double n = 1) const { Add(Labels{}, n); }

 private:
  friend class Registry;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

class Gauge {
 public:
  void Set(const Labels& labels, double value) const;
  void Set(double value) const { Set(Labels{}, value); }
  void Add(double n) const;
  // Exactly these series from now on: others disappear.
  void Replace(const std::map<Labels, double>& series) const;

 private:
  friend class Registry;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

class Histogram {
 public:
  void Observe(const Labels& labels, double value) const;
  void Observe(double value) const { Observe(Labels{}, value); }

 private:
  friend class Registry;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Owns metrics and writes them in Prometheus' text format. Names are checked by promtool in the
// tests.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // A metric without labels is there with 0 from the start.
  Counter NewCounter(const std::string& name, const std::string& help,
                     const Labels& label_names = {});
  Gauge NewGauge(const std::string& name, const std::string& help, const Labels& label_names = {});
  Histogram NewHistogram(const std::string& name, const std::string& help,
                         const std::vector<double>& bounds, const Labels& label_names = {});
  // Text format 0.0.4.
  std::string Text() const;
  static const char* ContentType() { return "text/plain; version=0.0.4; charset=utf-8"; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace eida::telemetry
