// What sweeps name: models and data files, as the plan found them.
#include <map>

#include "client/lists.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

// One content, wherever it is used.
struct Row {
  std::vector<std::string> cells;
  Json item;
  std::vector<std::string> sweeps;
};

class Rows {
 public:
  // Of equal keys the first row stays; the sweep is added to it.
  void Add(const std::string& key, const std::string& sweep, std::vector<std::string> cells,
           Json item) {
    const auto [at, fresh] = index_.emplace(key, rows_.size());
    if (fresh) rows_.push_back({std::move(cells), std::move(item), {}});
    std::vector<std::string>& sweeps = rows_[at->second].sweeps;
    if (sweeps.empty() || sweeps.back() != sweep) sweeps.push_back(sweep);
  }
  void Print(Context& c, const std::string& word, render::Table table) {
    std::vector<Json> items;
    table.columns.push_back({"sweeps"});
    for (Row& row : rows_) {
      row.cells.push_back(Join(row.sweeps, " "));
      row.item["sweeps"] = row.sweeps;
      table.rows.push_back(std::move(row.cells));
      items.push_back(std::move(row.item));
    }
    c.printer().List(word, table, items);
  }

 private:
  std::map<std::string, size_t> index_;
  std::vector<Row> rows_;
};

// Calls `take` with every sweep's resolved form.
Status ForEachSweep(Api& api, const std::string& selector,
                    const std::function<void(const std::string& id, const Json& resolved)>& take) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<v1::Sweep> sweeps,
                        FindSweeps(api, selector.empty() ? "all" : selector));
  for (const v1::Sweep& sweep : sweeps) {
    v1::ListSweepsRequest one;
    one.add_ids(sweep.id());
    one.set_with_source(true);
    EIDA_ASSIGN_OR_RETURN(const v1::ListSweepsReply whole, api.ListSweeps(one));
    if (whole.sweeps().empty()) continue;
    const std::string id = "s" + std::to_string(sweep.id());
    const Result<Json> resolved = ParseJson(whole.sweeps(0).resolved(), id);
    if (resolved.ok()) take(id, *resolved);
  }
  return OkStatus();
}

Json Part(const Json& resolved, const char* section, const char* key) {
  return resolved.value(section, Json::object()).value(key, Json());
}

std::string Short(const Json& object, const char* key) {
  return GetOr<std::string>(object, key, "-").substr(0, 12);
}

}  // namespace

Result<int> ListModels(Context& c, Api& api, const ListRequest& request) {
  Rows rows;
  EIDA_RETURN_IF_ERROR(
      ForEachSweep(api, request.selector, [&](const std::string& id, const Json& resolved) {
        const Json model = Part(resolved, "inputs", "model");
        if (!model.is_object()) return;
        const std::string path =
            GetOr<std::string>(resolved.value("model", Json::object()), "path", "-");
        Json item = model;
        item["path"] = path;
        rows.Add(model.dump(), id,
                 {path, GetOr<std::string>(model, "architecture", "-"),
                  model.value("labels", Json("-")).dump(), Short(model, "digest")},
                 std::move(item));
      }));
  rows.Print(c, "Model",
             {{{"model"}, {"architecture"}, {"labels", render::Align::kRight}, {"digest"}}, {}});
  return static_cast<int>(kOk);
}

Result<int> ListDatasets(Context& c, Api& api, const ListRequest& request) {
  Rows rows;
  EIDA_RETURN_IF_ERROR(
      ForEachSweep(api, request.selector, [&](const std::string& id, const Json& resolved) {
        const Json data = Part(resolved, "inputs", "data");
        if (!data.is_object()) return;
        const Json named = Part(resolved, "data", "splits");
        for (const Json& split : data.value("splits", Json::array())) {
          if (!split.contains("digest")) continue;  // a part of another split
          const std::string name = GetOr<std::string>(split, "name", "-");
          Json item = {{"split", name}, {"digest", split["digest"]}};
          for (const char* key : {"task", "format", "columns"}) item[key] = data.value(key, Json());
          std::string file = "-";
          for (const Json& s : named) {
            if (GetOr<std::string>(s, "name", "") == name)
              file = GetOr<std::string>(s, "file", "-");
          }
          item["file"] = file;
          rows.Add(item.dump(), id,
                   {file, name, GetOr<std::string>(data, "task", "-"),
                    GetOr<std::string>(data, "format", "-"), Short(split, "digest")},
                   item);
        }
      }));
  rows.Print(c, "Dataset", {{{"file"}, {"split"}, {"task"}, {"format"}, {"digest"}}, {}});
  return static_cast<int>(kOk);
}

}  // namespace eida::client
