// The one source of the kernels; included by kernels_<isa>.cc, each compiled with its own
// instruction set. Everything is inside a namespace of its own, so that no function of a higher set
// can be linked into another.
#include <cstdint>

#include "worker/engine/nn/kernels.h"

namespace eida::engine::EIDA_KERNEL_SPACE {
namespace {

#define EIDA_INLINE static inline __attribute__((always_inline))

EIDA_INLINE float Load(const float* p) { return *p; }
EIDA_INLINE float Load(const Bf16* p) {
  const uint32_t bits = static_cast<uint32_t>(p->bits) << 16;
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}
EIDA_INLINE void Store(float* p, float value) { *p = value; }
// Round to nearest even.
EIDA_INLINE void Store(Bf16* p, float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, 4);
  p->bits = static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// e^x to about 2 ulp: 2^k * e^r with |r| <= ln2 / 2.
EIDA_INLINE float Exp(float x) {
  x = x < -87.3f ? -87.3f : x;
  x = x > 88.0f ? 88.0f : x;
  const float shifted = x * 1.44269504088896341f + 12582912.0f;
  const float k = shifted - 12582912.0f;
  float r = x - k * 0.693359375f;
  r = r + k * 2.12194440e-4f;
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  int32_t bits;
  __builtin_memcpy(&bits, &shifted, 4);
  bits = (bits << 23) + 0x3f800000;  // the low bits of `shifted` are k
  float power;
  __builtin_memcpy(&power, &bits, 4);
  return p * power;
}

EIDA_INLINE uint32_t Hash(uint32_t x, uint32_t a, uint32_t b) {
  x ^= a;
  x ^= x >> 16;
  x *= 0x85ebca6bU;
  x += b;
  x ^= x >> 13;
  x *= 0xc2b2ae35U;
  x ^= x >> 16;
  return x;
}

// Multipliers (0 or scale) of 32 elements, from 16 random words of 2 x 16 bits.
EIDA_INLINE void Mask32(uint32_t block, const DropoutKey& key, float* mask) {
  for (uint32_t l = 0; l < 16; ++l) {
    const uint32_t word = Hash(block * 16 + l, key.a, key.b);
    mask[l] = (word & 0xffff) >= key.threshold ? key.scale : 0.0f;
    mask[l + 16] = (word >> 16) >= key.threshold ? key.scale : 0.0f;
  }
}

EIDA_INLINE uint32_t BlocksOf(int64_t n) { return static_cast<uint32_t>((n + 31) / 32); }

// out[j] = mask(row, j) of one row of width n; whole blocks, so `out` needs n rounded up to 32.
EIDA_INLINE void MaskRow(uint32_t row, int64_t n, const DropoutKey& key, float* out) {
  const uint32_t blocks = BlocksOf(n);
  for (uint32_t i = 0; i < blocks; ++i) Mask32(row * blocks + i, key, out + i * 32);
}

// ---- element-wise -------------------------------------------------------------------------------

// Normal distribution: returns e^(-x^2/2); `cdf` by Abramowitz and Stegun 7.1.26 (1.5e-7), whose
// exponential is the same.
EIDA_INLINE float Normal(float x, float* cdf) {
  const float e = Exp(-0.5f * x * x);
  const float z = __builtin_fabsf(x) * 0.70710678118654752f;
  const float t = 1.0f / (1.0f + 0.3275911f * z);
  const float tail =
      0.5f * e * t *
      (0.254829592f +
       t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
  *cdf = x >= 0 ? 1.0f - tail : tail;
  return e;
}

template <class T>
void Gelu(const T* x, T* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float v = Load(x + i);
    float cdf;
    Normal(v, &cdf);
    Store(y + i, v * cdf);
  }
}

template <class T>
void GeluBackward(const T* x, const T* dy, T* dx, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float v = Load(x + i);
    float cdf;
    const float e = Normal(v, &cdf);
    Store(dx + i, Load(dy + i) * (cdf + v * e * 0.39894228040143268f));
  }
}

template <class T>
void Dropout(const float* x, const DropoutKey& key, float* y, T* compute, int64_t begin,
             int64_t end, int64_t n) {
  float mask[32];
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t j = 0; j < n; j += 32) {
      Mask32(static_cast<uint32_t>(row) * BlocksOf(n) + static_cast<uint32_t>(j / 32), key, mask);
      const int64_t width = n - j < 32 ? n - j : 32;
      const int64_t at = row * n + j;
      for (int64_t l = 0; l < width; ++l) {
        const float v = x[at + l] * mask[l];
        if (y != nullptr) y[at + l] = v;
        if (compute != nullptr) Store(compute + at + l, v);
      }
    }
  }
}

