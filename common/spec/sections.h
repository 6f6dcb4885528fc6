// The sections of a sweep file, one reader each. Internal to the room; parse.cc joins them.
#pragma once

#include "common/spec/reader.h"
#include "common/spec/sweep_spec.h"

namespace eida::spec {

void ReadModel(MapReader sweep, ModelSpec* model);
void ReadData(MapReader sweep, DataSpec* data);
void ReadSeeds(MapReader& sweep, std::vector<int64_t>* seeds);
// `train` of the file is the base of every variant's.
void ReadVariants(MapReader& sweep, std::vector<VariantSpec>* variants);
void ReadEval(MapReader& sweep, SweepSpec* spec);
// After ReadEval: its metric is the default, and it must evaluate while training.
void ReadEarlyStop(MapReader& sweep, SweepSpec* spec);
void ReadCheckpoint(MapReader& sweep, SweepSpec* spec);
void ReadLimits(MapReader& sweep, SweepSpec* spec);
void ReadAnalyses(MapReader& sweep, SweepSpec* spec);
void ReadSoups(MapReader& sweep, SweepSpec* spec);

}  // namespace eida::spec
