#include "worker/engine/nn/fused.h"

#include <torch/torch.h>

#include <cmath>

#include "worker/engine/nn/parallel.h"

namespace eida::engine::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr int64_t kRowGrain = 32;
constexpr int64_t kElementGrain = 16384;

template <class T>
const KernelsFor<T>& KernelsOf();
template <>
const KernelsFor<float>& KernelsOf<float>() {
  return CpuKernels().f32;
}
template <>
const KernelsFor<Bf16>& KernelsOf<Bf16>() {
  return CpuKernels().bf16;
}

// From element `first` on; null where there is no tensor.
template <class T>
T* Data(const at::Tensor& x, int64_t first = 0) {
  return x.defined() ? static_cast<T*>(x.data_ptr()) + first : nullptr;
}

// Calls body with a float or a Bf16, by the tensor's type.
template <class F>
auto ByType(at::ScalarType type, F&& body) {
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "activations are fp32 or bf16");
  return type == at::kFloat ? body(float()) : body(Bf16());
}

at::Tensor Rows(const at::Tensor& x) { return x.defined() ? x.contiguous() : x; }

// The keys, as something that autograd can keep.
struct KeptKeys : torch::CustomClassHolder {
  DropoutKeys keys;
};
void Keep(AutogradContext* ctx, const DropoutKeys& keys) {
  auto kept = c10::make_intrusive<KeptKeys>();
  kept->keys = keys;
  ctx->saved_data["dropout"] = c10::IValue::make_capsule(std::move(kept));
}
DropoutKeys Kept(AutogradContext* ctx) {
  return static_cast<const KeptKeys&>(*ctx->saved_data["dropout"].toCapsule()).keys;
}

// ForRows, cut at the lanes' ends too: body(key, first, begin, end, part) for the rows [begin, end)
// of the lane that begins with row `first`.
template <class Body>
void ForLaneRows(const DropoutKeys& keys, int64_t rows, Body&& body) {
  ForRows(rows, kRowGrain, [&](int64_t b, int64_t e, int part) {
    keys.ForLanes(rows, b, e, [&](const DropoutKey& key, int64_t first, int64_t from, int64_t to) {
      body(key, first, from - first, to - first, part);
    });
  });
}

struct GeluFunction : Function<GeluFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& input) {
    const at::Tensor x = Rows(input), y = at::empty_like(x);
    ctx->save_for_backward({x});
    ByType(x.scalar_type(), [&](auto t) {
      using T = decltype(t);
      ForRows(x.numel(), kElementGrain, [&](int64_t b, int64_t e, int) {
        KernelsOf<T>().gelu(Data<T>(x) + b, Data<T>(y) + b, e - b);
      });
    });
    return y;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const at::Tensor x = ctx->get_saved_variables()[0], dy = Rows(grads[0]), dx = at::empty_like(x);
    ByType(x.scalar_type(), [&](auto t) {
      using T = decltype(t);
      ForRows(x.numel(), kElementGrain, [&](int64_t b, int64_t e, int) {
        KernelsOf<T>().gelu_backward(Data<T>(x) + b, Data<T>(dy) + b, Data<T>(dx) + b, e - b);
      });
    });
    return {dx};
  }
};

