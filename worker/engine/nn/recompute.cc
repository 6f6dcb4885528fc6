#include "worker/engine/nn/recompute.h"

#include <torch/torch.h>

namespace eida::engine::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// The part, as something that autograd can keep.
struct KeptPart : torch::CustomClassHolder {
  Part part;
  Context* context = nullptr;
  Context::Places places;
};

struct RecomputeFunction : Function<RecomputeFunction> {
  // `wants` needs a gradient, so that a part without differentiable inputs still gets its backward
  // pass: its leaves do.
  static variable_list forward(AutogradContext* ctx, const at::Tensor& wants, at::TensorList inputs,
                               const Part& part, Context* context) {
    auto kept = c10::make_intrusive<KeptPart>();
    kept->part = part;
    kept->context = context;
    kept->places = context->dropout_places();
    ctx->saved_data["part"] = c10::IValue::make_capsule(std::move(kept));
    ctx->save_for_backward(inputs.vec());
    ctx->set_materialize_grads(false);
    return part(inputs.vec());  // autograd is off in here: nothing of it is kept
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto capsule = ctx->saved_data["part"].toCapsule();
    const KeptPart& kept = static_cast<const KeptPart&>(*capsule);
    variable_list inputs;
    for (const at::Tensor& saved : ctx->get_saved_variables())
      inputs.push_back(saved.detach().set_requires_grad(saved.requires_grad()));
    variable_list outputs;
    {
      const at::AutoGradMode grad(true);
      const Context::Replay replay(*kept.context, kept.places);
      outputs = kept.part(inputs);
    }
    variable_list ends, end_grads;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!grads[i].defined() || !outputs[i].requires_grad()) continue;
      ends.push_back(outputs[i]);
      end_grads.push_back(grads[i]);
    }
    if (!ends.empty()) torch::autograd::backward(ends, end_grads);
    variable_list result = {at::Tensor()};  // of `wants`
    for (const at::Tensor& input : inputs) result.push_back(input.grad());
    result.resize(result.size() + 2);  // of what is no tensor
    return result;
  }
};

}  // namespace

std::vector<at::Tensor> Recompute(Context& context, const std::vector<at::Tensor>& inputs,
                                  const Part& part) {
  if (!context.recomputes() || !at::GradMode::is_enabled()) return part(inputs);
  const at::Tensor wants =
      at::empty({0}, inputs.front().options().dtype(at::kFloat)).set_requires_grad(true);
  return RecomputeFunction::apply(wants, at::TensorList(inputs), part, &context);
}

Hidden Recompute(Context& context, const Hidden& x,
                 const std::function<Hidden(const Hidden&)>& layer) {
  if (!context.recomputes() || !at::GradMode::is_enabled()) return layer(x);
  // In fp32 both halves are one tensor, and stay one.
  const bool one_in = x.stream.is_same(x.compute), one_out = context.compute() == at::kFloat;
  const auto outputs = Recompute(
      context,
      one_in ? std::vector<at::Tensor>{x.stream} : std::vector<at::Tensor>{x.stream, x.compute},
      [layer, one_in, one_out](const std::vector<at::Tensor>& in) {
        const Hidden y = layer({in[0], one_in ? in[0] : in[1]});
        return one_out ? std::vector<at::Tensor>{y.stream}
                       : std::vector<at::Tensor>{y.stream, y.compute};
      });
  return {outputs.front(), outputs.back()};
}

}  // namespace eida::engine::nn
