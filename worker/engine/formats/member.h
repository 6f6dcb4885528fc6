// A `weights` artifact: an adapter with its settings, or a model.
#pragma once

#include <memory>
#include <string>

#include "worker/engine/adapters/adapter.h"
#include "worker/engine/models/base.h"
#include "worker/engine/study.h"

namespace eida::engine {

// What the file holds, and the adapter that wrote it (none for a model).
struct MemberFile {
  Weights tensors;
  std::unique_ptr<Adapter> adapter;
};
// `path`: an artifact, adapter_model.safetensors of PEFT with its adapter_config.json beside it, or
// the directory of both.
Result<MemberFile> OpenMember(const Base& base, const std::string& path);
// The same merged, by Hugging Face name. ConfigError when it was trained on another model.
Result<Weights> ReadMember(const Base& base, const std::string& path);
// Study::AdapterLine. The base outlives the line.
Result<Line> LineOfAdapters(const Base& base, const std::string& path_a, const std::string& path_b);
Status WriteMember(const Adapter& adapter, const Weights& trained, const std::string& path);

}  // namespace eida::engine
