// Which rows belong to which split: docs/formats.md section 3. Pure and the same everywhere.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"

namespace eida::inputs {

// One split of `data.splits`, in file order.
struct SplitRule {
  std::string name;
  std::string from;  // "" = a file of its own
  std::optional<double> fraction;
  std::optional<int64_t> items;
  int64_t seed = 0;
};

// The rows of one split: row numbers of the file of split `file`, ascending.
struct SplitItems {
  std::string file;
  std::vector<int64_t> rows;
};

// `sizes`: rows of each split that is a file. InvalidArgument naming the split when a source has
// too few rows or a split is empty.
Result<std::map<std::string, SplitItems>> ResolveSplits(
    const std::vector<SplitRule>& rules, const std::map<std::string, int64_t>& sizes,
    const std::map<std::string, int64_t>& limit);

// `n` of the rows, chosen by Rng(seed, "samples"), ascending; all of them when there are not more.
std::vector<int64_t> SampleRows(const std::vector<int64_t>& rows, int64_t n, int64_t seed);

// One half of the rows (the first floor(n / 2) that Rng(seed, "half") chooses) or the other,
// ascending.
std::vector<int64_t> HalfOfRows(const std::vector<int64_t>& rows, int64_t seed, bool other);

// The rules of a job's spec["data"]["splits"]: an array of {"name", "digest" | "from", ..} in file
// order.
Result<std::vector<SplitRule>> SplitRulesOf(const Json& data);

// First 16 hex digits of the SHA-256 of the row numbers joined by commas.
std::string ItemHash(const std::vector<int64_t>& rows);

}  // namespace eida::inputs
