// Pictures: what `eidactl heatmap` costs beside reading the matrix.
#include <benchmark/benchmark.h>

#include "tests/unit/render/samples.h"

namespace eida::render {
namespace {

void BM_HeatMapPng(benchmark::State& state) {
  const HeatMap map = SampleMap(static_cast<size_t>(state.range(0)), 15);
  for (auto _ : state) benchmark::DoNotOptimize(Draw(map, ImageFormat::kPng)->size());
}
BENCHMARK(BM_HeatMapPng)->Arg(1)->Arg(7)->Unit(benchmark::kMillisecond);

void BM_HeatMapSvg(benchmark::State& state) {
  const HeatMap map = SampleMap(static_cast<size_t>(state.range(0)), 15);
  for (auto _ : state) benchmark::DoNotOptimize(Draw(map, ImageFormat::kSvg)->size());
}
BENCHMARK(BM_HeatMapSvg)->Arg(7)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace eida::render
