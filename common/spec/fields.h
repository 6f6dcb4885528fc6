// What every key of a sweep file means, for `eidactl explain-field`. What a key must be comes from
// the reader itself: a small sweep is read, once for each value of each choice, and what the
// sections ask for is noted. What it is for stands in fields.def.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"

namespace eida::spec {

struct Field {
  std::string path;  // "train.lr", "variants[].name", "data.splits.<split>.from"
  std::string type;  // "a whole number"
  std::vector<std::string> choices;
  std::vector<std::string> every_choice;  // those that other keys make possible too
  std::optional<double> low, high;
  bool required = false;
  std::string fallback;  // of an absent key; "" = none. "that of eval.split" where it is another's
  std::vector<std::string>
      exceptions;    // "question1 with data.task: qqp": other defaults or choices
  std::string only;  // "adapter.type: eva, lora": what it takes to be read
  std::string help, example;
};

// All of them, in the order of the file format.
const std::vector<Field>& Fields();
// "variants[1].adapter.r" and "presets.small.adapter.r" -> "adapter.r"; "data.splits.dev.from" ->
// "data.splits.<split>.from"; other texts as they are.
std::string FieldPath(const std::string& path);
// The same of a section: "analyses[2]" -> "analyses".
std::string SectionPath(const std::string& path);
// The field of that path and the keys directly in it; "" = the keys at the top. NotFound with the
// nearest path.
Result<std::vector<Field>> Explain(const std::string& path);
// The keys that sweep files have and fields.def does not tell of, and the other way round: none.
std::vector<std::string> FieldsOutOfStep();

// A JSON schema (draft 2020-12) of sweep files, for editors.
Json SweepSchema();

}  // namespace eida::spec
