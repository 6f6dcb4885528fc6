// Vectorised loops over plain memory for the work between the matrix products on the CPU. No torch
// here: the same source is compiled once per instruction set and the best that the machine has is
// taken at run time. Results are the same whatever the thread count, as long as the callers cut by
// rows.
#pragma once

#include <cstdint>

namespace eida::engine {

struct Bf16 {
  uint16_t bits;
};

// One dropout of one forward pass. Element masks are a function of the key and the place alone, so
// that the backward pass draws them again and a resumed run needs no generator state.
struct DropoutKey {
  uint32_t a = 0, b = 0;
  uint32_t threshold =
      0;  // of 65536: an element is dropped when its 16 random bits are below it; 0 = no dropout
  float scale = 1;  // of the elements that stay
};

// Attention of packed items: heads lie side by side in each row of q, k, v, out.
struct AttentionShape {
  const int32_t* q_starts;  // rows of item i in q and out: [q_starts[i], q_starts[i + 1])
  const int32_t* k_starts;  // the same in k and v
  int64_t heads, dim;       // row width = heads * dim
  bool causal;              // the last query sees every key, each one before it one key less
  float scale;
  DropoutKey dropout;
  int64_t first_row = 0;  // of q: the one that the dropout numbers 0
};

// One query a row over kept keys and values (cached.h): row r sees rows [first[r], last[r]) of the
// prompt's and row path[r, t] of each step's slab.
struct CachedShape {
  int64_t heads, dim;  // row width = heads * dim
  float scale;
  const int32_t *first, *last;
  const int32_t* path;
  int64_t steps;
};
template <class T>
struct CachedData {
  const T *prompt_keys, *prompt_values;
  const T* const* keys;  // slab by slab
  const T* const* values;
};

template <class T>
struct KernelsFor {
  void (*gelu)(const T* x, T* y, int64_t n);
  void (*gelu_backward)(const T* x, const T* dy, T* dx, int64_t n);
  // y = norm(dropout(x) + residual) * gamma + beta over rows [begin, end) of width n. Null:
  // residual, compute, normal, rstd. `compute` is y as T; `normal` [rows, n] and `rstd` [rows] are
  // what the backward pass needs.
  void (*add_norm)(const T* x, const float* residual, const float* gamma, const float* beta,
                   float eps, const DropoutKey& key, float* y, T* compute, float* normal,
                   float* rstd, int64_t begin, int64_t end, int64_t n);
  // dy (null = 0) and dcompute (null = 0) add up. dresidual and dx may be null; dgamma and dbeta
  // [n] are added to, or null.
  void (*add_norm_backward)(const float* dy, const T* dcompute, const float* normal,
                            const float* rstd, const float* gamma, const DropoutKey& key, T* dx,
                            float* dresidual, float* dgamma, float* dbeta, int64_t begin,
                            int64_t end, int64_t n);
  // y (null = none) and compute (null = none) = dropout(x).
  void (*dropout)(const float* x, const DropoutKey& key, float* y, T* compute, int64_t begin,
                  int64_t end, int64_t n);
  void (*dropout_backward)(const float* dy, const T* dcompute, const DropoutKey& key, float* dx,
                           int64_t begin, int64_t end, int64_t n);
  // Dropout of a T tensor to a T tensor, both ways (it is linear).
  void (*dropout_same)(const T* x, const DropoutKey& key, T* y, int64_t begin, int64_t end,
                       int64_t n);
  // Items [begin, end). `lse` [rows of q, heads] is null when no backward pass follows. `scratch`
  // holds scratch(longest, dim).
  void (*attention)(const AttentionShape& shape, const T* q, const T* k, const T* v, T* out,
                    float* lse, float* scratch, int64_t begin, int64_t end);
  // dq, dk, dv may each be null; rows of items [begin, end) are overwritten.
  void (*attention_backward)(const AttentionShape& shape, const T* q, const T* k, const T* v,
                             const float* lse, const T* dout, T* dq, T* dk, T* dv, float* scratch,
                             int64_t begin, int64_t end);
  // Rows [begin, end). `scratch` holds heads * (2 * dim + the most keys that a row sees).
  void (*cached_attention)(const CachedShape& shape, const T* q, const CachedData<T>& data, T* out,
                           float* scratch, int64_t begin, int64_t end);
};

struct AdamStep {
  float lr, eps, weight_decay;
  float beta2, rest1, rest2;  // rest = 1 - beta, taken in double: in float it would be off by 5e-5
  float bias1, bias2_sqrt;    // 1 - beta1^t, sqrt(1 - beta2^t)
  float grad_scale;           // the clipping coefficient
};

struct Kernels {
  const char* name;
  KernelsFor<float> f32;
  KernelsFor<Bf16> bf16;
  int64_t (*attention_scratch)(int64_t longest, int64_t dim);  // floats
  // Adam with decoupled weight decay, and with the decay added to the gradient.
  void (*adamw)(const AdamStep& step, const float* grad, float* param, float* avg, float* avg_sq,
                int64_t n);
  void (*adam)(const AdamStep& step, const float* grad, float* param, float* avg, float* avg_sq,
               int64_t n);
  double (*square_sum)(const float* x, int64_t n);
};

// The best set for this machine; EIDA_KERNELS=base|avx2|avx512 asks for another that the machine
// has.
const Kernels& CpuKernels();
const Kernels& BaseKernels();
const Kernels& Avx2Kernels();
const Kernels& Avx512Kernels();

}  // namespace eida::engine