template <class T>
void DropoutBackward(const float* dy, const T* dcompute, const DropoutKey& key, float* dx,
                     int64_t begin, int64_t end, int64_t n) {
  float mask[32];
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t j = 0; j < n; j += 32) {
      Mask32(static_cast<uint32_t>(row) * BlocksOf(n) + static_cast<uint32_t>(j / 32), key, mask);
      const int64_t width = n - j < 32 ? n - j : 32;
      const int64_t at = row * n + j;
      for (int64_t l = 0; l < width; ++l) {
        float v = dy != nullptr ? dy[at + l] : 0.0f;
        if (dcompute != nullptr) v += Load(dcompute + at + l);
        dx[at + l] = v * mask[l];
      }
    }
  }
}

template <class T>
void DropoutSame(const T* x, const DropoutKey& key, T* y, int64_t begin, int64_t end, int64_t n) {
  float mask[32];
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t j = 0; j < n; j += 32) {
      Mask32(static_cast<uint32_t>(row) * BlocksOf(n) + static_cast<uint32_t>(j / 32), key, mask);
      const int64_t width = n - j < 32 ? n - j : 32;
      const int64_t at = row * n + j;
      for (int64_t l = 0; l < width; ++l) Store(y + at + l, Load(x + at + l) * mask[l]);
    }
  }
}

// ---- residual add and LayerNorm -----------------------------------------------------------------

template <class T>
void AddNorm(const T* x, const float* residual, const float* gamma, const float* beta, float eps,
             const DropoutKey& key, float* y, T* compute, float* normal, float* rstd, int64_t begin,
             int64_t end, int64_t n) {
  float mask[32];
  const float inverse = 1.0f / static_cast<float>(n);
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * n;
    float* h = y + at;
    if (key.threshold == 0) {
      for (int64_t j = 0; j < n; ++j) h[j] = Load(x + at + j);
    } else {
      for (int64_t j = 0; j < n; j += 32) {
        Mask32(static_cast<uint32_t>(row) * BlocksOf(n) + static_cast<uint32_t>(j / 32), key, mask);
        const int64_t width = n - j < 32 ? n - j : 32;
        for (int64_t l = 0; l < width; ++l) h[j + l] = Load(x + at + j + l) * mask[l];
      }
    }
    float sum = 0;
    if (residual != nullptr) {
      const float* r = residual + at;
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < n; ++j) {
        h[j] += r[j];
        sum += h[j];
      }
    } else {
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < n; ++j) sum += h[j];
    }
    const float mean = sum * inverse;
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t j = 0; j < n; ++j) squares += (h[j] - mean) * (h[j] - mean);
    const float scale = 1.0f / __builtin_sqrtf(squares * inverse + eps);
    if (normal != nullptr) {
      for (int64_t j = 0; j < n; ++j) normal[at + j] = (h[j] - mean) * scale;
      rstd[row] = scale;
    }
    for (int64_t j = 0; j < n; ++j) h[j] = (h[j] - mean) * scale * gamma[j] + beta[j];
    if (compute != nullptr) {
      for (int64_t j = 0; j < n; ++j) Store(compute + at + j, h[j]);
    }
  }
}

