// What a fetch asks of its surroundings, and how patient it is.
#pragma once

#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace eida::fetch {

struct Hooks {
  // Asked several times a second, also while nothing comes. Anything but OK ends the fetch with it:
  // Cancelled after Ctrl-C, DeadlineExceeded after --timeout.
  std::function<Status()> stop = [] { return OkStatus(); };
  // What is being done with a file: "download" or "check", and how far. `total` < 0: unknown.
  std::function<void(const std::string& what, const std::string& file, int64_t done, int64_t total)>
      progress = [](const std::string&, const std::string&, int64_t, int64_t) {};
  // A line that people should see: a retry, a file that was begun again.
  std::function<void(const std::string&)> note = [](const std::string&) {};
};

struct Patience {
  int attempts = 5;        // in a row that brought no byte
  Millis first{500};       // wait after the first; doubles up to `most`
  Millis most{30'000};     // also of what a server asks for in Retry-After
  Millis connect{20'000};  // to connect
  int stall_seconds = 60;  // without a byte
};

// Waits, asking `stop` meanwhile.
Status Sleep(const Hooks& hooks, Millis delay);

// One try. `*progressed`: it brought something, so patience begins anew; `*wait`: what the server
// asked for.
using Attempt = std::function<Status(bool* progressed, Millis* wait)>;
// Repeats UNAVAILABLE and nothing else.
Status Repeat(const Patience& patience, const Hooks& hooks, const Attempt& attempt);

}  // namespace eida::fetch
