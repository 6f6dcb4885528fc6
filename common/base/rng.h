// Random numbers that are the same on every machine: the seed decides data order, splits and
// samples.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace eida {

// SplitMix64: one multiply-xor chain per number, any seed is good, the state is one word.
class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}
  // A stream of its own for each purpose, so that adding a draw to one never shifts another.
  Rng(uint64_t seed, std::string_view purpose) : state_(seed) {
    for (char c : purpose)
      state_ = Mix(state_ ^ static_cast<unsigned char>(c)) + 0x9e3779b97f4a7c15ULL;
  }
  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15ULL); }
  // Uniform in [0, n), without modulo bias. REQUIRES: n > 0.
  uint64_t Below(uint64_t n) {
    const uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t x;
    do x = Next();
    while (x >= limit);
    return x % n;
  }
  // Uniform in [0, 1) with 53 bits.
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  template <class T>
  void Shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }
  static constexpr uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace eida