template <class T>
void AddNormBackward(const float* dy, const T* dcompute, const float* normal, const float* rstd,
                     const float* gamma, const DropoutKey& key, T* dx, float* dresidual,
                     float* dgamma, float* dbeta, int64_t begin, int64_t end, int64_t n) {
  constexpr int64_t kTile = 256;
  float mask[32], tile[kTile];
  const float inverse = 1.0f / static_cast<float>(n);
  const auto gradient = [&](int64_t at, int64_t width) __attribute__((always_inline)) {
    if (dy != nullptr && dcompute != nullptr) {
      for (int64_t l = 0; l < width; ++l) tile[l] = dy[at + l] + Load(dcompute + at + l);
    } else if (dy != nullptr) {
      for (int64_t l = 0; l < width; ++l) tile[l] = dy[at + l];
    } else {
      for (int64_t l = 0; l < width; ++l) tile[l] = Load(dcompute + at + l);
    }
  };
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * n;
    float sum = 0, dot = 0;
    for (int64_t j = 0; j < n; j += kTile) {
      const int64_t width = n - j < kTile ? n - j : kTile;
      gradient(at + j, width);
      const float* u = normal + at + j;
      if (dgamma != nullptr) {
        for (int64_t l = 0; l < width; ++l) {
          dgamma[j + l] += tile[l] * u[l];
          dbeta[j + l] += tile[l];
        }
      }
#pragma omp simd reduction(+ : sum, dot)
      for (int64_t l = 0; l < width; ++l) {
        const float d = tile[l] * gamma[j + l];
        sum += d;
        dot += d * u[l];
      }
    }
    if (dx == nullptr && dresidual == nullptr) continue;
    const float mean = sum * inverse, slope = dot * inverse, scale = rstd[row];
    for (int64_t j = 0; j < n; j += kTile) {
      const int64_t width = n - j < kTile ? n - j : kTile;
      gradient(at + j, width);
      const float* u = normal + at + j;
      for (int64_t l = 0; l < width; ++l)
        tile[l] = scale * (tile[l] * gamma[j + l] - mean - u[l] * slope);
      if (dresidual != nullptr) {
        for (int64_t l = 0; l < width; ++l) dresidual[at + j + l] = tile[l];
      }
      if (dx == nullptr) continue;
      if (key.threshold == 0) {
        for (int64_t l = 0; l < width; ++l) Store(dx + at + j + l, tile[l]);
        continue;
      }
      for (int64_t i = 0; i < width; i += 32) {
        Mask32(static_cast<uint32_t>(row) * BlocksOf(n) + static_cast<uint32_t>((j + i) / 32), key,
               mask);
        const int64_t block = width - i < 32 ? width - i : 32;
        for (int64_t l = 0; l < block; ++l) Store(dx + at + j + i + l, tile[i + l] * mask[l]);
      }
    }
  }
}

// ---- optimizer ----------------------------------------------------------------------------------

// kDecoupled: AdamW. Else the decay is part of the gradient.
template <bool kDecoupled>
void Adam(const AdamStep& s, const float* grad, float* param, float* avg, float* avg_sq,
          int64_t n) {
  const float decay = kDecoupled ? 1.0f - s.lr * s.weight_decay : 1.0f, step = s.lr / s.bias1;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    float g = grad[i] * s.grad_scale;
    if (!kDecoupled) g = g + param[i] * s.weight_decay;
    const float m = avg[i] + (g - avg[i]) * s.rest1;
    const float v = avg_sq[i] * s.beta2 + g * g * s.rest2;
    avg[i] = m;
    avg_sq[i] = v;
    param[i] = param[i] * decay - step * m / (__builtin_sqrtf(v) / s.bias2_sqrt + s.eps);
  }
}

double SquareSum(const float* x, int64_t n) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += 4096) {
    const int64_t end = n - begin < 4096 ? n : begin + 4096;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = begin; i < end; ++i) sum += x[i] * x[i];
    total += static_cast<double>(sum);
  }
  return total;
}

}  // namespace
}  // namespace eida::engine::EIDA_KERNEL_SPACE

#include "worker/engine/nn/kernels_attention.h"
#include "worker/engine/nn/kernels_cached.h"

namespace eida::engine::EIDA_KERNEL_SPACE {
namespace {

template <class T>
KernelsFor<T> MakeFor() {
  return {Gelu<T>,
          GeluBackward<T>,
          AddNorm<T>,
          AddNormBackward<T>,
          Dropout<T>,
          DropoutBackward<T>,
          DropoutSame<T>,
          Attention<T>,
          AttentionBackward<T>,
          CachedAttention<T>};
}

Kernels MakeKernels(const char* name) {
  return {name,       MakeFor<float>(), MakeFor<Bf16>(), AttentionScratch,
          Adam<true>, Adam<false>,      SquareSum};
}

}  // namespace
}  // namespace eida::engine::EIDA_KERNEL_SPACE