struct AddNormFunction : Function<AddNormFunction> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& input,
                               const std::optional<at::Tensor>& residual, const at::Tensor& gamma,
                               const at::Tensor& beta, double eps, const DropoutKeys& keys,
                               at::ScalarType compute, bool keep) {
    const at::Tensor x = Rows(input), r = residual ? Rows(*residual) : at::Tensor();
    const int64_t rows = x.size(0), n = x.size(1);
    const auto fp32 = x.options().dtype(at::kFloat);
    const at::Tensor y = at::empty({rows, n}, fp32);
    const at::Tensor low =
        compute == at::kFloat ? at::Tensor() : at::empty({rows, n}, x.options().dtype(compute));
    const at::Tensor normal = keep ? at::empty({rows, n}, fp32) : at::Tensor();
    const at::Tensor rstd = keep ? at::empty({rows}, fp32) : at::Tensor();
    if (x.scalar_type() == compute) {
      ByType(compute, [&](auto t) {
        using T = decltype(t);
        ForLaneRows(keys, rows, [&](const DropoutKey& key, int64_t f, int64_t b, int64_t e, int) {
          KernelsOf<T>().add_norm(Data<T>(x, f * n), Data<float>(r, f * n), Data<float>(gamma),
                                  Data<float>(beta), static_cast<float>(eps), key,
                                  Data<float>(y, f * n), Data<T>(low, f * n),
                                  Data<float>(normal, f * n), Data<float>(rstd, f), b, e, n);
        });
      });
    } else {  // the embeddings' sum is fp32 whatever the products run in
      ForLaneRows(keys, rows, [&](const DropoutKey& key, int64_t f, int64_t b, int64_t e, int) {
        KernelsOf<float>().add_norm(Data<float>(x, f * n), Data<float>(r, f * n),
                                    Data<float>(gamma), Data<float>(beta), static_cast<float>(eps),
                                    key, Data<float>(y, f * n), nullptr, Data<float>(normal, f * n),
                                    Data<float>(rstd, f), b, e, n);
      });
      low.copy_(y);
    }
    if (keep) {
      ctx->save_for_backward({normal, rstd, gamma});
      ctx->saved_data["residual"] = r.defined();
      ctx->saved_data["type"] = static_cast<int64_t>(x.scalar_type());
      ctx->set_materialize_grads(false);
      Keep(ctx, keys);
    }
    return low.defined() ? variable_list{y, low} : variable_list{y};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor normal = saved[0], rstd = saved[1], gamma = saved[2];
    const auto type = static_cast<at::ScalarType>(ctx->saved_data["type"].toInt());
    const at::Tensor dy = Rows(grads[0]);
    at::Tensor dlow = grads.size() > 1 ? Rows(grads[1]) : at::Tensor();
    if (!dy.defined() && !dlow.defined()) return variable_list(8);
    const int64_t rows = normal.size(0), n = normal.size(1);
    const DropoutKeys keys = Kept(ctx);
    const bool wants_x = ctx->needs_input_grad(0);
    // Autograd numbers only the tensors that were there.
    const bool has_residual = ctx->saved_data["residual"].toBool();
    const bool wants_residual = has_residual && ctx->needs_input_grad(1);
    const size_t gamma_at = has_residual ? 2 : 1;
    const bool wants_weights =
        ctx->needs_input_grad(gamma_at) || ctx->needs_input_grad(gamma_at + 1);
    // Without dropout and in fp32 both gradients are the same tensor.
    const bool shared = wants_x && wants_residual && keys.none() && type == at::kFloat;
    const at::Tensor dx =
        wants_x ? at::empty({rows, n}, normal.options().dtype(type)) : at::Tensor();
    const at::Tensor dresidual =
        wants_residual && !shared ? at::empty({rows, n}, normal.options()) : at::Tensor();
    const int parts = PartsFor(rows, kRowGrain);
    const at::Tensor sums =
        wants_weights ? at::zeros({parts, 2, n}, normal.options()) : at::Tensor();
    // The kernel reads the gradient of `compute` and writes dx in one type; the embeddings mix the
    // two.
    if (dlow.defined() && dlow.scalar_type() != type) dlow = dlow.to(type);
    ByType(type, [&](auto t) {
      using T = decltype(t);
      ForLaneRows(
          keys, rows, [&](const DropoutKey& key, int64_t f, int64_t b, int64_t e, int part) {
            float* own = wants_weights ? Data<float>(sums) + part * 2 * n : nullptr;
            KernelsOf<T>().add_norm_backward(
                Data<float>(dy, f * n), Data<T>(dlow, f * n), Data<float>(normal, f * n),
                Data<float>(rstd, f), Data<float>(gamma), key, Data<T>(dx, f * n),
                Data<float>(dresidual, f * n), own, own == nullptr ? nullptr : own + n, b, e, n);
          });
    });
    variable_list result(8);
    result[0] = dx;
    result[1] = shared ? dx : dresidual;
    if (wants_weights) {
      const at::Tensor total = parts == 1 ? sums[0] : sums.sum(0);
      result[2] = total[0];
      result[3] = total[1];
    }
    return result;
  }
};

