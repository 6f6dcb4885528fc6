// Gloo through c10d: the classes are libtorch_cpu's, the headers that they need are Debian's
// libgloo-dev's.
#define USE_C10D_GLOO
#include <torch/torch.h>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "worker/engine/collective/store.h"
#include "worker/engine/job.h"

namespace eida::engine {
namespace {

// A rank may wait for another's evaluation. One that dies is noticed at once: its connections end.
constexpr std::chrono::hours kTimeout{24 * 7};

class Gloo : public Gang {
 public:
  explicit Gloo(const GangPlace& place) : place_(place) {
    auto options = c10d::ProcessGroupGloo::Options::create(kTimeout);
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
    options->threads = 1;
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(OpenStore(place), place.rank, place.size,
                                                         options);
  }
  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }

  Status Sum(const at::Tensor& numbers) override {
    return Collective([&](std::vector<at::Tensor>& tensors) { return group_->allreduce(tensors); },
                      numbers);
  }
  Status Broadcast(const at::Tensor& tensor) override {
    return Collective([&](std::vector<at::Tensor>& tensors) { return group_->broadcast(tensors); },
                      tensor);
  }

 private:
  template <class Body>
  Status Collective(Body&& body, const at::Tensor& tensor) {
    if (tensor.numel() == 0) return OkStatus();
    std::vector<at::Tensor> tensors = {tensor};
    try {
      body(tensors)->wait();
      return OkStatus();
    } catch (const std::exception& error) {
      return PeerLost(NameOf(place_) + ": another rank is gone: " + error.what());
    }
  }

  const GangPlace place_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

Result<std::shared_ptr<Gang>> JoinByGloo(const GangPlace& place) {
  try {
    return std::shared_ptr<Gang>(std::make_shared<Gloo>(place));
  } catch (const std::exception& error) {
    return IoError(NameOf(place) + " did not find the others through " + place.store + ": " +
                   error.what());
  }
}

}  // namespace eida::engine
