// The encoder-decoder that BART and mBART share; they differ in where the norms stand.
#pragma once

#include "worker/engine/models/model.h"

namespace eida::engine {

// `pre_norm`: norms stand before attention and feed-forward maps and each stack ends with one
// (mBART); else behind them (BART). Token and position tables, the last projection tied to the
// token table, final_logits_bias. ConfigError as for MakeModel.
Result<std::unique_ptr<Model>> MakeEncoderDecoder(const std::string& id, bool pre_norm,
                                                  const std::string& architecture,
                                                  const Json& config, const ModelOptions& options);

}  // namespace eida::engine
