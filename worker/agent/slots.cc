#include "worker/agent/slots.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::agent {
namespace {

// /dev/nvidia0, /dev/nvidia1, ..: numbers only (nvidiactl and nvidia-uvm are no devices).
std::vector<std::string> DeviceNumbers() {
  std::vector<int> numbers;
  const auto names = ListDir("/dev");
  if (!names.ok()) return {};
  for (const std::string& name : *names) {
    int number = 0;
    const char* end = name.data() + name.size();
    if (name.rfind("nvidia", 0) != 0 || name.size() == 6) continue;
    const auto [rest, error] = std::from_chars(name.data() + 6, end, number);
    if (error == std::errc() && rest == end) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::string> devices;
  for (size_t i = 0; i < numbers.size(); ++i) devices.push_back(std::to_string(i));
  return devices;
}

Result<int> ParseCount(const std::string& text) {
  int count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || rest != end || count < 1) {
    return InvalidArgument("--slots " + text + ": use auto or a number from 1");
  }
  return count;
}

}  // namespace

std::string GpuModel(const std::string& driver_dir) {
  const std::string gpus = JoinPath(driver_dir, "gpus");
  const auto names = ListDir(gpus);
  if (!names.ok() || names->empty()) return "";
  const auto text = ReadFile(JoinPath(JoinPath(gpus, names->front()), "information"));
  for (const std::string& line : Split(text.value_or(""), '\n')) {
    if (line.rfind("Model:", 0) == 0) return std::string(Trim(std::string_view(line).substr(6)));
  }
  return "";
}

Machine DetectMachine() {
  Machine machine;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) machine.cpus.push_back(cpu);
    }
  }
  machine.gpus = DeviceNumbers();
  const char* visible = getenv("CUDA_VISIBLE_DEVICES");
  if (visible == nullptr || machine.gpus.empty()) return machine;
  machine.gpus.clear();
  for (const std::string& entry : Split(visible, ',')) {
    const std::string device(Trim(entry));
    if (device.empty() || device == "-1" || device == "NoDevFiles")
      break;  // CUDA ignores what follows such an entry too
    machine.gpus.push_back(device);
  }
  return machine;
}

Result<std::vector<Slot>> PlanSlots(const Machine& machine, const std::string& slots, int threads) {
  const int cores = std::max<int>(1, static_cast<int>(machine.cpus.size()));
  const int gpus = static_cast<int>(machine.gpus.size());
  int count = gpus > 0 ? gpus : std::max(1, threads > 0 ? cores / threads : cores);
  if (slots != "auto") {
    EIDA_ASSIGN_OR_RETURN(count, ParseCount(slots));
  }
  const int each = threads > 0 ? threads : std::max(1, cores / count);
  if (each * count > cores) {
    return InvalidArgument("--slots " + slots + ": " + std::to_string(count) + " slots of " +
                           std::to_string(each) + " threads need " + std::to_string(each * count) +
                           " cores, this process may use " + std::to_string(cores) +
                           ": lower --slots or --threads-per-slot");
  }
  std::vector<Slot> plan;
  for (int i = 0; i < count; ++i) {
    Slot slot;
    slot.info.index = i;
    slot.info.device = gpus > 0 ? "cuda:" + std::to_string(i % gpus) : "cpu";
    slot.cuda_visible = gpus > 0 ? machine.gpus[static_cast<size_t>(i % gpus)] : "";
    slot.gpu_share = gpus > 0 ? 1.0 / (count / gpus + (i % gpus < count % gpus ? 1 : 0)) : 1;
    slot.threads = each;
    for (int k = 0; k < each && !machine.cpus.empty(); ++k) {
      slot.info.cpus.push_back(machine.cpus[static_cast<size_t>(i * each + k)]);
    }
    plan.push_back(std::move(slot));
  }
  return plan;
}

std::map<std::string, std::string> DeviceEnvironment(const Slot& slot) {
  std::map<std::string, std::string> env = {{"CUDA_VISIBLE_DEVICES", slot.cuda_visible}};
  if (slot.cuda_visible.empty() || slot.gpu_share >= 1) return env;
  const std::string cap = "per_process_memory_fraction:" + FormatDouble(slot.gpu_share);
  const char* set = getenv("PYTORCH_CUDA_ALLOC_CONF");
  const std::string own = set == nullptr ? "" : set;
  if (own.find("per_process_memory_fraction") != std::string::npos) return env;  // inherited
  env["PYTORCH_CUDA_ALLOC_CONF"] = own.empty() ? cap : own + "," + cap;
  return env;
}

}  // namespace eida::agent
