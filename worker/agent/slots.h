// What a worker offers: which devices and cores, cut into slots.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/domain/records.h"

namespace eida::agent {

// A slot and what its runner's environment must say.
struct Slot {
  SlotInfo info;
  std::string cuda_visible;  // CUDA_VISIBLE_DEVICES: one device, or "" for a CPU slot
  double gpu_share = 1;      // of its device's memory: slots that share a device divide it evenly
  int threads = 1;
};

// What the runner's environment says of its devices. A share below the whole caps libtorch's
// allocator by PYTORCH_CUDA_ALLOC_CONF, behind the settings that this process was given there, so a
// neighbour's out-of-memory is its own.
std::map<std::string, std::string> DeviceEnvironment(const Slot& slot);

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
