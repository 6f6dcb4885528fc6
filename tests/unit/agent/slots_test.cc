#include "worker/agent/slots.h"

#include <cstdlib>
#include <set>

#include "common/base/fs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/agent/identity.h"

namespace eida::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(GpuModelTest, ItIsReadFromTheDriversFiles) {
  const TempDir dir;
  EXPECT_EQ(GpuModel(dir.path()), "");
  const std::string gpu = dir.path() + "/gpus/0000:01:00.0";
  ASSERT_TRUE(MakeDirs(gpu).ok());
  ASSERT_TRUE(WriteFileAtomic(gpu + "/information", "Model: \t\t NVIDIA H100\nIRQ: 7\n").ok());
  EXPECT_EQ(GpuModel(dir.path()), "NVIDIA H100");
}

TEST(SlotsTest, AutoIsOneSlotForEachCore) {
  const auto slots = PlanSlots({{2, 5, 7}, {}}, "auto", 0).value();
  ASSERT_EQ(slots.size(), 3u);
  EXPECT_THAT(slots[1].info.cpus, ElementsAre(5));
  EXPECT_EQ(slots[1].info.device, "cpu");
  EXPECT_EQ(slots[1].info.index, 1);
  EXPECT_EQ(slots[1].threads, 1);
  EXPECT_EQ(slots[1].cuda_visible, "");
}

TEST(SlotsTest, AutoIsOneSlotForEachGpuWithItsShareOfTheCores) {
  const auto slots = PlanSlots({{0, 1, 2, 3, 4, 5}, {"3", "GPU-abc"}}, "auto", 0).value();
  ASSERT_EQ(slots.size(), 2u);
  EXPECT_EQ(slots[1].info.device, "cuda:1");
  EXPECT_EQ(slots[1].cuda_visible, "GPU-abc");
  EXPECT_THAT(slots[1].info.cpus, ElementsAre(3, 4, 5));
  EXPECT_EQ(slots[1].threads, 3);
}

TEST(SlotsTest, SlotsThatShareAGpuDivideItsMemory) {
  const auto slots = PlanSlots({{0, 1, 2}, {"0", "1"}}, "3", 0).value();
  const auto conf = [&](int slot) {
    const auto env = DeviceEnvironment(slots[static_cast<size_t>(slot)]);
    const auto set = env.find("PYTORCH_CUDA_ALLOC_CONF");
    return set == env.end() ? "" : set->second;
  };
  EXPECT_EQ(conf(0), "per_process_memory_fraction:0.5");
  EXPECT_EQ(conf(1), "") << "alone on its device";
  EXPECT_EQ(conf(2), "per_process_memory_fraction:0.5");
  setenv("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True", 1);
  EXPECT_EQ(conf(0), "expandable_segments:True,per_process_memory_fraction:0.5");
  setenv("PYTORCH_CUDA_ALLOC_CONF", "per_process_memory_fraction:0.2", 1);
  EXPECT_EQ(conf(0), "") << "what this process was given is inherited";
  unsetenv("PYTORCH_CUDA_ALLOC_CONF");
  const auto cpu = PlanSlots({{0, 1}, {}}, "2", 0).value();
  EXPECT_THAT(DeviceEnvironment(cpu[0]),
              ::testing::ElementsAre(
                  std::pair<const std::string, std::string>("CUDA_VISIBLE_DEVICES", "")));
}

TEST(SlotsTest, NoCoreIsInTwoSlots) {
  for (int count = 1; count <= 8; ++count) {
    std::set<int> seen;
    size_t total = 0;
    const auto slots =
        PlanSlots({{0, 1, 2, 3, 4, 5, 6, 7}, {"0"}}, std::to_string(count), 0).value();
    for (const Slot& slot : slots) {
      seen.insert(slot.info.cpus.begin(), slot.info.cpus.end());
      total += slot.info.cpus.size();
      EXPECT_EQ(slot.info.device, "cuda:0");
    }
    EXPECT_EQ(seen.size(), total) << count;
  }
}

TEST(SlotsTest, ThreadsPerSlotDivideTheCores) {
  EXPECT_EQ(PlanSlots({{0, 1, 2, 3}, {}}, "auto", 2)->size(), 2u);
  EXPECT_THAT(PlanSlots({{0, 1, 2, 3}, {}}, "1", 3)->at(0).info.cpus, ElementsAre(0, 1, 2));
}

TEST(SlotsTest, TooFewCoresAndNonsenseAreErrors) {
  EXPECT_THAT(std::string(PlanSlots({{0, 1}, {}}, "2", 2).status().message()),
              HasSubstr("need 4 cores"));
  EXPECT_EQ(PlanSlots({{0, 1}, {}}, "3", 0).status().code(), absl::StatusCode::kInvalidArgument);
  for (const char* text : {"", "0", "-1", "two", "1x"}) {
    EXPECT_EQ(PlanSlots({{0, 1}, {}}, text, 0).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(SlotsTest, ThisMachineHasAtLeastOneCore) { EXPECT_FALSE(DetectMachine().cpus.empty()); }

TEST(IdentityTest, TheIdLastsAsLongAsItsFolder) {
  const TempDir dir;
  const auto id = StableId(dir.path(), "");
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(StableId(dir.path(), "").value(), *id);
  EXPECT_EQ(StableId(dir.path(), "gpu-7").value(), WorkerId("gpu-7"));
  const TempDir other;
  EXPECT_NE(StableId(other.path(), "").value(), *id);
  EXPECT_EQ(StableId(dir.path(), "a b").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(RandomHex(), RandomHex());
}

}  // namespace
}  // namespace eida::agent
