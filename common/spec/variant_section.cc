#include <algorithm>
#include <functional>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "common/spec/parts.h"
#include "common/spec/sections.h"

namespace eida::spec {
namespace {

// "4r" = 4 times the adapter's r; a plain number is itself.
void SettleScale(MapReader& reader, const std::string& name, Json* adapter) {
  const std::string text = (*adapter)[name].get<std::string>();
  const bool times_r = !text.empty() && text.back() == 'r';
  const std::string factor = times_r ? text.substr(0, text.size() - 1) : text;
  const std::optional<double> number = factor.empty() && times_r ? 1.0 : ParseNumber(factor);
  if (!number || *number <= 0) {
    reader.Error(reader.tree()->Find(name), "type",
                 "\"" + reader.PathOf(name) +
                     "\" must be a positive number, or a multiple of r such as 4r, not \"" + text +
                     "\"");
    (*adapter)[name] = 1.0;
  } else {
    (*adapter)[name] = times_r ? *number * GetOr<double>(*adapter, "r", 1) : *number;
  }
}

// A fixed scale takes the place of alpha.
void SettleFixedScale(MapReader& reader, Json* adapter) {
  if (!adapter->contains("scale")) return;
  for (const char* other : {"alpha", "alpha_pattern", "use_rslora"}) {
    if (reader.Has(other))
      reader.Error(reader.tree()->Find(other), "range",
                   "give either \"" + reader.PathOf("scale") +
                       "\", which holds whatever the rank, or \"" + reader.PathOf(other) + "\"");
  }
  if (!(GetOr<double>(*adapter, "scale", 1) > 0))
    reader.Error(reader.tree()->Find("scale"), "range",
                 "\"" + reader.PathOf("scale") + "\" must be positive");
  adapter->erase("alpha");
}

// Does the value say no more than the absent key?
bool SaysNothing(const catalog::Parameter& p, const Json& value) {
  return p.type == "flag" ? value == Json(p.fallback == "true") : value.is_array() && value.empty();
}

// An adapter that starts from another one has its settings; the sweep says what only training
// knows.
Json ReadStartedAdapter(MapReader& reader, const catalog::Adapter& entry) {
  Json adapter = {{"type", entry.id}, {"init", reader.Text("init", "")}};
  for (const catalog::Parameter& p : entry.parameters) {
    const Tree* written = reader.Get(p.name);
    if (written == nullptr || p.name == "init") continue;
    if (p.name == "dropout" || p.name == "train_head")
      adapter[p.name] = ReadParameter(reader, p);
    else
      reader.Error(written, "range",
                   "\"" + reader.PathOf(p.name) + "\" is what the adapter in \"" +
                       reader.PathOf("init") + "\" says; leave it out");
  }
  if (adapter["init"].get<std::string>().empty())
    reader.Error(reader.tree()->Find("init"), "range",
                 "\"" + reader.PathOf("init") + "\" names no directory");
  if (GetOr<bool>(adapter, "train_head", true)) adapter.erase("train_head");
  reader.Finish();
  return adapter;
}

bool IsGiven(const MapReader& reader, const std::string& key) {
  const Tree* value = reader.tree() == nullptr ? nullptr : reader.tree()->Find(key);
  return value != nullptr && value->kind != Tree::Kind::kNull;
}

Json ReadAdapter(MapReader reader) {
  const std::string type = reader.Choice("type", "none", catalog::Ids(catalog::Adapters()), true);
  Json adapter = {{"type", type}};
  // Which keys an adapter that does not exist would have is not known: one mistake, one message.
  const Tree* written = reader.Get("type");
  if (written != nullptr && written->text != type) return adapter;
  const catalog::Adapter* entry = catalog::Find(catalog::Adapters(), type);
  if (type == "lora" && IsGiven(reader, "init")) return ReadStartedAdapter(reader, *entry);
  for (const catalog::Parameter& p : entry->parameters) {
    Json value = ReadParameter(reader, p);
    if (p.implied && (!IsGiven(reader, p.name) || SaysNothing(p, value))) continue;
    adapter[p.name] = std::move(value);
  }
  for (const catalog::Parameter& p : entry->parameters) {
    if (p.type == "scale") SettleScale(reader, p.name, &adapter);
  }
  if (type == "lora") SettleFixedScale(reader, &adapter);
  reader.Finish();
  return adapter;
}

Json ReadOptimizer(MapReader reader) {
  Json optimizer = {{"name", reader.Choice("name", "adamw", {"adamw", "adam"})}};
  Json betas = Json::array({0.9, 0.999});
  if (const Tree* value = reader.Get("betas", false, "a list of two numbers")) {
    const bool pair = value->kind == Tree::Kind::kList && value->items.size() == 2;
    for (size_t i = 0; pair && i < 2; ++i) {
      const std::optional<double> beta = ParseNumber(value->items[i].text);
      if (beta && *beta >= 0 && *beta < 1)
        betas[i] = *beta;
      else
        reader.Error(
            &value->items[i], "range",
            "\"" + reader.PathOf("betas") + "\" holds two numbers of at least 0 and below 1");
    }
    if (!pair)
      reader.Error(value, "type", "\"" + reader.PathOf("betas") + "\" is a list of two numbers");
  }
  optimizer["betas"] = betas;
  optimizer["eps"] = reader.Number("eps", 1e-8, 0, 1);
  optimizer["weight_decay"] = reader.Number("weight_decay", 0, 0, 10);
  reader.Finish();
  return optimizer;
}

// A setting stands in the resolved form only where it says something: a file of an earlier version
// keeps its fingerprints.
template <class T>
void Put(Json* json, const std::string& key, const T& value, const T& fallback) {
  if (value != fallback) (*json)[key] = value;
}

Json ReadSchedule(MapReader reader, double lr) {
  const std::string name =
      reader.Choice("name", "linear", {"linear", "polynomial", "cosine", "constant"});
  Json schedule = {{"name", name}};
  const std::optional<int64_t> warmup = reader.MaybeInt("warmup_steps", 0, INT64_MAX);
  const double ratio = reader.Number("warmup_ratio", 0, 0, 1);
  if (warmup && reader.Has("warmup_ratio"))
    reader.Error(reader.tree()->Find("warmup_ratio"), "range",
                 "give either \"warmup_steps\" or \"warmup_ratio\" in \"" + reader.path() + "\"");
  if (warmup)
    schedule["warmup_steps"] = *warmup;
  else
    schedule["warmup_ratio"] = ratio;
  // Of a name that does not exist every key may be right: one mistake, one message.
  const Tree* written = reader.tree() == nullptr ? nullptr : reader.tree()->Find("name");
  const bool unknown = written != nullptr && written->text != name;
  if (name == "polynomial" || unknown) {
    const double power = reader.Number("power", 1, 1e-6, 1000),
                 lr_end = reader.Number("lr_end", 1e-7, 0, 100);
    if (!unknown && lr_end >= lr)
      reader.Error(
          reader.Has("lr_end") ? reader.Get("lr_end") : reader.tree(), "range",
          "\"" + reader.PathOf("lr_end") + "\" is where the schedule ends: it must be below lr");
    schedule["power"] = power;
    schedule["lr_end"] = lr_end;
  }
  if (name == "cosine" || unknown) schedule["cycles"] = reader.Number("cycles", 0.5, 1e-6, 1e6);
  Put<std::string>(&schedule, "restart", reader.Choice("restart", "none", {"none", "epoch"}),
                   "none");
  reader.Finish();
  return schedule;
}

void ReadBatches(MapReader& reader, Json* train) {
  const std::optional<int64_t> tokens = reader.MaybeInt("batch_tokens", 1, 1'000'000'000);
  const int64_t size = reader.Int("batch_size", 32, 1, 1'000'000);
  if (tokens && reader.Has("batch_size"))
    reader.Error(reader.tree()->Find("batch_tokens"), "range",
                 "give either \"batch_size\" or \"batch_tokens\" in \"" + reader.path() + "\"");
  if (tokens)
    (*train)["batch_tokens"] = *tokens;
  else
    (*train)["batch_size"] = size;
  (*train)["grad_accum"] = reader.Int("grad_accum", 1, 1, 1'000'000);
  (*train)["batching"] = reader.Choice("batching", "bucketed", {"padded", "bucketed", "packed"});
}

Json ReadTrain(MapReader reader) {
  Json train;
  const std::optional<int64_t> steps = reader.MaybeInt("steps", 0, 1'000'000'000);
  const std::optional<double> epochs =
      reader.MaybeNumber("epochs", 0.001, 100'000, !reader.Has("steps"));
  if (steps) train["steps"] = *steps;
  if (epochs || !steps) train["epochs"] = epochs.value_or(1);
  if (train.contains("steps") && train.contains("epochs"))
    reader.Error(reader.tree()->Find("epochs"), "range",
                 "give either \"epochs\" or \"steps\" in \"" + reader.path() + "\"");
  ReadBatches(reader, &train);
  const double lr = reader.Number("lr", 1e-4, 0, 100, steps != 0);
  train["lr"] = lr;
  train["optimizer"] = ReadOptimizer(reader.Map("optimizer"));
  train["schedule"] = ReadSchedule(reader.Map("schedule"), lr);
  train["precision"] = reader.Choice("precision", "fp32", {"fp32", "bf16", "fp16"});
  train["grad_clip"] = reader.Number("grad_clip", 1.0, 0, 1e9);
  const std::optional<double> dropout = reader.MaybeNumber("dropout", 0, 0.999);
  train["dropout"] = dropout ? Json(*dropout) : Json(nullptr);
  Put(&train, "label_smoothing", reader.Number("label_smoothing", 0, 0, 0.999), 0.0);
  Put<std::string>(&train, "normalise",
                   reader.Choice("normalise", "update", {"update", "micro_batch"}), "update");
  Put(&train, "gradient_checkpointing", reader.Flag("gradient_checkpointing", false), false);
  reader.Finish();
  return train;
}

// The base map with the other's keys on top, maps merged at every depth.
Tree Overlay(const Tree* base, const Tree* over) {
  if (base == nullptr || base->kind != Tree::Kind::kMap)
    return over == nullptr ? (base == nullptr ? Tree{} : *base) : *over;
  if (over == nullptr || over->kind == Tree::Kind::kNull) return *base;
  if (over->kind != Tree::Kind::kMap) return *over;
  Tree merged = *base;
  for (const auto& [key, value] : over->entries) {
    Tree* existing = merged.Find(key.text);
    if (existing == nullptr)
      merged.entries.emplace_back(key, value);
    else
      *existing = Overlay(existing, &value);
  }
  return merged;
}

// What a variant's own `train` is put on: it says in steps or in epochs how long it is.
Tree WithoutOtherLength(const Tree* base, const Tree* own) {
  Tree shared = base == nullptr ? Tree{} : *base;
  if (own == nullptr || own->kind != Tree::Kind::kMap) return shared;
  for (const auto& [one, other] : {std::pair("steps", "epochs"), {"epochs", "steps"}}) {
    if (own->Find(one) == nullptr || own->Find(other) != nullptr) continue;
    std::erase_if(shared.entries, [&](const auto& entry) { return entry.first.text == other; });
  }
  return shared;
}

const Tree* At(const Tree* tree, const std::string& path) {
  for (const std::string& step : Split(path, '.')) {
    if (tree == nullptr || tree->kind != Tree::Kind::kMap) return nullptr;
    tree = tree->Find(step);
  }
  return tree;
}

void SetAt(Tree* tree, const std::string& path, const Tree& value) {
  for (const std::string& step : Split(path, '.')) {
    if (tree->kind != Tree::Kind::kMap)
      *tree = Tree{Tree::Kind::kMap, "", false, value.place, value.file, {}, {}};
    Tree* child = tree->Find(step);
    if (child == nullptr) {
      Tree key;
      key.kind = Tree::Kind::kScalar;
      key.text = step;
      key.place = value.place;
      key.file = value.file;
      tree->entries.emplace_back(std::move(key), Tree{});
      child = &tree->entries.back().second;
    }
    tree = child;
  }
  *tree = value;
}

// "lora-r{adapter.r}" with the cell's values put in.
std::string FillTemplate(MapReader& reader, const Tree* at, const std::string& name,
                         const Tree& cell) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const size_t close = name[i] == '{' ? name.find('}', i) : std::string::npos;
    if (close == std::string::npos) {
      out += name[i];
      continue;
    }
    const std::string path = name.substr(i + 1, close - i - 1);
    const Tree* value = At(&cell, path);
    if (value == nullptr || value->kind != Tree::Kind::kScalar) {
      reader.Error(at, "bad-reference",
                   "the name refers to \"" + path + "\", which this variant does not set");
    } else {
      out += value->text;
    }
    i = close;
  }
  return out;
}

// Calls `visit` with each cell of the grid: the variant with one combination of values put in.
void ExpandGrid(MapReader& reader, const Tree& variant, const Tree* grid,
                const std::function<void(const Tree&)>& visit) {
  if (grid == nullptr || grid->kind == Tree::Kind::kNull) return visit(variant);
  if (grid->kind != Tree::Kind::kMap)
    return reader.Error(grid, "type",
                        "\"" + reader.PathOf("grid") + "\" maps dotted paths to lists of values");
  size_t cells = 1;
  for (const auto& [path, values] : grid->entries) {
    if (values.kind != Tree::Kind::kList || values.items.empty()) {
      return reader.Error(&values, "continuous-grid",
                          "grid \"" + path.text + "\" needs a list of values");
    }
    if (path.text.rfind("adapter.", 0) != 0 && path.text.rfind("train.", 0) != 0) {
      return reader.Error(&path, "bad-reference",
                          "a grid varies adapter.* or train.*, not \"" + path.text + "\"");
    }
    cells *= values.items.size();
    if (cells > 10'000)
      return reader.Error(grid, "too-many-runs", "the grid has more than 10,000 cells");
  }
  for (size_t cell = 0; cell < cells; ++cell) {
    Tree filled = variant;
    size_t rest = cell, stride = cells;
    for (const auto& [path, values] : grid->entries) {  // the first path varies slowest
      stride /= values.items.size();
      SetAt(&filled, path.text, values.items[rest / stride]);
      rest %= stride;
    }
    visit(filled);
  }
}

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

}  // namespace

void ReadVariants(MapReader& sweep, bool required, std::vector<VariantSpec>* variants) {
  const Tree* base_train = sweep.Get("train", false, "a map");
  const Tree* base_adapter = sweep.Get("adapter", false, "a map");
  const Tree* list = sweep.Get("variants", required, "a list of maps");
  if (list == nullptr) return;
  if (list->kind != Tree::Kind::kList || list->items.empty())
    return sweep.Error(list, "type", "\"variants\" must be a list of at least one variant");
  std::map<std::string, Place> seen;
  for (size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = "variants[" + std::to_string(i) + "]";
    MapReader reader(sweep.context(), &list->items[i], path);
    if (reader.tree() == nullptr) continue;
    const std::string name = reader.Text("name", "", true);
    const Tree* grid = reader.Get("grid", false, "a map of paths to lists of values");
    Tree merged = list->items[i];
    const Tree* own_train = reader.Get("train", false, "a map");
    const Tree shared = WithoutOtherLength(base_train, own_train);
    const Tree train = Overlay(base_train == nullptr ? nullptr : &shared, own_train);
    const Tree adapter =
        Overlay(base_adapter, reader.Get("adapter", base_adapter == nullptr, "a map"));
    if (train.kind != Tree::Kind::kNull) SetAt(&merged, "train", train);
    if (adapter.kind != Tree::Kind::kNull) SetAt(&merged, "adapter", adapter);
    reader.Finish();
    ExpandGrid(reader, merged, grid, [&](const Tree& cell) {
      const Tree* at = reader.tree()->Find("name");
      VariantSpec variant;
      variant.place = path;
      variant.name = FillTemplate(reader, at, name, cell);
      variant.adapter =
          ReadAdapter(MapReader(sweep.context(), cell.Find("adapter"), path + ".adapter"));
      const Tree* cell_train = cell.Find("train");
      if (cell_train == nullptr)
        reader.Error(reader.tree(), "missing-key",
                     "missing key \"train\": neither the file nor this variant says how to train");
      else
        variant.train = ReadTrain(MapReader(sweep.context(), cell_train, path + ".train"));
      if (!name.empty() && !IsName(variant.name))
        reader.Error(at, "range",
                     "variant name \"" + variant.name +
                         "\" must be 1 to 63 letters, digits, '-', '_' or '.'");
      const auto [first, fresh] = seen.emplace(variant.name, at == nullptr ? Place{} : at->place);
      if (!fresh && !name.empty()) {
        reader.Error(
            at, "duplicate-name",
            "duplicate variant name \"" + variant.name + "\" (first at " +
                std::to_string(first->second.line) + ":" + std::to_string(first->second.column) +
                (grid != nullptr ? "); put the grid's values into the name, for example \"" + name +
                                       "-r{adapter.r}\""
                                 : ")"));
      }
      variants->push_back(std::move(variant));
    });
  }
}

}  // namespace eida::spec
