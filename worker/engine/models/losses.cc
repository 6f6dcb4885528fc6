#include <torch/torch.h>

#include "worker/engine/models/model.h"
#include "worker/engine/nn/vocabulary.h"

namespace eida::engine {

void Pass(const Model& model, const Tensors& tensors, const Batch& batch, Context& context) {
  if (model.generates())
    model.States(tensors, batch, context);
  else
    model.Logits(tensors, batch, context);
}

Losses LossesOf(const Model& model, const Tensors& tensors, const Batch& batch, Context& context,
                double smoothing) {
  Losses losses;
  if (!model.generates()) {
    losses.logits = model.Logits(tensors, batch, context);
    const at::Tensor logs = at::log_softmax(losses.logits, 1);
    losses.sum = -logs.gather(1, batch.labels.unsqueeze(1)).squeeze(1);
    if (smoothing > 0) losses.sum = (1 - smoothing) * losses.sum - smoothing * logs.mean(1);
    losses.count = at::ones_like(losses.sum);
    return losses;
  }
  const at::Tensor states = model.States(tensors, batch, context);
  const Projection output = model.Output(tensors);
  const Targets& targets = batch.targets;
  const at::Tensor rows =
      nn::VocabularyLoss(states.index_select(0, targets.rows), context.Cast(output.weight),
                         output.bias.defined() ? context.Cast(output.bias).flatten() : at::Tensor(),
                         targets.labels, smoothing);
  const at::Tensor none = at::zeros({batch.items()}, rows.options());
  losses.sum = none.index_add(0, targets.item, rows);
  losses.count = none.index_add(0, targets.item, at::ones_like(rows.detach()));
  return losses;
}

}  // namespace eida::engine
