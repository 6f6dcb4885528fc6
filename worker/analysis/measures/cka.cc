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

std::string RoleOf(int member) { return "member/" + std::to_string(member); }

// One estimator of one layer over the members that are there, `of` how many there should be.
Result<Values> PairsOf(const engine::Job& job, const std::map<int, Grams>& members, size_t of,
                       const std::string& tensor) {
  std::vector<at::Tensor> vectors;
  std::vector<int> rows;
  for (const auto& [member, grams] : members) {
    const auto it = grams.tensors.find(tensor);
    if (it == grams.tensors.end() || it->second.dim() != 1 ||
        (!vectors.empty() && it->second.size(0) != vectors.front().size(0))) {
      return engine::DataError("job " + job.name + ": " + RoleOf(member) + " has no tensor " +
                               tensor + " of the length that " + RoleOf(members.begin()->first) +
                               " has");
    }
    vectors.push_back(it->second);
    rows.push_back(member);
  }
  const Values found = AllPairsCka(vectors);
  Values values = EmptyValues(of);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows.size(); ++j) values[rows[i]][rows[j]] = found[i][j];
  }
  return values;
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
  std::map<int, Grams> members;
  for (int i = 0; i < static_cast<int>(request.members.size()); ++i) {
    if (job.missing.count(RoleOf(i)) > 0) continue;
    EIDA_ASSIGN_OR_RETURN(const std::string path, engine::Input(job, RoleOf(i)));
    Grams& grams = members[i];
    EIDA_ASSIGN_OR_RETURN(grams.tensors, engine::ReadSafetensors(path, &grams.metadata));
    const auto& [first, reference] = *members.begin();
    for (const char* key : {"eida.layers", "eida.item_hash"}) {
      if (Meta(grams, key) != Meta(reference, key)) {
        return engine::DataError("job " + job.name + ": " + RoleOf(i) + " differs from " +
                                 RoleOf(first) + " in " + (key + 5) +
                                 ": grams of other items or layers do not compare");
      }
    }
  }
  if (members.empty()) return engine::DataError("job " + job.name + ": every member is missing");
  const Grams& first = members.begin()->second;
  EIDA_ASSIGN_OR_RETURN(const Json layers,
                        ParseJson(Meta(first, "eida.layers"), "metadata eida.layers of the grams"));
  std::vector<Matrix> matrices;
  for (const auto& layer : layers.get<std::vector<std::string>>()) {
    Matrix matrix;
    matrix.layer = layer;
    for (const char* name : {"biased", "unbiased"}) {
      EIDA_ASSIGN_OR_RETURN(matrix.extra[name],
                            PairsOf(job, members, request.members.size(), layer + "." + name));
      KeepPairs(request, matrix.extra[name]);
    }
    matrix.values = matrix.extra[estimator];
    matrix.detail = {{"n", std::stoll("0" + Meta(first, "eida.n"))},
                     {"item_hash", Meta(first, "eida.item_hash")},
                     {"pool", Meta(first, "eida.pool")},
                     {"estimator", estimator}};
    matrices.push_back(std::move(matrix));
  }
  if (matrices.empty()) return engine::DataError("job " + job.name + ": the grams name no layer");
  return matrices;
}

}  // namespace eida::analysis
