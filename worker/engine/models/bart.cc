// BART: norms stand behind attention and feed-forward maps.
#include "worker/engine/models/encoder_decoder.h"

namespace eida::engine {

Result<std::unique_ptr<Model>> Make_bart(const Json& config, const ModelOptions& options) {
  return MakeEncoderDecoder("bart", false, "BartForConditionalGeneration", config, options);
}

}  // namespace eida::engine
