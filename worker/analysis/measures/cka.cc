// Linear CKA of the members' features, one matrix a layer, by both estimators.
#include "worker/analysis/cka.h"

#include <map>

#include "worker/analysis/measures/measures.h"
#include "worker/engine/study.h"

namespace eida::analysis {
namespace {

struct Grams {
  engine::Weights tensors;
  std::map<std::string, std::string> metadata;
};

std::string Meta(const Grams& grams, const char* key) {
  const auto it = grams.metadata.find(key);
  return it == grams.metadata.end() ? "" : it->second;
}

// One estimator of one layer over all members.
Result<Values> PairsOf(const engine::Job& job, const std::vector<Grams>& members,
                       const std::string& tensor) {
  std::vector<at::Tensor> vectors;
  for (size_t i = 0; i < members.size(); ++i) {
    const auto it = members[i].tensors.find(tensor);
    if (it == members[i].tensors.end() || it->second.dim() != 1 ||
        (i > 0 && it->second.size(0) != vectors.front().size(0))) {
      return engine::DataError("job " + job.name + ": member/" + std::to_string(i) +
                               " has no tensor " + tensor + " of the length that member/0 has");
    }
    vectors.push_back(it->second);
  }
  return AllPairsCka(vectors);
}

// Only the pairs that were asked for, and the diagonal; an empty list asks for all.
void KeepPairs(const MatrixRequest& request, Values& values) {
  if (request.pairs.empty()) return;
  Values kept = EmptyValues(values.size());
  for (size_t i = 0; i < values.size(); ++i) kept[i][i] = values[i][i];
  for (const auto& [i, j] : request.pairs) kept[i][j] = kept[j][i] = values[i][j];
  values = std::move(kept);
}

}  // namespace

Result<std::vector<Matrix>> Measure_cka(const engine::Job& job, const MatrixRequest& request) {
  const std::string estimator = GetOr<std::string>(request.detail, "estimator", "unbiased");
  if (estimator != "biased" && estimator != "unbiased") {
    return engine::ConfigError("job " + job.name + ": estimator \"" + estimator +
                               "\"; it is biased or unbiased");
  }
  std::vector<Grams> members(request.members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    const std::string role = "member/" + std::to_string(i);
    EIDA_ASSIGN_OR_RETURN(const std::string path, engine::Input(job, role));
    EIDA_ASSIGN_OR_RETURN(members[i].tensors, engine::ReadSafetensors(path, &members[i].metadata));
    for (const char* key : {"eida.layers", "eida.item_hash"}) {
      if (Meta(members[i], key) != Meta(members[0], key)) {
        return engine::DataError("job " + job.name + ": " + role + " differs from member/0 in " +
                                 (key + 5) + ": grams of other items or layers do not compare");
      }
    }
  }
  EIDA_ASSIGN_OR_RETURN(const Json layers, ParseJson(Meta(members[0], "eida.layers"),
                                                     "metadata eida.layers of member/0"));
  std::vector<Matrix> matrices;
  for (const auto& layer : layers.get<std::vector<std::string>>()) {
    Matrix matrix;
    matrix.layer = layer;
    for (const char* name : {"biased", "unbiased"}) {
      EIDA_ASSIGN_OR_RETURN(matrix.extra[name], PairsOf(job, members, layer + "." + name));
      KeepPairs(request, matrix.extra[name]);
    }
    matrix.values = matrix.extra[estimator];
    matrix.detail = {{"n", std::stoll("0" + Meta(members[0], "eida.n"))},
                     {"item_hash", Meta(members[0], "eida.item_hash")},
                     {"pool", Meta(members[0], "eida.pool")},
                     {"estimator", estimator}};
    matrices.push_back(std::move(matrix));
  }
  if (matrices.empty()) return engine::DataError("job " + job.name + ": the grams name no layer");
  return matrices;
}

}  // namespace eida::analysis
