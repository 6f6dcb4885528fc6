#include "common/plan/preview.h"

namespace eida::plan {

Result<Preview> MakePreview(const Plan& plan, const spec::SweepSpec& spec,
                            const PlanInputs& inputs) {
  Preview preview;
  preview.runs = static_cast<int64_t>(plan.runs.size());
  for (const spec::VariantSpec& variant : spec.variants) {
    VariantPreview v{variant.name, static_cast<int64_t>(spec.seeds.size()), {}};
    EIDA_ASSIGN_OR_RETURN(const Json adapter, ResolvedAdapter(variant.adapter, inputs));
    EIDA_ASSIGN_OR_RETURN(v.parameters, CountParameters(inputs.model, adapter, spec.model.labels));
    preview.disk_bytes += v.runs * v.parameters.trainable() * 4;
    preview.variants.push_back(std::move(v));
  }
  for (const JobRecord& job : plan.jobs) ++preview.jobs_by_kind[ToString(job.spec.kind)];
  for (const JobRecord& job : plan.jobs) {
    if (job.spec.kind == JobKind::kSoup) preview.disk_bytes += inputs.model.parameters * 4;
    if (job.spec.kind == JobKind::kGram) preview.disk_bytes += 1 << 20;
  }
  return preview;
}

}  // namespace eida::plan
