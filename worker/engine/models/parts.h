// What the model files share: reading config.json, and lists of parameters and sites.
#pragma once

#include <string>
#include <vector>

#include "worker/engine/models/model.h"
#include "worker/engine/nn/functional.h"

namespace eida::engine::parts {

// A number of config.json that must be there and positive. ConfigError naming file and key.
struct Wanted {
  const char* key;
  int64_t* value;
};
Status ReadNumbers(const Json& config, const std::string& path, const std::vector<Wanted>& wanted);
// ConfigError: "<path>: <what> is not computed by this version<hint>".
Status Unsupported(const std::string& path, const std::string& what, const std::string& hint);

// The parameters and sites of a model while it is made. Names of linear maps and norms are module
// paths.
class Inventory {
 public:
  // `id` is a line of models.def.
  explicit Inventory(const std::string& id);
  void Table(const std::string& name, int64_t rows, int64_t columns);
  void Norm(const std::string& module, int64_t width);
  // A linear map with a bias, and its site if the catalog gives it a role. `spread` not 0: a
  // checkpoint may lack it, it is drawn from N(0, spread^2) and its bias is 0.
  void Linear(const std::string& module, int64_t out, int64_t in, double spread = 0);
  void Add(Parameter parameter) { parameters_.push_back(std::move(parameter)); }

  const std::vector<Parameter>& parameters() const { return parameters_; }
  const std::vector<SiteShape>& sites() const { return sites_; }
  bool Has(const std::string& parameter) const;
  // `name` or `prefix` + `name`, whichever is a parameter; "" when neither is.
  std::string Find(const std::string& name, const std::string& prefix) const;

 private:
  const catalog::Model& entry_;
  std::vector<Parameter> parameters_;
  std::vector<SiteShape> sites_;
};

// A linear map's tensors, by module path. `role` is for observers.
Site SiteOf(const Tensors& tensors, const std::string& module, const char* role,
            bool transposed = false);
NormWeights NormOf(const Tensors& tensors, const std::string& module, double eps);
// Rows of an embedding. `sparse`: a batch touches few rows, so the gradient holds only those.
at::Tensor Rows(const at::Tensor& table, const at::Tensor& ids, bool sparse = false);
// norm and dropout of an embeddings' sum (fp32).
Hidden NormAndDrop(const at::Tensor& sum, const NormWeights& norm, double p, Context& context);
// What transformers wants to know of a classifier's labels.
void DescribeClassifier(Json& config, int64_t labels, const std::string& architecture);
// The weights that are written are fp32.
void DescribeWeights(Json& config, const std::string& type, const std::string& architecture);

}  // namespace eida::engine::parts
