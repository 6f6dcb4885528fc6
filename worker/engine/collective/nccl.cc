// NCCL by its C interface, found when a gang asks for it: no CUDA header is needed to build this.
// Not yet run on GPUs: its tests cover a library that is not there or is another.
#include <dlfcn.h>
#include <torch/torch.h>

#include <cstring>

#include "worker/engine/collective/store.h"
#include "worker/engine/job.h"

namespace eida::engine {
namespace {

// What nccl.h of NCCL 2 declares.
struct UniqueId {
  char bytes[128];
};
using Comm = void*;
using Stream = void*;
constexpr Stream kDefaultStream = nullptr;  // libtorch's current stream, as nobody sets another
constexpr int kSuccess = 0, kUint8 = 1, kFloat32 = 7, kSum = 0;
constexpr char kUniqueIdKey[] = "nccl/unique-id";

struct Library {
  int (*get_unique_id)(UniqueId*) = nullptr;
  int (*init_rank)(Comm*, int size, UniqueId, int rank) = nullptr;
  int (*all_reduce)(const void*, void*, size_t, int type, int operation, Comm, Stream) = nullptr;
  int (*broadcast)(const void*, void*, size_t, int type, int root, Comm, Stream) = nullptr;
  int (*destroy)(Comm) = nullptr;
  const char* (*error_string)(int) = nullptr;
};

template <class Function>
Status Find(void* handle, const std::string& library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr
             ? OkStatus()
             : IoError(library + " has no " + name + ": it is not NCCL 2; a gang on GPUs needs it");
}

// Never closed: communicators live to the end of the process.
Result<Library> Load(const std::string& name) {
  void* handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) {
    return IoError("NCCL, which a run on several GPUs needs, does not load (" +
                   std::string(::dlerror()) +
                   "); put the libnccl.so.2 of libtorch's version beside libtorch or on "
                   "LD_LIBRARY_PATH, or set resources.slots_per_job: 1");
  }
  Library library;
  EIDA_RETURN_IF_ERROR(Find(handle, name, "ncclGetUniqueId", library.get_unique_id));
  EIDA_RETURN_IF_ERROR(Find(handle, name, "ncclCommInitRank", library.init_rank));
  EIDA_RETURN_IF_ERROR(Find(handle, name, "ncclAllReduce", library.all_reduce));
  EIDA_RETURN_IF_ERROR(Find(handle, name, "ncclBroadcast", library.broadcast));
  EIDA_RETURN_IF_ERROR(Find(handle, name, "ncclCommDestroy", library.destroy));
  EIDA_RETURN_IF_ERROR(Find(handle, name, "ncclGetErrorString", library.error_string));
  return library;
}

class Nccl : public Gang {
 public:
  Nccl(const GangPlace& place, const Library& library) : place_(place), library_(library) {}
  ~Nccl() override {
    if (comm_ != nullptr) library_.destroy(comm_);
  }
  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }

  Status Join(c10d::Store& store) {
    UniqueId id{};
    if (place_.rank == 0) {
      EIDA_RETURN_IF_ERROR(Checked("ncclGetUniqueId", library_.get_unique_id(&id)));
      store.set(kUniqueIdKey, std::vector<uint8_t>(id.bytes, id.bytes + sizeof id.bytes));
    } else {
      const std::vector<uint8_t> bytes = store.get(kUniqueIdKey);
      if (bytes.size() != sizeof id.bytes) return IoError(place_.store + " holds no id of NCCL");
      std::memcpy(id.bytes, bytes.data(), sizeof id.bytes);
    }
    const Status joined =
        Checked("ncclCommInitRank", library_.init_rank(&comm_, place_.size, id, place_.rank));
    return joined.ok() ? joined : IoError(Message(joined));
  }

  Status Sum(const at::Tensor& numbers) override {
    void* data = numbers.data_ptr();
    return Checked("ncclAllReduce",
                   library_.all_reduce(data, data, static_cast<size_t>(numbers.numel()), kFloat32,
                                       kSum, comm_, kDefaultStream));
  }
  Status Broadcast(const at::Tensor& tensor) override {
    void* data = tensor.data_ptr();
    return Checked("ncclBroadcast", library_.broadcast(data, data, tensor.nbytes(), kUint8, 0,
                                                       comm_, kDefaultStream));
  }

 private:
  Status Checked(const char* call, int result) const {
    if (result == kSuccess) return OkStatus();
    return PeerLost(NameOf(place_) + ": " + call + ": " + library_.error_string(result) +
                    "; each rank needs a GPU of its own");
  }

  const GangPlace place_;
  const Library library_;
  Comm comm_ = nullptr;
};

}  // namespace

Result<std::shared_ptr<Gang>> JoinByNccl(const GangPlace& place, at::Device device,
                                         const std::string& library) {
  EIDA_ASSIGN_OR_RETURN(const Library functions, Load(library));
  auto gang = std::make_shared<Nccl>(place, functions);
  try {
    at::zeros({1}, at::TensorOptions().device(device));  // NCCL takes the device that is current
    const auto store = OpenStore(place);
    EIDA_RETURN_IF_ERROR(gang->Join(*store));
  } catch (const std::exception& error) {
    return IoError(NameOf(place) + " did not find the others through " + place.store + ": " +
                   error.what());
  }
  return std::shared_ptr<Gang>(std::move(gang));
}

}  // namespace eida::engine
