// Shows ThreadSanitizer how gRPC synchronises: by abseil's locks and by closures that go from
// thread to thread. Debian builds both without it, so that what gRPC's threads hand over to ours
// would look like races. These functions take the libraries' place in the program that they are
// linked into, and call them.
#include <absl/synchronization/mutex.h>
#include <dlfcn.h>
#include <grpc/grpc.h>
#include <sanitizer/tsan_interface.h>

namespace {

// One order for all of gRPC's locks: between two of them it hands over by atomics, which nobody
// sees.
char order;

template <class F>
F Real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto real = Real<void (*)(Mutex*)>("_ZN4absl7debian35Mutex4LockEv");
  real(this);
  __tsan_acquire(&order);
}

void Mutex::Unlock() {
  static const auto real = Real<void (*)(Mutex*)>("_ZN4absl7debian35Mutex6UnlockEv");
  __tsan_release(&order);
  real(this);
}

bool Mutex::TryLock() {
  static const auto real = Real<bool (*)(Mutex*)>("_ZN4absl7debian35Mutex7TryLockEv");
  const bool locked = real(this);
  if (locked) __tsan_acquire(&order);
  return locked;
}

void CondVar::Wait(Mutex* mutex) {
  static const auto real =
      Real<void (*)(CondVar*, Mutex*)>("_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE");
  __tsan_release(&order);
  real(this, mutex);
  __tsan_acquire(&order);
}

bool CondVar::WaitWithDeadline(Mutex* mutex, absl::Time deadline) {
  static const auto real = Real<bool (*)(CondVar*, Mutex*, absl::Time)>(
      "_ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  __tsan_release(&order);
  const bool expired = real(this, mutex, deadline);
  __tsan_acquire(&order);
  return expired;
}

bool CondVar::WaitWithTimeout(Mutex* mutex, absl::Duration timeout) {
  static const auto real = Real<bool (*)(CondVar*, Mutex*, absl::Duration)>(
      "_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  __tsan_release(&order);
  const bool expired = real(this, mutex, timeout);
  __tsan_acquire(&order);
  return expired;
}

ABSL_NAMESPACE_END
}  // namespace absl

// The tag is read by whichever thread completes the batch.
extern "C" grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops, size_t count,
                                                 void* tag, void* reserved) {
  static const auto real =
      Real<grpc_call_error (*)(grpc_call*, const grpc_op*, size_t, void*, void*)>(
          "grpc_call_start_batch");
  __tsan_release(&order);
  return real(call, ops, count, tag, reserved);
}

// Inside gRPC work goes from thread to thread as closures; what a server's or client's callbacks
// see comes out of the last of these.
#define EIDA_GRPC_RUN \
  "_ZN9grpc_core7ExecCtx3RunERKNS_13DebugLocationEP12grpc_closureN4absl7debian36StatusE"
void ExecCtxRun(const void* location, void* closure, void* status) asm(EIDA_GRPC_RUN);
void ExecCtxRun(const void* location, void* closure, void* status) {
  static const auto real = Real<void (*)(const void*, void*, void*)>(EIDA_GRPC_RUN);
  __tsan_release(&order);
  real(location, closure, status);
}

#define EIDA_GRPC_FLUSH "_ZN9grpc_core7ExecCtx5FlushEv"
bool ExecCtxFlush(void* self) asm(EIDA_GRPC_FLUSH);
bool ExecCtxFlush(void* self) {
  static const auto real = Real<bool (*)(void*)>(EIDA_GRPC_FLUSH);
  __tsan_acquire(&order);
  const bool did = real(self);
  __tsan_release(&order);
  return did;
}

#define EIDA_GRPC_CALLBACKS "_ZN9grpc_core26ApplicationCallbackExecCtxD1Ev"
void RunCallbacks(void* self) asm(EIDA_GRPC_CALLBACKS);
void RunCallbacks(void* self) {
  static const auto real = Real<void (*)(void*)>(EIDA_GRPC_CALLBACKS);
  __tsan_acquire(&order);
  real(self);
  __tsan_release(&order);
}
