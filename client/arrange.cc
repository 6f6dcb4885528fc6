#include "client/arrange.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "common/base/text.h"

namespace eida::client {
namespace {

using Cells = std::vector<std::vector<double>>;

// The r of each member's adapter; without one infinite.
std::vector<double> RanksOf(const Matrix& matrix, const SweepData& data) {
  std::vector<double> ranks;
  for (const std::string& label : matrix.labels) {
    const v1::Run* run = data.FindRun(label);
    const Result<Json> settings =
        ParseJson(run == nullptr || run->settings().empty() ? "{}" : run->settings(), label);
    const Json adapter =
        settings.ok() && settings->is_object() ? settings->value("adapter", Json()) : Json();
    ranks.push_back(GetOr<double>(adapter, "r", std::numeric_limits<double>::infinity()));
  }
  return ranks;
}

std::vector<double> SeedsOf(const Matrix& matrix) {
  std::vector<double> seeds;
  for (const Json& seed : matrix.content.value("seeds", Json::array()))
    seeds.push_back(seed.is_number() ? seed.get<double>() : 0);
  seeds.resize(matrix.labels.size());
  return seeds;
}

Cells DistancesOf(const Matrix& matrix) {
  Cells distances = matrix.values;
  for (auto& row : distances) {
    for (double& value : row) value = matrix.metric == "cka" ? 1 - value : value;
  }
  return distances;
}

void SortBy(const std::vector<double>& keys, std::vector<size_t>& members) {
  std::stable_sort(members.begin(), members.end(),
                   [&](size_t a, size_t b) { return keys[a] < keys[b]; });
}

}  // namespace

const std::vector<std::string>& Orders() {
  static const std::vector<std::string> kOrders = {"grid", "rank", "seed", "cluster"};
  return kOrders;
}

Result<Arrangement> Arrange(const Matrix& matrix, const SweepData& data, const std::string& order) {
  Arrangement at;
  at.order = order;
  const size_t n = matrix.values.size();
  const Json detail = matrix.content.value("detail", Json::object());
  const auto rows = static_cast<size_t>(GetOr<int64_t>(detail, "rows", 0));
  if (rows >= n && rows > 0)
    return DataLoss("the matrix of " + matrix.analysis + " has " + std::to_string(n) +
                    " members and " + std::to_string(rows) + " of them as rows: no columns");
  std::vector<size_t> all(n);
  std::iota(all.begin(), all.end(), 0);
  at.square = rows == 0;
  at.rows =
      at.square ? all : std::vector<size_t>(all.begin(), all.begin() + static_cast<long>(rows));
  at.columns =
      at.square ? all : std::vector<size_t>(all.begin() + static_cast<long>(rows), all.end());
  if (order == "cluster") {
    if (!at.square)
      return InvalidArgument("--order cluster needs runs against themselves, and analysis \"" +
                             matrix.analysis + "\" is between two selections");
    at.tree = render::AverageLinkage(DistancesOf(matrix));
    at.rows = at.columns = at.tree->leaves;
  } else if (order == "rank" || order == "seed") {
    const std::vector<double> keys = order == "rank" ? RanksOf(matrix, data) : SeedsOf(matrix);
    SortBy(keys, at.rows);
    SortBy(keys, at.columns);
  } else if (order != "grid") {
    return InvalidArgument("--order is " + Join(Orders(), ", ") + ", not \"" + order + "\"");
  }
  return at;
}

Cells Arranged(const Arrangement& at, const Cells& square) {
  Cells cells;
  for (const size_t row : at.rows) {
    cells.emplace_back();
    for (const size_t column : at.columns)
      cells.back().push_back(row < square.size() && column < square[row].size()
                                 ? square[row][column]
                                 : std::numeric_limits<double>::quiet_NaN());
  }
  return cells;
}

std::vector<std::string> Arranged(const std::vector<size_t>& members,
                                  const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const size_t member : members) out.push_back(member < texts.size() ? texts[member] : "");
  return out;
}

}  // namespace eida::client
