// A JSON schema out of the fields.
#include <algorithm>

#include "common/base/text.h"
#include "common/spec/fields.h"

namespace eida::spec {
namespace {

// What JSON (and YAML) calls a value of that type; "" = several kinds.
std::string JsonType(const std::string& type) {
  if (type == "a whole number") return "integer";
  if (type == "a number") return "number";
  if (type == "true or false") return "boolean";
  if (type == "a duration") return "string";
  if (type.rfind("a map", 0) == 0) return "object";
  if (type.rfind("a list", 0) == 0) return "array";
  return "";
}

Json ValueOf(const Field& field) {
  Json schema = {{"description", field.help}};
  if (const std::string type = JsonType(field.type); !type.empty()) {
    // A key without a value is a key that is not there.
    if (field.required)
      schema["type"] = type;
    else
      schema["type"] = {type, "null"};
    // One text may stand for a list of one.
    if (type == "array" && field.type != "a list of maps")
      schema["type"] = {"array", "string", "number", "null"};
  }
  if (field.low && JsonType(field.type) != "") schema["minimum"] = *field.low;
  if (field.high && *field.high < 1e15) schema["maximum"] = *field.high;
  if (!field.every_choice.empty()) {
    for (const std::string& choice : field.every_choice) {
      if (choice == "true" || choice == "false")
        schema["enum"].push_back(choice == "true");
      else
        schema["enum"].push_back(choice);
    }
    if (!field.required) schema["enum"].push_back(nullptr);
  }
  if (!field.example.empty()) schema["examples"] = {field.example};
  return schema;
}

// The object that holds `path`, made on the way, and the key's own name.
Json& ParentOf(Json& root, const std::string& path, std::string* name) {
  Json* at = &root;
  const std::vector<std::string> steps = Split(path, '.');
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    std::string step = steps[i];
    const bool list = step.ends_with("[]");
    if (list) step.resize(step.size() - 2);
    at = step[0] == '<' ? &(*at)["additionalProperties"] : &(*at)["properties"][step];
    if (list) at = &(*at)["items"];
  }
  *name = steps.back();
  return *at;
}

}  // namespace

Json SweepSchema() {
  Json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
               {"title", "Eida sweep, eida/v1"},
               {"type", "object"},
               {"additionalProperties", false}};
  for (const Field& field : Fields()) {
    std::string name;
    Json& parent = ParentOf(root, field.path, &name);
    Json value = ValueOf(field);
    if (name[0] == '<') {
      parent["additionalProperties"] = std::move(value);
      continue;
    }
    if (!parent.contains("additionalProperties")) parent["additionalProperties"] = false;
    parent["properties"][name] = std::move(value);
    if (field.required && field.only.empty()) parent["required"].push_back(name);
  }
  // A sweep that only observes has no runs.
  Json& required = root["required"];
  Json runs = Json::array();
  for (const char* key : {"seeds", "variants"}) {
    required.erase(std::find(required.begin(), required.end(), Json(key)));
    runs.push_back(key);
  }
  root["anyOf"] = {{{"required", runs}}, {{"required", {"observations"}}}};
  // A variant's own sections are laid over the file's.
  Json& own = root["properties"]["variants"]["items"]["properties"];
  for (const char* section : {"train", "adapter"}) {
    own[section] = root["properties"][section];
    // Either may say it.
    own[section].erase("required");
    root["properties"][section].erase("required");
  }
  return root;
}

}  // namespace eida::spec
