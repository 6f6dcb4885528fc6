// Small data sets of our own in the forms that tasks read: what `eidactl new data` writes. Pure: a
// kind, a size and a seed decide every byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida::synth {

struct Request {
  int64_t rows = 2000;  // of the training split; the others have a tenth each, and at least 20
  uint64_t seed = 0;
};

struct Split {
  std::string name;  // in a sweep's data.splits
  std::string file;  // its file's name
  int64_t rows = 0;
  std::string content;
};

struct Kind {
  std::string id;
  std::vector<std::string> settings;  // lines of a sweep file's data section
  std::string help;
  // The splits, training first. No source text of one split stands in another one. InvalidArgument
  // when there are not as many different rows.
  Result<std::vector<Split>> (*make)(const Request&) = nullptr;
};

const std::vector<Kind>& Kinds();
std::vector<std::string> KindIds();
// InvalidArgument with what was meant and what there is.
Result<const Kind*> FindKind(const std::string& id);

}  // namespace eida::synth
