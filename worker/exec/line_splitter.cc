#include "worker/exec/line_splitter.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace eida::exec {

void LineSplitter::Emit(const Sink& sink) {
  if (!pending_.empty() && pending_.back() == '\r') pending_.pop_back();
  sink({pending_, overflow_});
  pending_.clear();
  overflow_ = false;
}

void LineSplitter::Feed(const char* data, size_t size, const Sink& sink) {
  while (size > 0) {
    const char* end = static_cast<const char*>(memchr(data, '\n', size));
    const size_t length = end != nullptr ? static_cast<size_t>(end - data) : size;
    const size_t room = limit_ - pending_.size();
    pending_.append(data, std::min(length, room));
    overflow_ = overflow_ || length > room;
    if (end == nullptr) return;
    Emit(sink);
    data += length + 1;
    size -= length + 1;
  }
}

void LineSplitter::Finish(const Sink& sink) {
  if (!pending_.empty()) Emit(sink);
}

namespace {

// Bytes of the valid UTF-8 sequence at `i`; 0 = none (overlong forms and surrogates are invalid
// too).
size_t SequenceLength(const std::string& text, size_t i) {
  const auto byte = [&](size_t k) {
    return k < text.size() ? static_cast<uint8_t>(text[k]) : uint8_t{0};
  };
  const uint8_t lead = byte(i);
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xF0 && lead < 0xF5 ? 4
                                                      : 0;
  for (size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
  }
  const uint8_t second = byte(i + 1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
  return length;
}

}  // namespace

std::string CleanText(const std::string& text) {
  std::string clean;
  clean.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(text, i);
    const uint8_t byte = static_cast<uint8_t>(text[i]);
    if (length == 0 || (length == 1 && (byte < 0x20 || byte == 0x7F) && byte != '\t')) {
      clean += '?';
      ++i;
    } else {
      clean.append(text, i, length);
      i += length;
    }
  }
  return clean;
}

}  // namespace eida::exec