struct DropoutFunction : Function<DropoutFunction> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& input,
                               const DropoutKeys& keys, at::ScalarType compute) {
    const at::Tensor x = Rows(input), y = at::empty_like(x);
    const at::Tensor low =
        compute == at::kFloat ? at::Tensor() : at::empty(x.sizes(), x.options().dtype(compute));
    const int64_t n = x.size(1);
    ForLaneRows(keys, x.size(0), [&](const DropoutKey& key, int64_t f, int64_t b, int64_t e, int) {
      CpuKernels().bf16.dropout(Data<float>(x, f * n), key, Data<float>(y, f * n),
                                Data<Bf16>(low, f * n), b, e, n);
    });
    ctx->set_materialize_grads(false);
    Keep(ctx, keys);
    return low.defined() ? variable_list{y, low} : variable_list{y};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const at::Tensor dy = Rows(grads[0]), dlow = grads.size() > 1 ? Rows(grads[1]) : at::Tensor();
    if (!dy.defined() && !dlow.defined()) return variable_list(3);
    const at::Tensor& shape = dy.defined() ? dy : dlow;
    const at::Tensor dx = at::empty(shape.sizes(), shape.options().dtype(at::kFloat));
    const DropoutKeys keys = Kept(ctx);
    const int64_t n = dx.size(1);
    ForLaneRows(keys, dx.size(0), [&](const DropoutKey& key, int64_t f, int64_t b, int64_t e, int) {
      CpuKernels().bf16.dropout_backward(Data<float>(dy, f * n), Data<Bf16>(dlow, f * n), key,
                                         Data<float>(dx, f * n), b, e, n);
    });
    return {dx, at::Tensor(), at::Tensor()};
  }
};

at::Tensor Masked(const at::Tensor& input, const DropoutKeys& keys) {
  const at::Tensor x = Rows(input), y = at::empty_like(x);
  ByType(x.scalar_type(), [&](auto t) {
    using T = decltype(t);
    const int64_t n = x.size(1);
    ForLaneRows(keys, x.size(0), [&](const DropoutKey& key, int64_t f, int64_t b, int64_t e, int) {
      KernelsOf<T>().dropout_same(Data<T>(x, f * n), key, Data<T>(y, f * n), b, e, n);
    });
  });
  return y;
}

struct DropoutSameFunction : Function<DropoutSameFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const DropoutKeys& keys) {
    Keep(ctx, keys);
    return Masked(x, keys);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {Masked(grads[0], Kept(ctx)), at::Tensor()};
  }
};

struct AttentionFunction : Function<AttentionFunction> {
  static AttentionShape Shape(const AttentionRows& rows, int64_t heads, int64_t width,
                              const DropoutKey& key, int64_t first_row) {
    const int64_t dim = width / heads;
    return {rows.q.data(), rows.k.data(), heads,
            dim,           rows.causal,   1.0f / std::sqrt(static_cast<float>(dim)),
            key,           first_row};
  }
  // body(shape, begin, end, part) for the items [begin, end) of one lane.
  template <class Body>
  static void ForItems(const AttentionRows& rows, int64_t heads, int64_t width,
                       const DropoutKeys& keys, Body&& body) {
    const int64_t items = rows.items();
    ForRows(items, 1, [&](int64_t b, int64_t e, int part) {
      keys.ForLanes(
          items, b, e, [&](const DropoutKey& key, int64_t first, int64_t from, int64_t to) {
            body(Shape(rows, heads, width, key, keys.FirstRow(rows.q, first)), from, to, part);
          });
    });
  }

  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& query,
                            const at::Tensor& key_rows, const at::Tensor& value,
                            const AttentionRows& rows, int64_t heads, const DropoutKeys& keys,
                            bool keep) {
    const at::Tensor q = Rows(query), k = Rows(key_rows), v = Rows(value);
    const int64_t items = rows.items(), longest = rows.longest();
    const at::Tensor out = at::empty_like(q);
    const at::Tensor lse =
        keep ? at::empty({q.size(0), heads}, q.options().dtype(at::kFloat)) : at::Tensor();
    const int64_t floats = CpuKernels().attention_scratch(longest, q.size(1) / heads);
    const at::Tensor scratch =
        at::empty({PartsFor(items, 1), floats}, q.options().dtype(at::kFloat));
    ByType(q.scalar_type(), [&](auto t) {
      using T = decltype(t);
      ForItems(rows, heads, q.size(1), keys,
               [&](const AttentionShape& shape, int64_t b, int64_t e, int part) {
                 KernelsOf<T>().attention(shape, Data<T>(q), Data<T>(k), Data<T>(v), Data<T>(out),
                                          Data<float>(lse), Data<float>(scratch) + part * floats, b,
                                          e);
               });
    });
    if (keep) {
      ctx->save_for_backward({q, k, v, lse});
      ctx->saved_data["q_starts"] = std::vector<int64_t>(rows.q.begin(), rows.q.end());
      ctx->saved_data["k_starts"] = std::vector<int64_t>(rows.k.begin(), rows.k.end());
      ctx->saved_data["causal"] = rows.causal;
      ctx->saved_data["heads"] = heads;
      Keep(ctx, keys);
    }
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor q = saved[0], k = saved[1], v = saved[2], lse = saved[3],
                     dout = Rows(grads[0]);
    const auto starts = [&](const char* name) {
      const std::vector<int64_t> wide = ctx->saved_data[name].toIntVector();
      return std::vector<int32_t>(wide.begin(), wide.end());
    };
    const AttentionRows rows{starts("q_starts"), starts("k_starts"),
                             ctx->saved_data["causal"].toBool()};
    const int64_t heads = ctx->saved_data["heads"].toInt();
    const DropoutKeys keys = Kept(ctx);
    const auto like = [&](size_t i, const at::Tensor& x) {
      return ctx->needs_input_grad(i) ? at::empty_like(x) : at::Tensor();
    };
    const at::Tensor dq = like(0, q), dk = like(1, k), dv = like(2, v);
    const int64_t items = rows.items();
    const int64_t floats = CpuKernels().attention_scratch(rows.longest(), q.size(1) / heads);
    const at::Tensor scratch = at::empty({PartsFor(items, 1), floats}, lse.options());
    ByType(q.scalar_type(), [&](auto t) {
      using T = decltype(t);
      ForItems(rows, heads, q.size(1), keys,
               [&](const AttentionShape& shape, int64_t b, int64_t e, int part) {
                 KernelsOf<T>().attention_backward(shape, Data<T>(q), Data<T>(k), Data<T>(v),
                                                   Data<float>(lse), Data<T>(dout), Data<T>(dq),
                                                   Data<T>(dk), Data<T>(dv),
                                                   Data<float>(scratch) + part * floats, b, e);
               });
    });
    variable_list result(7);
    result[0] = dq;
    result[1] = dk;
    result[2] = dv;
    return result;
  }
};

