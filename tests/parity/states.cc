// What jobs do not write: token ids, and the output of layers at every token, of one split.
//
//   eida_states JOB.json OUT.safetensors
//
// The first job of JOB.json is of kind evaluate; its spec may name "layers" (as for gram). OUT has
// item, label, starts (item i has tokens [starts[i], starts[i + 1])), ids, types, special, and
// hidden.<layer> [tokens, hidden], all in item order.
#include <torch/torch.h>

#include <cstdio>

#include "common/base/fs.h"
#include "common/base/log_text.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/models/base.h"
#include "worker/engine/nn/context.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/train/evaluate.h"
#include "worker/runner/job_file.h"
#include "worker/runner/settings.h"

namespace eida {
namespace {

using engine::Weights;

Status AddHidden(const engine::Job& job, const engine::Base& base, const engine::Examples& examples,
                 const std::vector<std::string>& layers, Weights& out) {
  EIDA_ASSIGN_OR_RETURN(const engine::Numerics numerics,
                        engine::ReadNumerics(job.spec.value("numerics", Json::object()), job.name));
  EIDA_ASSIGN_OR_RETURN(const std::string path, engine::Input(job, "weights"));
  EIDA_ASSIGN_OR_RETURN(const Weights member, engine::ReadMember(base, path));
  const at::NoGradGuard no_grad;
  engine::Context context(numerics.compute);
  const engine::Tensors tensors{&member, &base.weights};
  for (const auto& which : engine::EvalBatches(examples, numerics)) {
    const engine::Batch batch = engine::MakeBatch(examples, which, base.device);
    context.Probe(layers, [&](const std::string& layer, const at::Tensor& output) {
      at::Tensor& all = out["hidden." + layer];
      if (!all.defined())
        all = at::empty({examples.tokens.starts.back(), output.size(1)}, at::kFloat);
      for (size_t i = 0; i < which.size(); ++i) {
        const int64_t length = examples.length(which[i]);
        all.narrow(0, examples.tokens.starts[which[i]], length)
            .copy_(output.narrow(0, batch.starts[i], length));
      }
    });
    engine::Pass(*base.model, tensors, batch, context);
  }
  return OkStatus();
}

Status Write(const std::string& job_path, const std::string& out_path) {
  EIDA_ASSIGN_OR_RETURN(const std::string text, ReadFile(job_path));
  EIDA_ASSIGN_OR_RETURN(const runner::JobFile file,
                        runner::ParseJobFile(text, job_path, DirName(out_path)));
  runner::SetThreads(file.threads);
  const engine::Job& job = file.jobs.at(0).job;
  EIDA_ASSIGN_OR_RETURN(const auto base, engine::LoadBase(job));
  const auto split = GetOr<std::string>(job.spec, "split", "train");
  EIDA_ASSIGN_OR_RETURN(const auto examples,
                        engine::LoadExamples(job, *base, {split, std::nullopt, 0}));
  const auto i64 = [](const auto& values) {
    return torch::tensor(std::vector<int64_t>(values.begin(), values.end()), at::kLong);
  };
  const engine::TokenSpans& tokens = examples->tokens;
  Weights out = {{"item", i64(examples->items)}, {"label", i64(examples->labels)},
                 {"starts", i64(tokens.starts)}, {"ids", i64(tokens.ids)},
                 {"types", i64(tokens.types)},   {"special", i64(tokens.special)}};
  const auto layers = GetOr<std::vector<std::string>>(job.spec, "layers", {});
  if (!layers.empty()) EIDA_RETURN_IF_ERROR(AddHidden(job, *base, *examples, layers, out));
  return engine::WriteSafetensors(out, {{"format", "pt"}}, out_path);
}

}  // namespace
}  // namespace eida

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: eida_states JOB.json OUT.safetensors\n");
    return 2;
  }
  eida::InitTextLog("states", "warn");
  const eida::Status status = eida::Write(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "eida_states: error: %s\n", eida::Message(status).c_str());
  return status.ok() ? 0 : 1;
}
