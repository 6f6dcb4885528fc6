// The sections of a sweep file, one reader each. Internal to the room; parse.cc joins them.
#pragma once

#include "common/spec/reader.h"
#include "common/spec/sweep_spec.h"

namespace eida::spec {

void ReadModel(MapReader sweep, ModelSpec* model);
// After ReadModel, whose head must have the task's labels.
void ReadData(MapReader& sweep, SweepSpec* spec);
void ReadSeeds(MapReader& sweep, bool required, std::vector<int64_t>* seeds);
// `train` of the file is the base of every variant's.
void ReadVariants(MapReader& sweep, bool required, std::vector<VariantSpec>* variants);
void ReadEval(MapReader& sweep, SweepSpec* spec);
// `eval.generate`: {num_beams, max_length, ..} by the names of transformers' generate, with
// `batch_size`; null when it is absent or the task has no texts (reported).
Json ReadGenerate(MapReader& eval, const DataSpec& data, int64_t batch_size);
// After ReadEval: its metric is the default, and it must evaluate while training.
void ReadEarlyStop(MapReader& sweep, SweepSpec* spec);
void ReadCheckpoint(MapReader& sweep, SweepSpec* spec);
void ReadLimits(MapReader& sweep, SweepSpec* spec);
void ReadAnalyses(MapReader& sweep, SweepSpec* spec);
Json ToJson(const AnalysisSpec& analysis);
void ReadSoups(MapReader& sweep, SweepSpec* spec);
void ReadObservations(MapReader& sweep, SweepSpec* spec);
Json ToJson(const ObservationSpec& observation);

// Every key that is asked for when a file is read, errors in it or not.
std::vector<FieldUse> UsesOf(const std::string& text, const std::vector<std::string>& overrides);

}  // namespace eida::spec