bool Recording(std::initializer_list<at::Tensor> inputs) {
  if (!at::GradMode::is_enabled()) return false;
  for (const at::Tensor& x : inputs) {
    if (x.defined() && x.requires_grad()) return true;
  }
  return false;
}

Hidden AsHidden(const variable_list& outputs) {
  return {outputs[0], outputs.size() > 1 ? outputs[1] : outputs[0]};
}

}  // namespace

at::Tensor Gelu(const at::Tensor& x) { return GeluFunction::apply(x); }

Hidden AddNorm(const at::Tensor& x, const at::Tensor& residual, const NormWeights& weights,
               const DropoutKeys& dropout, at::ScalarType compute) {
  const bool keep = Recording({x, residual, weights.gamma, weights.beta});
  const auto given = residual.defined() ? std::optional<at::Tensor>(residual) : std::nullopt;
  return AsHidden(AddNormFunction::apply(x, given, weights.gamma, weights.beta, weights.eps,
                                         dropout, compute, keep));
}

Hidden Dropout(const at::Tensor& x, const DropoutKeys& dropout, at::ScalarType compute) {
  return AsHidden(DropoutFunction::apply(x, dropout, compute));
}

at::Tensor DropoutSame(const at::Tensor& x, const DropoutKeys& dropout) {
  return DropoutSameFunction::apply(x, dropout);
}

at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionRows& rows, int64_t heads, const DropoutKeys& dropout) {
  return AttentionFunction::apply(q, k, v, rows, heads, dropout, Recording({q, k, v}));
}

at::Tensor CachedAttention(const at::Tensor& query, const KeyValues& kept, const CachedRows& rows,
                           int64_t heads) {
  const at::Tensor q = Rows(query), out = at::empty_like(q);
  const int64_t dim = q.size(1) / heads, floats = heads * (2 * dim + rows.longest());
  const CachedShape shape{heads,
                          dim,
                          1.0f / std::sqrt(static_cast<float>(dim)),
                          rows.first.data(),
                          rows.last.data(),
                          rows.path.data(),
                          rows.steps};
  const at::Tensor scratch =
      at::empty({PartsFor(rows.rows(), 1), floats}, q.options().dtype(at::kFloat));
  ByType(q.scalar_type(), [&](auto t) {
    using T = decltype(t);
    std::vector<const T*> keys, values;
    for (const at::Tensor& slab : kept.keys) keys.push_back(Data<T>(slab));
    for (const at::Tensor& slab : kept.values) values.push_back(Data<T>(slab));
    const CachedData<T> data{Data<T>(kept.prompt_keys), Data<T>(kept.prompt_values), keys.data(),
                             values.data()};
    ForRows(rows.rows(), 1, [&](int64_t b, int64_t e, int part) {
      KernelsOf<T>().cached_attention(shape, Data<T>(q), data, Data<T>(out),
                                      Data<float>(scratch) + part * floats, b, e);
    });
  });
  return out;
}

}  // namespace eida::engine::nn::fused
