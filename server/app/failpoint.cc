#include "server/app/failpoint.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

namespace eida::app {
namespace {

struct Armed {
  std::string name;
  long at = 0;
  Armed() {
    const char* text = std::getenv("EIDA_FAILPOINT");
    if (text == nullptr) return;
    const std::string all = text;
    const size_t colon = all.find(':');
    name = all.substr(0, colon);
    at = colon == std::string::npos ? 1 : std::strtol(all.c_str() + colon + 1, nullptr, 10);
  }
};

}  // namespace

void Failpoint(const char* name) {
  static const Armed armed;
  if (armed.at <= 0 || armed.name != name) return;
  static std::atomic<long> passed{0};
  if (++passed == armed.at) ::_exit(137);
}

}  // namespace eida::app
