// Files on their way, on stderr: a bar that is drawn over in a terminal, now and then a line
// elsewhere.
#pragma once

#include <optional>
#include <string>

#include "client/context.h"
#include "client/output/transfer.h"

namespace eida::client {

// Says nothing with -q. Not thread-safe.
class TransferDisplay {
 public:
  explicit TransferDisplay(Context& context) : context_(context) {}
  ~TransferDisplay() { Erase(); }
  // Call as often as anything changes; a new file or another `what` begins anew.
  void Show(const std::string& what, const std::string& file, int64_t done, int64_t total);
  // A line that stays.
  void Note(const std::string& text);
  void Erase();

 private:
  void Begin(const std::string& what, const std::string& file, int64_t done, int64_t total);
  void Measure(TimePoint now);
  Context& context_;
  TransferState state_;
  std::optional<TimePoint> drawn_, measured_;
  int64_t measured_at_ = 0;
  bool bar_ = false;  // one is on the screen
};

}  // namespace eida::client
