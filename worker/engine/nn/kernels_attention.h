// Attention of packed items; part of kernels_body.h. Each (item, head) is copied into small float
// tiles, so that the products run on whole vectors whatever the length: widths are rounded up to
// kLanes and padded with zeros.

namespace eida::engine::EIDA_KERNEL_SPACE {
namespace {

constexpr int64_t kLanes = 16;  // of the tiles' layout, the same for every instruction set
// The widest vector that the instruction set has in a register: a wider one would live in memory.
#if defined(__AVX512F__)
constexpr int64_t kVector = 16;
#elif defined(__AVX2__)
constexpr int64_t kVector = 8;
#else
constexpr int64_t kVector = 4;
#endif
typedef float Vector __attribute__((vector_size(4 * kVector), aligned(4), may_alias));

EIDA_INLINE int64_t RoundUp(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// Row blocks of kRows x two vectors of c = a b (a[i, k] at i * row + k * column).
template <int kRows, int kVectors>
EIDA_INLINE void Tile(const float* a, int64_t row, int64_t column, const float* b, int64_t ldb,
                      float* c, int64_t ldc, int64_t depth) {
  Vector sum[kRows][kVectors] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Vector right[kVectors];
    for (int v = 0; v < kVectors; ++v)
      right[v] = *reinterpret_cast<const Vector*>(b + k * ldb + v * kVector);
    for (int i = 0; i < kRows; ++i) {
      const float left = a[i * row + k * column];
      for (int v = 0; v < kVectors; ++v) sum[i][v] += left * right[v];
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v)
      *reinterpret_cast<Vector*>(c + i * ldc + v * kVector) = sum[i][v];
  }
}

template <int kRows>
EIDA_INLINE void Rows(const float* a, int64_t row, int64_t column, const float* b, int64_t ldb,
                      float* c, int64_t ldc, int64_t n, int64_t depth) {
  int64_t j = 0;
  for (; j + 2 * kVector <= n; j += 2 * kVector)
    Tile<kRows, 2>(a, row, column, b + j, ldb, c + j, ldc, depth);
  if (j < n) Tile<kRows, 1>(a, row, column, b + j, ldb, c + j, ldc, depth);
}

// c [m, n] = a [m, depth] b [depth, n]. REQUIRES: n is a multiple of kLanes.
void Product(const float* a, int64_t row, int64_t column, const float* b, int64_t ldb, float* c,
             int64_t ldc, int64_t m, int64_t n, int64_t depth) {
  int64_t i = 0;
  for (; i + 6 <= m; i += 6) Rows<6>(a + i * row, row, column, b, ldb, c + i * ldc, ldc, n, depth);
  for (; i + 2 <= m; i += 2) Rows<2>(a + i * row, row, column, b, ldb, c + i * ldc, ldc, n, depth);
  if (i < m) Rows<1>(a + i * row, row, column, b, ldb, c + i * ldc, ldc, n, depth);
}

// tile [rows, width] = x's rows of `dim` values, times scale; the rest zero.
template <class T>
EIDA_INLINE void CopyIn(const T* x, int64_t stride, int64_t rows, int64_t dim, float scale,
                        float* tile, int64_t width) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t d = 0; d < dim; ++d) tile[i * width + d] = Load(x + i * stride + d) * scale;
    for (int64_t d = dim; d < width; ++d) tile[i * width + d] = 0;
  }
}

// tile [dim, width] = the transpose of x's `rows` rows.
template <class T>
EIDA_INLINE void CopyAcross(const T* x, int64_t stride, int64_t rows, int64_t dim, float* tile,
                            int64_t width) {
  for (int64_t d = 0; d < dim; ++d) {
    for (int64_t i = rows; i < width; ++i) tile[d * width + i] = 0;
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t d = 0; d < dim; ++d) tile[d * width + i] = Load(x + i * stride + d);
  }
}

template <class T>
EIDA_INLINE void CopyOut(const float* tile, int64_t width, int64_t rows, int64_t dim, float scale,
                         T* x, int64_t stride) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t d = 0; d < dim; ++d) Store(x + i * stride + d, tile[i * width + d] * scale);
  }
}

int64_t AttentionScratch(int64_t longest, int64_t dim) {
  const int64_t length = RoundUp(longest) + 32, width = RoundUp(dim);
  return 3 * length * length + 6 * length * width;
}

// Softmax of a row of `n` scores in place; returns the logarithm of the sum of exponentials.
EIDA_INLINE float Softmax(float* row, int64_t n) {
  float top = row[0];
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < n; ++j) top = row[j] > top ? row[j] : top;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < n; ++j) {
    row[j] = Exp(row[j] - top);
    sum += row[j];
  }
  const float inverse = 1.0f / sum;
  for (int64_t j = 0; j < n; ++j) row[j] *= inverse;
  return top + __builtin_logf(sum);
}

// The dropout of a row of probabilities: each (query row, head) has a stream of its own.
EIDA_INLINE void AttentionMask(const DropoutKey& key, int64_t query_row, int64_t heads,
                               int64_t head, int64_t n, float* mask) {
  DropoutKey own = key;
  own.a ^= Hash(static_cast<uint32_t>(query_row * heads + head), key.b, key.a);
  MaskRow(0, n, own, mask);
}

// How many of an item's `n` keys query `i` of `m` sees.
EIDA_INLINE int64_t Seen(const AttentionShape& s, int64_t i, int64_t m, int64_t n) {
  return s.causal ? n - m + i + 1 : n;
}

