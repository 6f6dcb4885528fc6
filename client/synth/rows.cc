#include "client/synth/rows.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"

namespace eida::synth {

int64_t RowsOf(const Part& part, const Request& request) {
  return part.training ? request.rows : std::max<int64_t>(20, request.rows / 10);
}

Result<std::vector<std::vector<Row>>> DrawRows(const std::vector<Part>& parts,
                                               const Request& request,
                                               const std::function<Row(int64_t)>& draw) {
  constexpr int kTries = 200;  // in a row that were all there before
  std::set<std::string> seen;
  std::vector<std::vector<Row>> all;
  for (const Part& part : parts) {
    std::vector<Row>& rows = all.emplace_back();
    const int64_t wanted = RowsOf(part, request);
    for (int failures = 0; static_cast<int64_t>(rows.size()) < wanted;) {
      Row row = draw(static_cast<int64_t>(rows.size()));
      if (seen.insert(row.key).second) {
        rows.push_back(std::move(row));
        failures = 0;
      } else if (++failures == kTries) {
        return InvalidArgument("after " + std::to_string(seen.size()) +
                               " different rows no new ones come, and " + part.name + " wants " +
                               std::to_string(wanted) + ": ask for fewer with --rows");
      }
    }
    Rng(request.seed, "order/" + part.name).Shuffle(rows);
  }
  return all;
}

std::vector<Split> TsvSplits(const std::vector<Part>& parts, const std::string& header,
                             const std::vector<std::vector<Row>>& rows) {
  std::vector<Split> splits;
  for (size_t i = 0; i < parts.size(); ++i) {
    Split split{parts[i].name, parts[i].file, static_cast<int64_t>(rows[i].size()), header + "\n"};
    for (const Row& row : rows[i]) split.content += Join(row.cells, "\t") + "\n";
    splits.push_back(std::move(split));
  }
  return splits;
}

}  // namespace eida::synth
