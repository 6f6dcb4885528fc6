// safetensors files. Reading maps the file and checks every number of the header before it is used;
// ReadSafetensors and WriteSafetensors of study.h are the whole-file forms.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida::engine {

// An open file. Its tensors share a private mapping that lives as long as any of them: writing to
// one changes no file.
class SafetensorsFile {
 public:
  // NotFound when there is no such file; ConfigError with file, place and reason when it is not a
  // whole, well-formed safetensors file (truncated, pickle, overlapping or missing bytes, unknown
  // dtype).
  static Result<SafetensorsFile> Open(const std::string& path);

  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  std::vector<std::string> names() const;
  bool Has(const std::string& name) const { return entries_.count(name) != 0; }
  // REQUIRES: Has(name).
  at::Tensor Get(const std::string& name) const;

 private:
  struct Mapping;
  struct Entry {
    at::ScalarType type;
    std::vector<int64_t> shape;
    int64_t begin = 0, end = 0;  // bytes within the data part
  };
  std::shared_ptr<Mapping> mapping_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, Entry> entries_;

  Status ParseHeader(const std::string& path);
};

}  // namespace eida::engine
