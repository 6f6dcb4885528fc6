#include "common/spec/yaml_tree.h"

#include <algorithm>

#include "common/base/text.h"
#include "yaml-cpp/yaml.h"

namespace eida::spec {
namespace {

constexpr int kMaxDepth = 64;
constexpr int kMaxNodes = 100'000;

class Converter {
 public:
  Converter(const std::string& file, std::vector<Diagnostic>* diagnostics)
      : file_(file), diagnostics_(diagnostics) {}

  Tree Convert(const YAML::Node& node, int depth = 0) {
    Tree tree;
    tree.file = file_;
    const YAML::Mark mark = node.Mark();
    tree.place = {mark.line + 1, mark.column + 1, 1};
    if (depth > kMaxDepth || ++nodes_ > kMaxNodes) {
      if (!over_)
        Report(tree.place, "syntax",
               "the file is nested too deeply or its aliases expand to too much");
      over_ = true;
      return tree;
    }
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        tree.kind = Tree::Kind::kScalar;
        tree.text = node.Scalar();
        tree.quoted = node.Tag() == "!";
        tree.place.length =
            std::max<int>(1, static_cast<int>(tree.text.size()) + (tree.quoted ? 2 : 0));
        break;
      case YAML::NodeType::Sequence:
        tree.kind = Tree::Kind::kList;
        for (const YAML::Node& item : node) tree.items.push_back(Convert(item, depth + 1));
        break;
      case YAML::NodeType::Map:
        ConvertMap(node, depth, &tree);
        break;
      default:
        break;
    }
    return tree;
  }

 private:
  void ConvertMap(const YAML::Node& node, int depth, Tree* tree) {
    tree->kind = Tree::Kind::kMap;
    std::vector<Tree> merged;
    for (const auto& entry : node) {
      Tree key = Convert(entry.first, depth + 1);
      Tree value = Convert(entry.second, depth + 1);
      if (key.kind != Tree::Kind::kScalar) {
        Report(key.place, "syntax", "a key must be a plain text");
      } else if (key.text == "<<" && !key.quoted) {
        if (value.kind == Tree::Kind::kList)
          std::move(value.items.begin(), value.items.end(), std::back_inserter(merged));
        else
          merged.push_back(std::move(value));
      } else if (const auto known = std::find_if(
                     tree->entries.begin(), tree->entries.end(),
                     [&key](const auto& entry) { return entry.first.text == key.text; });
                 known != tree->entries.end()) {
        const Tree* first = &known->first;
        Report(key.place, "duplicate-key",
               "duplicate key \"" + key.text + "\" (first at " + std::to_string(first->place.line) +
                   ":" + std::to_string(first->place.column) + ")");
      } else {
        tree->entries.emplace_back(std::move(key), std::move(value));
      }
    }
    for (Tree& source : merged) Merge(std::move(source), tree);
  }

  // Keys of the map itself win over merged ones, earlier merges over later.
  void Merge(Tree source, Tree* tree) {
    if (source.kind != Tree::Kind::kMap) {
      Report(source.place, "type",
             "\"<<\" merges a map, not " + std::string(KindName(source.kind)));
      return;
    }
    for (auto& entry : source.entries) {
      if (tree->Find(entry.first.text) == nullptr) tree->entries.push_back(std::move(entry));
    }
  }

  void Report(const Place& place, const std::string& code, const std::string& message) {
    diagnostics_->push_back(
        {Severity::kError, code, message, file_, place.line, place.column, place.length, ""});
  }

  std::string file_;
  std::vector<Diagnostic>* diagnostics_;
  int nodes_ = 0;
  bool over_ = false;
};

// "a.b[2].c" -> a, b, [2], c; empty when it is not a path.
std::vector<std::string> PathSteps(const std::string& path) {
  std::vector<std::string> steps;
  for (const std::string& part : Split(path, '.')) {
    const size_t bracket = part.find('[');
    const std::string name = part.substr(0, bracket);
    if (name.empty()) return {};
    steps.push_back(name);
    for (size_t at = bracket; at != std::string::npos && at < part.size();) {
      const size_t close = part.find(']', at);
      if (part[at] != '[' || close == std::string::npos || close == at + 1) return {};
      if (!std::all_of(part.begin() + at + 1, part.begin() + close,
                       [](char c) { return c >= '0' && c <= '9'; }))
        return {};
      steps.push_back(part.substr(at, close - at + 1));
      at = close + 1;
    }
  }
  return steps;
}

// The child that a step names, made where a map may grow; null with a reason otherwise.
Tree* Descend(Tree* tree, const std::string& step, std::string* reason) {
  if (step[0] == '[') {
    const size_t index = std::stoul(step.substr(1, 9));
    if (tree->kind == Tree::Kind::kList && index < tree->items.size()) return &tree->items[index];
    *reason = "there is no item " + step;
    return nullptr;
  }
  if (tree->kind == Tree::Kind::kNull) tree->kind = Tree::Kind::kMap;
  if (tree->kind != Tree::Kind::kMap) {
    *reason = "\"" + step + "\" would be inside " + KindName(tree->kind);
    return nullptr;
  }
  if (Tree* found = tree->Find(step)) return found;
  Tree key;
  key.kind = Tree::Kind::kScalar;
  key.text = step;
  key.file = "--set";
  tree->entries.emplace_back(std::move(key), Tree{});
  return &tree->entries.back().second;
}

}  // namespace

const Tree* Tree::Find(const std::string& key) const {
  for (const auto& [name, value] : entries) {
    if (name.text == key) return &value;
  }
  return nullptr;
}

Tree* Tree::Find(const std::string& key) {
  return const_cast<Tree*>(std::as_const(*this).Find(key));
}

const char* KindName(Tree::Kind kind) {
  switch (kind) {
    case Tree::Kind::kNull:
      return "nothing";
    case Tree::Kind::kScalar:
      return "a single value";
    case Tree::Kind::kList:
      return "a list";
    case Tree::Kind::kMap:
      return "a map";
  }
  return "";
}

Tree ParseYaml(const std::string& text, const std::string& file,
               std::vector<Diagnostic>* diagnostics) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      diagnostics->push_back({Severity::kError, "syntax", "a sweep file holds one document", file,
                              documents[1].Mark().line + 1, 1, 1, ""});
    }
    if (documents.empty()) return {};
    return Converter(file, diagnostics).Convert(documents[0]);
  } catch (const YAML::Exception& error) {
    const bool known = !error.mark.is_null();
    diagnostics->push_back({Severity::kError, "syntax", "not valid YAML: " + error.msg, file,
                            known ? error.mark.line + 1 : 0, known ? error.mark.column + 1 : 0, 1,
                            ""});
    return {};
  }
}

void ApplyOverride(const std::string& assignment, Tree* tree,
                   std::vector<Diagnostic>* diagnostics) {
  const auto report = [&](const std::string& message) {
    diagnostics->push_back(
        {Severity::kError, "syntax", message + " in --set " + assignment, "--set", 0, 0, 1, ""});
  };
  const size_t equals = assignment.find('=');
  const std::vector<std::string> steps = PathSteps(assignment.substr(0, equals));
  if (equals == std::string::npos || steps.empty()) return report("expected path=value");
  const size_t before = diagnostics->size();
  Tree value = ParseYaml(assignment.substr(equals + 1), "--set", diagnostics);
  if (diagnostics->size() != before) return;
  Tree* at = tree;
  std::string reason;
  for (const std::string& step : steps) {
    at = Descend(at, step, &reason);
    if (at == nullptr) return report(reason);
  }
  *at = std::move(value);
}

}  // namespace eida::spec