template <class T>
void Attention(const AttentionShape& s, const T* q, const T* k, const T* v, T* out, float* lse,
               float* scratch, int64_t begin, int64_t end) {
  const int64_t stride = s.heads * s.dim, width = RoundUp(s.dim);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t first = s.k_starts[item], n = s.k_starts[item + 1] - first;
    const int64_t query = s.q_starts[item], m = s.q_starts[item + 1] - query;
    const int64_t length = RoundUp(n), padded = RoundUp(n > m ? n : m) + 32;
    float* scores = scratch;                 // [m, length]
    float* mask = scores + padded * padded;  // [length rounded to 32]
    float* left = mask + padded * padded;    // q [m, width], then the result
    float* right = left + padded * width;    // k across [dim, length]
    float* values = right + padded * width;  // v [n, width]
    for (int64_t h = 0; h < s.heads; ++h) {
      const int64_t at = h * s.dim;
      CopyIn(q + query * stride + at, stride, m, s.dim, s.scale, left, width);
      CopyAcross(k + first * stride + at, stride, n, s.dim, right, length);
      CopyIn(v + first * stride + at, stride, n, s.dim, 1.0f, values, width);
      Product(left, width, 1, right, length, scores, length, m, length, s.dim);
      for (int64_t i = 0; i < m; ++i) {
        float* row = scores + i * length;
        const int64_t seen = Seen(s, i, m, n);
        const float total = Softmax(row, seen);
        for (int64_t j = seen; j < n; ++j) row[j] = 0;
        if (lse != nullptr) lse[(query + i) * s.heads + h] = total;
        if (s.dropout.threshold == 0) continue;
        AttentionMask(s.dropout, query - s.first_row + i, s.heads, h, seen, mask);
        for (int64_t j = 0; j < seen; ++j) row[j] *= mask[j];
      }
      Product(scores, length, 1, values, width, left, width, m, width, n);
      CopyOut(left, width, m, s.dim, 1.0f, out + query * stride + at, stride);
    }
  }
}

template <class T>
void AttentionBackward(const AttentionShape& s, const T* q, const T* k, const T* v,
                       const float* lse, const T* dout, T* dq, T* dk, T* dv, float* scratch,
                       int64_t begin, int64_t end) {
  const int64_t stride = s.heads * s.dim, width = RoundUp(s.dim);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t first = s.k_starts[item], n = s.k_starts[item + 1] - first;
    const int64_t query = s.q_starts[item], m = s.q_starts[item + 1] - query;
    const int64_t length = RoundUp(n), padded = RoundUp(n > m ? n : m) + 32;
    float* weights = scratch;                   // probabilities, after dropout [m, length]
    float* slopes = weights + padded * padded;  // gradient of the scores [m, length]
    float* mask = slopes + padded * padded;     // [length rounded to 32]
    float* queries = mask + padded * padded;    // [m, width]
    float* keys = queries + padded * width;     // [n, width]
    float* across = keys + padded * width;      // k, then v, across [dim, length]
    float* upstream = across + padded * width;  // dout [m, width]
    float* result = upstream + padded * width;  // [max(m, n), width]
    for (int64_t h = 0; h < s.heads; ++h) {
      const int64_t at = h * s.dim;
      CopyIn(q + query * stride + at, stride, m, s.dim, s.scale, queries, width);
      CopyIn(dout + query * stride + at, stride, m, s.dim, 1.0f, upstream, width);
      CopyAcross(k + first * stride + at, stride, n, s.dim, across, length);
      Product(queries, width, 1, across, length, weights, length, m, length, s.dim);
      CopyAcross(v + first * stride + at, stride, n, s.dim, across, length);
      Product(upstream, width, 1, across, length, slopes, length, m, length, s.dim);
      for (int64_t i = 0; i < m; ++i) {
        float* p = weights + i * length;
        float* d = slopes + i * length;
        const float total = lse[(query + i) * s.heads + h];
        const int64_t seen = Seen(s, i, m, n);
        for (int64_t j = 0; j < seen; ++j) p[j] = Exp(p[j] - total);
        for (int64_t j = seen; j < n; ++j) p[j] = d[j] = 0;
        float dot = 0;
        if (s.dropout.threshold == 0) {
#pragma omp simd reduction(+ : dot)
          for (int64_t j = 0; j < seen; ++j) dot += p[j] * d[j];
          for (int64_t j = 0; j < seen; ++j) d[j] = p[j] * (d[j] - dot);
        } else {
          AttentionMask(s.dropout, query - s.first_row + i, s.heads, h, seen, mask);
#pragma omp simd reduction(+ : dot)
          for (int64_t j = 0; j < seen; ++j) dot += p[j] * mask[j] * d[j];
          for (int64_t j = 0; j < seen; ++j) {
            d[j] = p[j] * (mask[j] * d[j] - dot);
            p[j] *= mask[j];
          }
        }
      }
      if (dv != nullptr) {
        Product(weights, 1, length, upstream, width, result, width, n, width, m);
        CopyOut(result, width, n, s.dim, 1.0f, dv + first * stride + at, stride);
      }
      if (dk != nullptr) {
        Product(slopes, 1, length, queries, width, result, width, n, width, m);
        CopyOut(result, width, n, s.dim, 1.0f, dk + first * stride + at, stride);
      }
      if (dq != nullptr) {
        CopyIn(k + first * stride + at, stride, n, s.dim, 1.0f, keys, width);
        Product(slopes, length, 1, keys, width, result, width, m, width, n);
        CopyOut(result, width, m, s.dim, s.scale, dq + query * stride + at, stride);
      }
    }
  }
}

}  // namespace
}  // namespace eida::engine::EIDA_KERNEL_SPACE
