// Figures and tables of observations: how well low-dimensional subspaces hold what a model sees.
#pragma once

#include <string>
#include <vector>

#include "client/report/document.h"
#include "client/report/study.h"

namespace eida::report {

// The index of the number of sequences that the document shows (256 of RoBERTa, 128 of GPT-2), else
// the middle one.
size_t ShownSize(const Observation& observation, const std::string& architecture);

// A panel for each role: the mean over repeats by layer, a line for each dimension with a band of
// one standard deviation. Dashed: the document's lines, where it has them for this `architecture`
// (""= do not look).
Figure ByLayer(const Observation& observation, const std::string& side,
               const std::string& architecture);
// The mean over all places by number of sequences, a panel for inputs and one for updates.
Figure BySequences(const Observation& observation);

// By role: the mean over layers at 64 and at 32 dims beside the document's.
Table LayerMeans(const Observation& observation, const std::string& architecture);

// The rule of the document: places whose mean cosine gains 0.03 or more from 64 dims over 32.
struct Rule {
  int64_t large = 0, all = 0;
  std::vector<const ObservedSite*> sites;  // the large ones; they live in the observation
};
Rule ApplyRule(const Observation& observation, const std::string& side,
               size_t size);  // all = 0: no such dims
Table RuleTable(const Observation& observation, const std::string& architecture);

}  // namespace eida::report
