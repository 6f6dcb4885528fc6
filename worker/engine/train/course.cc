#include "worker/engine/train/course.h"

#include <algorithm>
#include <cmath>

namespace eida::engine {

Course::Course(const TrainSettings& settings, const Examples& examples)
    : settings_(settings), examples_(&examples) {
  epoch_ = {0, 0, UpdatesOfEpoch(0)};
  if (settings_.steps) {
    updates_ = *settings_.steps;
  } else if (settings_.order.batch_tokens == 0) {
    updates_ = static_cast<int64_t>(std::ceil(settings_.epochs * static_cast<double>(epoch_.end)));
  } else {
    const auto whole = static_cast<int64_t>(settings_.epochs);
    for (int64_t i = 0; i < whole; ++i) updates_ += UpdatesOfEpoch(i);
    const double part = settings_.epochs - static_cast<double>(whole);
    if (part > 0)
      updates_ +=
          static_cast<int64_t>(std::ceil(part * static_cast<double>(UpdatesOfEpoch(whole))));
  }
}

const std::vector<std::vector<int64_t>>& Course::Batches(int64_t index) {
  if (held_ != index) batches_ = EpochBatches(*examples_, settings_.order, index);
  held_ = index;
  return batches_;
}

int64_t Course::UpdatesOfEpoch(int64_t index) {
  const OrderSettings& order = settings_.order;
  if (order.batch_tokens == 0)
    return UpdatesOf((examples_->size() + order.batch_size - 1) / order.batch_size);
  return UpdatesOf(static_cast<int64_t>(Batches(index).size()));
}

const Course::Epoch& Course::At(int64_t step) {
  if (settings_.order.batch_tokens == 0) {
    const int64_t each = UpdatesOfEpoch(0), index = step / each;
    epoch_ = {index, index * each, (index + 1) * each};
    return epoch_;
  }
  while (step >= epoch_.end) {
    const int64_t next = epoch_.index + 1;
    epoch_ = {next, epoch_.end, epoch_.end + UpdatesOfEpoch(next)};
  }
  return epoch_;
}

std::vector<std::vector<int64_t>> Course::MicroBatches(int64_t step) {
  const Epoch& epoch = At(step);
  const auto& batches = Batches(epoch.index);
  const int64_t begin = (step - epoch.begin) * settings_.grad_accum,
                end = std::min(static_cast<int64_t>(batches.size()), begin + settings_.grad_accum);
  return {batches.begin() + begin, batches.begin() + end};
}

Course::Epoch Course::Cycle(int64_t step) {
  if (!settings_.schedule.restarts) return {0, 0, updates_};
  const Epoch& epoch = At(step);
  return {epoch.index, epoch.begin, std::min(epoch.end, updates_)};
}

bool Course::Due(const Every& every, int64_t step) {
  if (every.steps > 0) return step % every.steps == 0;
  if (every.epochs == 0) return false;
  const Epoch& epoch = At(step - 1);
  return epoch.end == step && (epoch.index + 1) % every.epochs == 0;
}

double Course::EpochsAfter(int64_t step) const {
  if (step >= epoch_.begin && step <= epoch_.end) {
    return static_cast<double>(epoch_.index) + static_cast<double>(step - epoch_.begin) /
                                                   static_cast<double>(epoch_.end - epoch_.begin);
  }
  return 0;
}

}  // namespace eida::engine
