#include "common/inputs/rows.h"

namespace eida::inputs {

int64_t FirstInvalidUtf8(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t size = lead < 0x80                   ? 1
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xF0 && lead < 0xF5 ? 4
                                                      : 0;
    if (size == 0 || i + size > text.size()) return static_cast<int64_t>(i);
    uint32_t code = size == 1 ? lead : lead & (0xFF >> (size + 1));
    for (size_t k = 1; k < size; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return static_cast<int64_t>(i);
      code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 63);
    }
    const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return static_cast<int64_t>(i);
    i += size;
  }
  return -1;
}

}  // namespace eida::inputs
