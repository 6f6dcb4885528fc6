// A plot as data, for other tools.
#pragma once

#include <string>

#include "common/base/json.h"
#include "common/render/plot.h"

namespace eida::client {

// One line a point: series,x,y,low,high; empty where a series has no band or no value.
std::string PlotToCsv(const render::LinePlot& plot);
Json PlotToJson(const render::LinePlot& plot);
// float64 rows of series index, x, y, low, high; NaN where a series has no band.
std::string PlotToNpy(const render::LinePlot& plot);
// What the columns and the series indices of the NPY are.
Json PlotLabels(const render::LinePlot& plot);

}  // namespace eida::client
