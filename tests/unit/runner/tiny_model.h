// A BERT of a few thousand random weights with a tokenizer and a data set that it can learn: what
// whole studies are tested with where a real model would be slow.
#pragma once

#include <map>
#include <string>

#include "common/base/json.h"

namespace eida::testing {

struct TinyStudy {
  Json model;                                 // the spec's `model`, digests included
  Json data;                                  // the spec's `data`
  std::map<std::string, std::string> inputs;  // model/... and data/train
};

// Writes config.json, tokenizer.json, model.safetensors and reviews.tsv (`rows` sentences of praise
// or blame) into `dir`. The data has splits train, select (a quarter) and report (a quarter). The
// same arguments give the same bytes.
TinyStudy MakeTinyStudy(const std::string& dir, int rows = 160, int hidden = 32);

}  // namespace eida::testing
