// Heat maps out of a study's matrices.
#pragma once

#include <string>
#include <vector>

#include "client/report/document.h"
#include "client/report/results.h"

namespace eida::report {

// Some models of a matrix, in this order, with what they are called.
struct Panel {
  std::string title, subtitle;
  std::vector<size_t> models;  // indices into Study::models
  std::vector<std::string> groups, labels;
  std::string label_name;  // what `labels` are
};
render::HeatMap HeatOf(const Pairs& pairs, const Panel& panel);

// All members of the matrix, grouped by variant.
Panel WholePanel(const Pairs& pairs, const Study& study);

// One scale for all panels, so that their colours compare.
void ShareScale(const std::string& metric, std::vector<Picture>& panels);

// How many pairs of the panels (i < j) have no value.
int64_t MissingPairs(const std::vector<Picture>& panels);
std::string MissingNote(const std::vector<Picture>& panels);  // "" when none is missing

std::string MetricTitle(const std::string& metric);
std::string ValueLabel(const Pairs& pairs);

}  // namespace eida::report
