// Writes checkpoints beside the training: the step waits for a copy in memory, not for the disk.
#pragma once

#include <future>
#include <optional>
#include <string>

#include "worker/engine/train/checkpoint.h"

namespace eida::engine {

// One thread uses it. At most one file is being written at a time, by a thread of its own; killed
// at any moment it leaves a whole file or none under the file's name.
class CheckpointWriter {
 public:
  struct Order {
    RunState state;  // memory of its own: nothing that the training goes on changing
    std::string identity, path;
    Json where, metrics;
  };
  // A file that is complete and synced.
  struct Written {
    int64_t step = 0;
    std::string path;
    Json metrics;
  };

  CheckpointWriter() = default;
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;
  ~CheckpointWriter();  // waits

  bool busy() const { return running_.valid(); }
  // REQUIRES: !busy(); a finished file is taken by Poll or Wait first.
  void Start(Order order);
  // The file that was finished since; nothing while it is being written or when there is none. An
  // error of the writing (a full disk) is returned here, once.
  Result<std::optional<Written>> Poll();
  // Poll after the file is done.
  Result<std::optional<Written>> Wait();

 private:
  std::future<Status> running_;
  Written current_;
};

}  // namespace eida::engine
