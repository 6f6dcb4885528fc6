// YAML as a tree with places: anchors and merge keys resolved, duplicate keys reported. The only
// includer of yaml-cpp is its .cc file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/spec/diagnostic.h"
#include "common/spec/sweep_spec.h"

namespace eida::spec {

struct Tree {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;     // of a scalar
  bool quoted = false;  // a quoted scalar is text, never a number
  Place place;
  std::string file;                                // where the place is
  std::vector<Tree> items;                         // of a list
  std::vector<std::pair<Tree, Tree>> entries;      // of a map, in file order; keys are scalars
  const Tree* Find(const std::string& key) const;  // in a map
  Tree* Find(const std::string& key);
};

const char* KindName(Tree::Kind kind);  // "a list"

// Limits against hostile files: nesting 64, nodes 100,000 after aliases.
// An error leaves a tree that is as complete as can be, so that other errors are found in the same
// pass.
Tree ParseYaml(const std::string& text, const std::string& file,
               std::vector<Diagnostic>* diagnostics);

// Sets the value at a dotted path ("train.lr", "variants[0].adapter.r"), making maps on the way.
// `assignment` is "path=value"; the value is YAML. Errors are reported as file "--set".
void ApplyOverride(const std::string& assignment, Tree* tree, std::vector<Diagnostic>* diagnostics);

}  // namespace eida::spec
