#include "worker/engine/guard.h"

#include <c10/util/Exception.h>

#include <new>

#include "worker/engine/job.h"

namespace eida::engine {
namespace {

// libtorch reports a host allocation that failed as a plain error.
bool IsHostOutOfMemory(const std::string& what) {
  return what.find("DefaultCPUAllocator") != std::string::npos ||
         what.find("std::bad_alloc") != std::string::npos;
}

}  // namespace

Status Guarded(const std::string& where, const std::function<void()>& body) {
  try {
    body();
    return OkStatus();
  } catch (const c10::OutOfMemoryError& error) {
    return OomError(where + error.what_without_backtrace());
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    return IsHostOutOfMemory(what) ? OomError(where + what) : Internal(where + "libtorch: " + what);
  } catch (const std::bad_alloc&) {
    return OomError(where + "out of memory");
  } catch (const std::exception& error) {
    return IsHostOutOfMemory(error.what())
               ? OomError(where + error.what())
               : Internal(where + "unexpected exception: " + error.what());
  }
}

}  // namespace eida::engine
