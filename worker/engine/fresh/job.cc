// The job kind `new_model`, which `eidactl new model` gives a runner: docs/formats.md section 3.
#include "worker/engine/fresh/fresh.h"
#include "worker/engine/fresh/texts.h"
#include "worker/engine/study.h"

namespace eida::engine {

Result<JobResult> RunNewModel(const Job& job, Events& events) {
  const auto family = GetOr<std::string>(job.spec, "family", "");
  const Json asked = job.spec.value("sizes", Json::object());
  FreshSizes sizes;
  const std::pair<const char*, int64_t*> numbers[] = {{"vocabulary", &sizes.vocabulary},
                                                      {"layers", &sizes.layers},
                                                      {"hidden", &sizes.hidden},
                                                      {"heads", &sizes.heads},
                                                      {"intermediate", &sizes.intermediate},
                                                      {"positions", &sizes.positions},
                                                      {"labels", &sizes.labels}};
  for (const auto& [name, value] : numbers) *value = GetOr<int64_t>(asked, name, *value);
  std::vector<std::string> texts;
  for (const auto& [role, path] : job.inputs) {  // in the order of their roles
    EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> more, ReadTexts(path, path));
    texts.insert(texts.end(), more.begin(), more.end());
  }
  if (texts.empty()) return DataError("job " + job.name + ": no text to learn a tokenizer from");
  EIDA_ASSIGN_OR_RETURN(const FreshModel model,
                        MakeFreshModel(family, sizes, GetOr<uint64_t>(job.spec, "seed", 0), texts));
  EIDA_RETURN_IF_ERROR(WriteFreshModel(model, job.out));
  int64_t parameters = 0;
  for (const auto& [name, tensor] : model.weights) parameters += tensor.numel();
  JobResult result;
  result.summary = {{"family", family},
                    {"parameters", parameters},
                    {"vocabulary", model.config.at("vocab_size")},
                    {"texts", texts.size()}};
  return result;
}

}  // namespace eida::engine
