#include "common/inputs/splits.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/base/digest.h"
#include "common/base/rng.h"

namespace eida::inputs {
namespace {

// `n` of the rows by the generator, ascending; the others too.
std::pair<std::vector<int64_t>, std::vector<int64_t>> Choose(const std::vector<int64_t>& rows,
                                                             int64_t n, Rng rng) {
  std::vector<int64_t> shuffled = rows;
  rng.Shuffle(shuffled);
  std::vector<int64_t> taken(shuffled.begin(), shuffled.begin() + n),
      left(shuffled.begin() + n, shuffled.end());
  std::sort(taken.begin(), taken.end());
  std::sort(left.begin(), left.end());
  return {std::move(taken), std::move(left)};
}

}  // namespace

Result<std::map<std::string, SplitItems>> ResolveSplits(
    const std::vector<SplitRule>& rules, const std::map<std::string, int64_t>& sizes,
    const std::map<std::string, int64_t>& limit) {
  std::map<std::string, SplitItems> splits;
  for (const SplitRule& rule : rules) {
    SplitItems items;
    if (rule.from.empty()) {
      const auto size = sizes.find(rule.name);
      if (size == sizes.end()) return InvalidArgument("split \"" + rule.name + "\" has no file");
      items.file = rule.name;
      items.rows.resize(static_cast<size_t>(size->second));
      std::iota(items.rows.begin(), items.rows.end(), 0);
    } else {
      const auto source = splits.find(rule.from);
      if (source == splits.end())
        return InvalidArgument("split \"" + rule.name + "\" is taken from \"" + rule.from +
                               "\", which is not defined above it");
      const auto have = static_cast<int64_t>(source->second.rows.size());
      const int64_t want =
          rule.items ? *rule.items
                     : std::llround(rule.fraction.value_or(0) * static_cast<double>(have));
      if (want > have)
        return InvalidArgument("split \"" + rule.name + "\" takes " + std::to_string(want) +
                               " items, but \"" + rule.from + "\" has only " +
                               std::to_string(have));
      auto [taken, left] = Choose(source->second.rows, want,
                                  Rng(static_cast<uint64_t>(rule.seed), "split/" + rule.name));
      items.file = source->second.file;
      items.rows = std::move(taken);
      source->second.rows = std::move(left);
    }
    splits[rule.name] = std::move(items);
  }
  for (const auto& [name, n] : limit) {
    const auto split = splits.find(name);
    if (split == splits.end())
      return InvalidArgument("data.limit names the split \"" + name + "\", which is not defined");
    if (n < static_cast<int64_t>(split->second.rows.size()))
      split->second.rows = Choose(split->second.rows, n, Rng(0, "limit/" + name)).first;
  }
  for (const auto& [name, items] : splits) {
    if (items.rows.empty()) return InvalidArgument("split \"" + name + "\" is empty");
  }
  return splits;
}

std::vector<int64_t> SampleRows(const std::vector<int64_t>& rows, int64_t n, int64_t seed) {
  if (n >= static_cast<int64_t>(rows.size())) return rows;
  return Choose(rows, n, Rng(static_cast<uint64_t>(seed), "samples")).first;
}

std::vector<int64_t> HalfOfRows(const std::vector<int64_t>& rows, int64_t seed, bool other) {
  auto halves =
      Choose(rows, static_cast<int64_t>(rows.size() / 2), Rng(static_cast<uint64_t>(seed), "half"));
  return other ? std::move(halves.second) : std::move(halves.first);
}

Result<std::vector<SplitRule>> SplitRulesOf(const Json& data) {
  std::vector<SplitRule> rules;
  const auto splits = data.find("splits");
  if (splits == data.end() || !splits->is_array())
    return InvalidArgument("data.splits is not a list");
  for (const Json& split : *splits) {
    SplitRule rule;
    EIDA_ASSIGN_OR_RETURN(rule.name, Require<std::string>(split, "name", "data.splits"));
    rule.from = GetOr<std::string>(split, "from", "");
    if (split.contains("fraction")) rule.fraction = GetOr<double>(split, "fraction", 0);
    if (split.contains("items")) rule.items = GetOr<int64_t>(split, "items", 0);
    rule.seed = GetOr<int64_t>(split, "seed", 0);
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string ItemHash(const std::vector<int64_t>& rows) {
  std::string text;
  for (int64_t row : rows) text += (text.empty() ? "" : ",") + std::to_string(row);
  return DigestOf(text).str().substr(0, 16);
}

}  // namespace eida::inputs
