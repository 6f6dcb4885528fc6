// mBART: norms stand before attention and feed-forward maps, and each stack ends with one.
#include "worker/engine/models/encoder_decoder.h"

namespace eida::engine {

Result<std::unique_ptr<Model>> Make_mbart(const Json& config, const ModelOptions& options) {
  return MakeEncoderDecoder("mbart", true, "MBartForConditionalGeneration", config, options);
}

}  // namespace eida::engine
