// A pass for which a device's memory does not suffice. The device is the CPU with an allocator that
// fails as CUDA's does.
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/train/pass.h"

namespace eida::engine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// In place of libtorch's allocator of host memory while it lives.
class SmallDevice : public c10::Allocator {
 public:
  SmallDevice() : own_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this); }
  ~SmallDevice() override { c10::SetCPUAllocator(own_); }
  SmallDevice(const SmallDevice&) = delete;
  SmallDevice& operator=(const SmallDevice&) = delete;

  c10::DataPtr allocate(size_t bytes) override {
    if (left_ >= 0 && left_-- == 0)
      TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 20.00 GiB");
    return own_->allocate(bytes);
  }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    own_->copy_data(to, from, bytes);
  }
  // The allocation after `count` others fails, and no later one.
  void FailAfter(int64_t count) { left_ = count; }

 private:
  c10::Allocator* const own_;
  int64_t left_ = -1;
};

// Two updates are done, then the second micro-batch of the third has no memory.
std::vector<Status> ThirdUpdate(const std::vector<Job>& jobs, Recorder& events) {
  std::vector<std::unique_ptr<Run>> runs;
  std::vector<Run*> pack;
  for (const Job& job : jobs) {
    Result<std::unique_ptr<Run>> run = Run::Make(job, events);
    EXPECT_TRUE(run.ok()) << run.status();
    pack.push_back(run->get());
    runs.push_back(std::move(*run));
    EXPECT_TRUE(pack.back()->Start().ok());
  }
  for (int update = 0;; ++update) {
    for (Run* run : pack) EXPECT_TRUE(run->Begin().ok());
    for (const Status& status : PassesOf(pack, 0)) EXPECT_TRUE(status.ok()) << status;
    SmallDevice device;
    if (update == 2) device.FailAfter(40);
    std::vector<Status> statuses = PassesOf(pack, 1);
    if (update == 2) return statuses;
    for (Run* run : pack) EXPECT_TRUE(run->End().ok());
  }
}

Json TwoMicroBatches() {
  return {{"adapter", {{"r", 2}}}, {"train", {{"batch_size", 4}, {"grad_accum", 2}}}};
}

TEST(MemoryTest, AMicroBatchThatDoesNotFitIsNamed) {
  const Tiny tiny;
  Recorder events;
  const std::vector<Status> statuses = ThirdUpdate({tiny.Train(TwoMicroBatches())}, events);
  ASSERT_EQ(statuses.size(), 1u);
  EXPECT_EQ(ErrorClassOf(statuses[0]), "oom");
  EXPECT_THAT(Message(statuses[0]),
              AllOf(HasSubstr("in micro-batch 2 of 2 at step 3 (4 items, "),
                    HasSubstr("Tried to allocate 20.00 GiB"), HasSubstr("train.micro_batch")));
}

TEST(MemoryTest, OfAPackAllRunsOfThePassAreTold) {
  const Tiny tiny;
  Recorder events;
  const Job job = tiny.Train(TwoMicroBatches());
  const std::vector<Status> statuses = ThirdUpdate({job, job}, events);
  ASSERT_EQ(statuses.size(), 2u);
  for (const Status& status : statuses) {
    EXPECT_EQ(ErrorClassOf(status), "oom");
    EXPECT_THAT(Message(status), AllOf(HasSubstr("(8 items, "), HasSubstr("of 2 packed runs")));
  }
}

}  // namespace
}  // namespace eida::engine
