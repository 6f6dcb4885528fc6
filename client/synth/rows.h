// Rows that are all different, and files made of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/synth/synth.h"
#include "common/base/rng.h"

namespace eida::synth {

struct Row {
  std::string key;  // rows with equal keys are the same row
  std::vector<std::string> cells;
};

struct Part {
  std::string name, file;
  bool training = false;
};
// How many rows of a part a request asks for.
int64_t RowsOf(const Part& part, const Request& request);

// For each part its rows, with keys that differ within and between parts. `draw(i)` makes a
// candidate for row i of its part; each part's rows are then put into an order of their own.
// InvalidArgument when new ones no longer come.
Result<std::vector<std::vector<Row>>> DrawRows(const std::vector<Part>& parts,
                                               const Request& request,
                                               const std::function<Row(int64_t)>& draw);

// The same rows as TSV files under one header.
std::vector<Split> TsvSplits(const std::vector<Part>& parts, const std::string& header,
                             const std::vector<std::vector<Row>>& rows);

}  // namespace eida::synth
