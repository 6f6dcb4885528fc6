// A new model with random weights: the request that `eidactl new model` gives to the runner beside
// it, which has the trainers of tokenizers and the shapes of the families.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/context.h"
#include "common/base/json.h"

namespace eida::client {

struct NewModel {
  std::string family, out;
  std::vector<std::string> texts;  // files
  uint64_t seed = 0;
  Json sizes =
      Json::object();  // docs/formats.md, the job kind new_model; absent = the runner's choice
};

// Runs it to its end; the runner's summary. NotFound for a text or the runner itself,
// InvalidArgument with the runner's words for what does not fit together, Cancelled after Ctrl-C.
Result<Json> MakeNewModel(const Context& context, const NewModel& model);

}  // namespace eida::client
