#include <torch/torch.h>

#include "worker/engine/train/run.h"

namespace eida::engine {
namespace {

// Forward and backward over micro-batch i: its gradients are added to the run's.
Status PassOf(Run& run, int64_t i) {
  const Batch batch = MakeBatch(run.examples(), run.items(i), run.base().device);
  Context context = run.PassContext(i);  // the backward pass may ask it once more
  const Tensors tensors{&run.over_base(), &run.base().weights};
  const at::Tensor losses =
      LossesOf(run.model(), tensors, batch, context, run.settings().label_smoothing).sum;
  EIDA_RETURN_IF_ERROR(run.Take(i, losses.sum().item<double>(), batch.tokens()));
  torch::autograd::backward({losses}, {run.Slope(i).expand(losses.sizes())});
  return OkStatus();
}

Result<JobResult> ToTheEnd(Run& run) {
  EIDA_RETURN_IF_ERROR(run.Start());
  while (!run.over()) {
    EIDA_RETURN_IF_ERROR(run.Begin());
    for (int64_t i = 0; i < run.micro_batches(); ++i) EIDA_RETURN_IF_ERROR(PassOf(run, i));
    EIDA_RETURN_IF_ERROR(run.End());
  }
  return run.Finish();
}

}  // namespace

Result<JobResult> RunTrain(const Job& job, Events& events) {
  EIDA_ASSIGN_OR_RETURN(const std::unique_ptr<Run> run, Run::Make(job, events));
  auto result = ToTheEnd(*run);
  if (!result.ok() && ErrorClassOf(result.status()) != "preempted")
    return Annotate(result.status(), "job " + job.name);
  return result;
}

}  // namespace eida::engine
