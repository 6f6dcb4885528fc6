#include "worker/engine/models/parts.h"

#include <torch/torch.h>

#include <algorithm>

#include "common/catalog/catalog.h"
#include "worker/engine/job.h"

namespace eida::engine::parts {

Status ReadNumbers(const Json& config, const std::string& path, const std::vector<Wanted>& wanted) {
  for (const Wanted& number : wanted) {
    const auto value = Require<int64_t>(config, number.key, path);
    if (!value.ok()) return ConfigError(Message(value.status()));
    if (*value <= 0)
      return ConfigError(path + ": " + number.key + " is " + std::to_string(*value) +
                         ", it must be positive");
    *number.value = *value;
  }
  return OkStatus();
}

Status Unsupported(const std::string& path, const std::string& what, const std::string& hint) {
  return ConfigError(path + ": " + what + " is not computed by this version" + hint);
}

Inventory::Inventory(const std::string& id) : entry_(*catalog::Find(catalog::Models(), id)) {}

void Inventory::Table(const std::string& name, int64_t rows, int64_t columns) {
  parameters_.push_back({name + ".weight", {rows, columns}});
}

void Inventory::Norm(const std::string& module, int64_t width) {
  parameters_.push_back({module + ".weight", {width}});
  parameters_.push_back({module + ".bias", {width}});
}

void Inventory::Linear(const std::string& module, int64_t out, int64_t in, double spread) {
  // Whether it is stored the other way round is the catalog's knowledge.
  std::vector<SiteShape> sites = catalog::SitesOf(entry_, module, out, in);
  const bool transposed = !sites.empty() && sites.front().transposed;
  if (transposed) sites = catalog::SitesOf(entry_, module, in, out);
  const std::vector<int64_t> shape =
      transposed ? std::vector<int64_t>{in, out} : std::vector<int64_t>{out, in};
  using Init = Parameter::Init;
  parameters_.push_back(
      {module + ".weight", shape, spread > 0 ? Init::kNormal : Init::kNone, spread});
  parameters_.push_back({module + ".bias", {out}, spread > 0 ? Init::kZeros : Init::kNone});
  for (SiteShape& site : sites) sites_.push_back(std::move(site));
}

bool Inventory::Has(const std::string& parameter) const {
  return std::any_of(parameters_.begin(), parameters_.end(),
                     [&](const Parameter& p) { return p.name == parameter; });
}

std::string Inventory::Find(const std::string& name, const std::string& prefix) const {
  if (Has(name)) return name;
  return Has(prefix + name) ? prefix + name : "";
}

Site SiteOf(const Tensors& tensors, const std::string& module, const char* role, bool transposed) {
  return {module, role, tensors.Get(module + ".weight"), tensors.Find(module + ".bias"),
          transposed};
}

NormWeights NormOf(const Tensors& tensors, const std::string& module, double eps) {
  return {tensors.Get(module + ".weight"), tensors.Get(module + ".bias"), eps};
}

at::Tensor Rows(const at::Tensor& table, const at::Tensor& ids, bool sparse) {
  return at::embedding(table, ids, -1, false, sparse && table.is_cpu());
}

Hidden NormAndDrop(const at::Tensor& sum, const NormWeights& norm, double p, Context& context) {
  const DropoutKeys dropout = context.NextDropout(p);
  const at::ScalarType inner = dropout.none() ? context.compute() : at::kFloat;
  const Hidden x = nn::AddNorm(sum, {}, norm, {}, inner);
  return dropout.none() ? x : nn::Dropout(x.stream, dropout, context.compute());
}

void DescribeWeights(Json& config, const std::string& type, const std::string& architecture) {
  config["architectures"] = {architecture};
  config["model_type"] = type;
  for (const char* key : {"torch_dtype", "dtype"}) {
    if (config.contains(key)) config[key] = "float32";
  }
}

void DescribeClassifier(Json& config, int64_t labels, const std::string& architecture) {
  DescribeWeights(config, config.value("model_type", ""), architecture);
  config["problem_type"] = "single_label_classification";
  config["num_labels"] = labels;
  Json id2label = Json::object(), label2id = Json::object();
  for (int64_t i = 0; i < labels; ++i) {
    const std::string label = "LABEL_" + std::to_string(i);
    id2label[std::to_string(i)] = label;
    label2id[label] = i;
  }
  config["id2label"] = id2label;
  config["label2id"] = label2id;
}

}  // namespace eida::engine::parts
