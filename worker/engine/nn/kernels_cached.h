// Attention of one query a row over kept keys and values; part of kernels_body.h. Keys are read
// where they lie, whole rows at a time.

namespace eida::engine::EIDA_KERNEL_SPACE {
namespace {

template <class T>
EIDA_INLINE float Dot(const float* a, const T* b, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += a[i] * Load(b + i);
  return sum;
}

// The j-th row that row r sees.
template <class T>
EIDA_INLINE const T* CachedRow(const CachedShape& s, int64_t r, int64_t j, const T* prompt,
                               const T* const* slabs) {
  const int64_t width = s.heads * s.dim, first = s.first[r], length = s.last[r] - first;
  if (j < length) return prompt + (first + j) * width;
  const int64_t step = j - length;
  return slabs[step] + s.path[r * s.steps + step] * width;
}

template <class T>
void CachedAttention(const CachedShape& s, const T* q, const CachedData<T>& data, T* out,
                     float* scratch, int64_t begin, int64_t end) {
  const int64_t width = s.heads * s.dim;
  float* query = scratch;       // [width]
  float* sum = query + width;   // [width]
  float* scores = sum + width;  // [heads, n]
  for (int64_t r = begin; r < end; ++r) {
    const int64_t n = s.last[r] - s.first[r] + s.steps;
    for (int64_t d = 0; d < width; ++d) query[d] = Load(q + r * width + d) * s.scale;
    for (int64_t d = 0; d < width; ++d) sum[d] = 0;
    for (int64_t j = 0; j < n; ++j) {
      const T* key = CachedRow(s, r, j, data.prompt_keys, data.keys);
      for (int64_t h = 0; h < s.heads; ++h)
        scores[h * n + j] = Dot(query + h * s.dim, key + h * s.dim, s.dim);
    }
    for (int64_t h = 0; h < s.heads; ++h) Softmax(scores + h * n, n);
    for (int64_t j = 0; j < n; ++j) {
      const T* value = CachedRow(s, r, j, data.prompt_values, data.values);
      for (int64_t h = 0; h < s.heads; ++h) {
        const float weight = scores[h * n + j];
        for (int64_t d = h * s.dim; d < (h + 1) * s.dim; ++d) sum[d] += weight * Load(value + d);
      }
    }
    for (int64_t d = 0; d < width; ++d) Store(out + r * width + d, sum[d]);
  }
}

}  // namespace
}  // namespace eida::engine::EIDA_KERNEL_SPACE
