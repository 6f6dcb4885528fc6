// `eidactl get pairs`: every pair of every matrix as a row that says what it rests on.
#include <cmath>

#include "client/lists.h"
#include "client/results.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

using render::Align;

// What each row repeats of its matrix.
const std::vector<std::string>& Fields() {
  static const std::vector<std::string> kFields = {"split", "n",         "alphas", "space",
                                                   "layer", "estimator", "preset"};
  return kFields;
}

std::string Text(const Json& value) {
  return value.is_null() ? "-" : value.is_string() ? value.get<std::string>() : value.dump();
}

Json Cell(const Json& content, const char* field, size_t i, size_t j) {
  const Json rows = content.value(field, Json());
  return rows.is_array() && i < rows.size() && j < rows[i].size() ? rows[i][j] : Json();
}

std::string Number(const Json& value) {
  return value.is_number() ? FormatFixed(value.get<double>(), 4) : "-";
}

class PairRows {
 public:
  void Add(const SweepData& data, const Matrix& matrix) {
    const Json detail = matrix.content.value("detail", Json::object());
    const auto rows = static_cast<size_t>(GetOr<int64_t>(detail, "rows", 0));
    const size_t n = matrix.labels.size();
    for (size_t i = 0; i < (rows > 0 ? rows : n); ++i) {
      for (size_t j = rows > 0 ? rows : i + 1; j < n; ++j) {
        Json item = {{"sweep", data.sweep.id()},
                     {"analysis", matrix.analysis},
                     {"metric", matrix.metric},
                     {"a", matrix.labels[i]},
                     {"b", matrix.labels[j]},
                     {"value", Cell(matrix.content, "values", i, j)},
                     {"ci_low", Cell(matrix.content, "ci_low", i, j)},
                     {"ci_high", Cell(matrix.content, "ci_high", i, j)}};
        for (const std::string& field : Fields()) item[field] = detail.value(field, Json());
        item["missing"] = Reason(matrix, i, j);
        // A pair that nobody asked for is no row.
        if (item["value"].is_null() && item["missing"].is_null()) continue;
        AddRow(data, item);
      }
    }
  }
  render::Table table{{{"sweep"},
                       {"analysis"},
                       {"a"},
                       {"b"},
                       {"value", Align::kRight},
                       {"low", Align::kRight},
                       {"high", Align::kRight},
                       {"split"},
                       {"n", Align::kRight},
                       {"K", Align::kRight},
                       {"space"},
                       {"layer"},
                       {"estimator"},
                       {"preset"},
                       {"missing"}},
                      {}};
  std::vector<Json> items;

 private:
  static Json Reason(const Matrix& matrix, size_t i, size_t j) {
    for (const Json& pair : matrix.content.value("missing", Json::array())) {
      if (pair.value("i", n_) == i && pair.value("j", n_) == j) return pair.value("reason", Json());
    }
    return nullptr;
  }
  void AddRow(const SweepData& data, Json item) {
    std::vector<std::string> row = {data.Id(),
                                    Text(item["analysis"]),
                                    Text(item["a"]),
                                    Text(item["b"]),
                                    Number(item["value"]),
                                    Number(item["ci_low"]),
                                    Number(item["ci_high"])};
    for (const std::string& field : Fields()) row.push_back(Text(item[field]));
    row.push_back(Text(item["missing"]));
    table.rows.push_back(std::move(row));
    items.push_back(std::move(item));
  }
  static constexpr size_t n_ = static_cast<size_t>(-1);
};

}  // namespace

Result<int> ListPairs(Context& c, Api& api, const ListRequest& request) {
  EIDA_ASSIGN_OR_RETURN(const Scope scope,
                        Scope::Find(api, request.selector, request.select, true));
  PairRows rows;
  for (const SweepData& data : scope.sweeps()) {
    for (const v1::Job& job : data.jobs) {
      if (job.kind() != v1::JOB_KIND_MATRIX || !scope.Has(data, job)) continue;
      for (const v1::Artifact& artifact : job.artifacts()) {
        if (artifact.kind() != "matrix") continue;
        const std::string layer = artifact.name() == "matrix" ? "" : artifact.name().substr(7);
        EIDA_ASSIGN_OR_RETURN(const Matrix matrix,
                              LoadMatrix(api, data, job.name().substr(7), "", layer));
        rows.Add(data, matrix);
      }
    }
  }
  c.printer().List("Pair", rows.table, rows.items);
  return static_cast<int>(kOk);
}

}  // namespace eida::client
