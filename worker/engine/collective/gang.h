// The processes that train one run together, each with a part of every micro-batch.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "common/base/status.h"

namespace eida::engine {

// One thread. Calls are collective: every rank makes the same ones in the same order, with tensors
// of the same shape on its own device. They return when all ranks have come, and PeerLost when one
// never will.
class Gang {
 public:
  virtual ~Gang() = default;
  virtual int rank() const = 0;  // 0 evaluates, writes and speaks
  virtual int size() const = 0;
  // fp32, contiguous: becomes the sum over the ranks, the same bits on all of them.
  virtual Status Sum(const at::Tensor& numbers) = 0;
  // Of any type: becomes rank 0's.
  virtual Status Broadcast(const at::Tensor& tensor) = 0;
};

// The gang of a run that trains alone. Lives as long as the process.
Gang& Alone();

// Where a process stands in its gang.
struct GangPlace {
  int rank = 0, size = 1;
  std::string store;  // a file that all ranks can write and nobody else: how they find one another
};

// Waits until all ranks are here. On a CPU by Gloo over the loopback interface, on a CUDA device by
// NCCL. IoError when they do not come or the library is not there.
Result<std::shared_ptr<Gang>> JoinGang(const GangPlace& place, at::Device device);
Result<std::shared_ptr<Gang>> JoinByGloo(const GangPlace& place);
// `library`: the file that the loader is asked for.
Result<std::shared_ptr<Gang>> JoinByNccl(const GangPlace& place, at::Device device,
                                         const std::string& library = "libnccl.so.2");

}  // namespace eida::engine
