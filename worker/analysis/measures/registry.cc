#include "common/base/text.h"
#include "worker/analysis/measures/measures.h"

namespace eida::analysis {

#define EIDA_ANALYSIS(id, reads, help) \
  Result<std::vector<Matrix>> Measure_##id(const engine::Job& job, const MatrixRequest& request);
#include "common/catalog/analyses.def"
#undef EIDA_ANALYSIS

namespace {

struct Entry {
  const char* name;
  Measure measure;
};
constexpr Entry kMeasures[] = {
#define EIDA_ANALYSIS(id, reads, help) {#id, Measure_##id},
#include "common/catalog/analyses.def"
#undef EIDA_ANALYSIS
};

}  // namespace

std::vector<std::string> MeasureNames() {
  std::vector<std::string> names;
  for (const Entry& entry : kMeasures) names.emplace_back(entry.name);
  return names;
}

Result<Measure> FindMeasure(const std::string& metric) {
  for (const Entry& entry : kMeasures) {
    if (metric == entry.name) return entry.measure;
  }
  return engine::ConfigError("unknown metric \"" + metric + "\"; this runner knows " +
                             Join(MeasureNames(), ", "));
}

}  // namespace eida::analysis
