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

namespace {

// Of items from the log probabilities of their classes.
at::Tensor ClassLosses(const at::Tensor& logs, const at::Tensor& labels, double smoothing) {
  const at::Tensor plain = -logs.gather(1, labels.unsqueeze(1)).squeeze(1);
  return smoothing > 0 ? (1 - smoothing) * plain - smoothing * logs.mean(1) : plain;
}

// What a language model's losses are made of: a state for each token that is predicted.
struct PredictedRows {
  at::Tensor states, weight, bias;
};
PredictedRows RowsOf(const Model& model, const Tensors& tensors, const Batch& batch,
                     Context& context) {
  const at::Tensor states = model.States(tensors, batch, context);
  const Projection output = model.Output(tensors);
  return {states.index_select(0, batch.targets.rows), context.Cast(output.weight),
          output.bias.defined() ? context.Cast(output.bias).flatten() : at::Tensor()};
}

at::Tensor SumPerItem(const Batch& batch, const at::Tensor& rows) {
  return at::zeros({batch.items()}, rows.options()).index_add(0, batch.targets.item, rows);
}

}  // namespace

Losses LossesOf(const Model& model, const Tensors& tensors, const Batch& batch, Context& context,
                double smoothing) {
  Losses losses;
  if (!model.generates()) {
    losses.logits = model.Logits(tensors, batch, context);
    losses.sum = ClassLosses(at::log_softmax(losses.logits, 1), batch.labels, smoothing);
    losses.count = at::ones_like(losses.sum);
    return losses;
  }
  const PredictedRows rows = RowsOf(model, tensors, batch, context);
  const at::Tensor loss =
      nn::VocabularyLoss(rows.states, rows.weight, rows.bias, batch.targets.labels, smoothing);
  losses.sum = SumPerItem(batch, loss);
  losses.count = SumPerItem(batch, at::ones_like(loss.detach()));
  return losses;
}

Losses EvaluationLossesOf(const Model& model, const Tensors& tensors, const Batch& batch,
                          Context& context, double smoothing) {
  if (smoothing == 0) return LossesOf(model, tensors, batch, context, 0);
  Losses losses;
  if (!model.generates()) {
    losses = LossesOf(model, tensors, batch, context, 0);
    losses.smoothed = ClassLosses(at::log_softmax(losses.logits, 1), batch.labels, smoothing);
    return losses;
  }
  const PredictedRows rows = RowsOf(model, tensors, batch, context);
  const nn::TwoLosses both =
      nn::PlainAndSmoothed(rows.states, rows.weight, rows.bias, batch.targets.labels, smoothing);
  losses.sum = SumPerItem(batch, both.plain);
  losses.smoothed = SumPerItem(batch, both.smoothed);
  losses.count = SumPerItem(batch, at::ones_like(both.plain));
  return losses;
}

}  // namespace eida::engine
