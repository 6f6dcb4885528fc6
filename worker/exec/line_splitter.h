// Cuts what a pipe delivers into lines, with bounded memory whatever is written into it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace eida::exec {

// Not thread-safe. A line longer than `limit` bytes is delivered once, cut to `limit`; its rest is
// dropped.
class LineSplitter {
 public:
  struct Line {
    std::string text;  // without the line end
    bool cut = false;
  };
  using Sink = std::function<void(const Line&)>;

  explicit LineSplitter(size_t limit) : limit_(limit) {}
  void Feed(const char* data, size_t size, const Sink& sink);
  // Delivers a last line that had no line end.
  void Finish(const Sink& sink);

 private:
  void Emit(const Sink& sink);

  const size_t limit_;
  std::string pending_;
  bool overflow_ = false;
};

// The text with invalid UTF-8 and control characters replaced by '?': proto3 and JSON accept
// nothing else.
std::string CleanText(const std::string& text);

}  // namespace eida::exec
