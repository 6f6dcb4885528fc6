// What a worker offers: which devices and cores, cut into slots.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/domain/records.h"

namespace eida::agent {

// A slot and what its runner's environment must say.
struct Slot {
  SlotInfo info;
  std::string cuda_visible;  // CUDA_VISIBLE_DEVICES: one device, or "" for a CPU slot
  int threads = 1;
};

struct Machine {
  std::vector<int> cpus;  // that this process may use
  std::vector<std::string>
      gpus;  // CUDA_VISIBLE_DEVICES entries (numbers or UUIDs), in device order
};

// The model of the first NVIDIA GPU by its driver's files; "" when there is none.
std::string GpuModel(const std::string& driver_dir = "/proc/driver/nvidia");

// Looks at the affinity mask, /dev/nvidia0.. and CUDA_VISIBLE_DEVICES.
Machine DetectMachine();

// `slots`: "auto" (one for each GPU; without GPUs one for each core, or for each `threads` cores),
// or a number. `threads`: cores of each slot, 0 = divide the cores evenly. No core is in two slots;
// a core may be in none. GPUs are dealt to the slots in turn, so more slots than GPUs share them.
// InvalidArgument when there are not enough cores.
Result<std::vector<Slot>> PlanSlots(const Machine& machine, const std::string& slots, int threads);

}  // namespace eida::agent
