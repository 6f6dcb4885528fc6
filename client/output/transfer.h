// One file on its way, as text. Pure: state in, text out.
#pragma once

#include <string>

#include "client/output/progress.h"

namespace eida::client {

struct TransferState {
  std::string what, file;        // "download", "model.safetensors"
  int64_t done = 0, total = -1;  // bytes; total -1 = unknown
  double bytes_per_second = 0;   // 0 = not known yet
};

// Bar, per cent, bytes, rate and the time left, in one line of at most `style.width` columns.
std::string TransferBar(const TransferState& state, const ProgressStyle& style);
// The same in plain words.
std::string TransferLine(const TransferState& state);

}  // namespace eida::client
