#include "worker/engine/train/checkpoint_writer.h"

#include <chrono>
#include <utility>

namespace eida::engine {

CheckpointWriter::~CheckpointWriter() {
  if (running_.valid()) running_.wait();
}

void CheckpointWriter::Start(Order order) {
  current_ = {order.state.step, order.path, order.metrics};
  running_ = std::async(std::launch::async, [order = std::move(order)] {
    return WriteCheckpoint(order.state, order.identity, order.where, order.path);
  });
}

Result<std::optional<CheckpointWriter::Written>> CheckpointWriter::Poll() {
  if (!running_.valid() ||
      running_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return std::optional<Written>();
  }
  EIDA_RETURN_IF_ERROR(running_.get());
  return std::optional<Written>(std::move(current_));
}

Result<std::optional<CheckpointWriter::Written>> CheckpointWriter::Wait() {
  if (running_.valid()) running_.wait();
  return Poll();
}

}  // namespace eida::engine
