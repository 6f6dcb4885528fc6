#include "common/telemetry/metric.h"

#include <cassert>
#include <mutex>
#include <set>

#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace eida::telemetry {
namespace {

prometheus::Labels Named(const Labels& names, const Labels& values) {
  assert(names.size() == values.size());
  prometheus::Labels out;
  for (size_t i = 0; i < names.size() && i < values.size(); ++i) out[names[i]] = values[i];
  return out;
}

}  // namespace

struct Counter::Impl {
  prometheus::Family<prometheus::Counter>* family;
  Labels names;
};
struct Gauge::Impl {
  prometheus::Family<prometheus::Gauge>* family;
  Labels names;
  std::mutex mutex;  // guards the choice of series, so that Replace never removes one that Set is
                     // about to use
  std::map<Labels, prometheus::Gauge*> series;
  void Set(const Labels& labels, double value) {
    auto [it, fresh] = series.try_emplace(labels, nullptr);
    if (fresh) it->second = &family->Add(Named(names, labels));
    it->second->Set(value);
  }
};
struct Histogram::Impl {
  prometheus::Family<prometheus::Histogram>* family;
  Labels names;
  std::vector<double> bounds;
};
struct Registry::Impl {
  prometheus::Registry registry;
};

void Counter::Add(const Labels& labels, double n) const {
  impl_->family->Add(Named(impl_->names, labels)).Increment(n);
}

void Gauge::Set(const Labels& labels, double value) const {
  std::lock_guard lock(impl_->mutex);
  impl_->Set(labels, value);
}

void Gauge::Add(double n) const {
  std::lock_guard lock(impl_->mutex);
  impl_->series.at({})->Increment(n);
}

void Gauge::Replace(const std::map<Labels, double>& series) const {
  std::lock_guard lock(impl_->mutex);
  for (auto it = impl_->series.begin(); it != impl_->series.end();) {
    if (series.count(it->first) > 0) {
      ++it;
      continue;
    }
    impl_->family->Remove(it->second);
    it = impl_->series.erase(it);
  }
  for (const auto& [labels, value] : series) impl_->Set(labels, value);
}

void Histogram::Observe(const Labels& labels, double value) const {
  impl_->family->Add(Named(impl_->names, labels), impl_->bounds).Observe(value);
}

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

Counter Registry::NewCounter(const std::string& name, const std::string& help,
                             const Labels& label_names) {
  Counter out;
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
  out.impl_ = std::make_shared<Counter::Impl>(Counter::Impl{&family, label_names});
  if (label_names.empty()) out.Add(0);
  return out;
}

Gauge Registry::NewGauge(const std::string& name, const std::string& help,
                         const Labels& label_names) {
  Gauge out;
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  out.impl_ = std::make_shared<Gauge::Impl>();
  out.impl_->family = &family;
  out.impl_->names = label_names;
  if (label_names.empty()) out.Set(0);
  return out;
}

Histogram Registry::NewHistogram(const std::string& name, const std::string& help,
                                 const std::vector<double>& bounds, const Labels& label_names) {
  Histogram out;
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
  out.impl_ = std::make_shared<Histogram::Impl>(Histogram::Impl{&family, label_names, bounds});
  if (label_names.empty()) family.Add({}, bounds);
  return out;
}

std::string Registry::Text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace eida::telemetry
