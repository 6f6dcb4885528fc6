#include "common/spec/parts.h"

#include "common/base/digest.h"
#include "common/base/text.h"
#include "common/spec/selection.h"

namespace eida::spec {

namespace {

// Ranks or alphas of targets, [[target, number], ..] in file order.
Json ReadPattern(MapReader& reader, const catalog::Parameter& p) {
  Json pattern = Json::array();
  MapReader numbers = reader.Map(p.name);
  if (numbers.tree() == nullptr) return pattern;
  for (const auto& [target, value] : numbers.tree()->entries) {
    const Json number = p.type == "ints" ? Json(numbers.Int(target.text, 1, 1, 1'000'000, true))
                                         : Json(numbers.Number(target.text, 1, 1e-30, 1e30, true));
    pattern.push_back(Json::array({target.text, number}));
  }
  return pattern;
}

}  // namespace

Json ReadParameter(MapReader& reader, const catalog::Parameter& p) {
  if (p.type == "int")
    return reader.Int(p.name, p.required ? 1 : ParseInt(p.fallback).value_or(0), 1, 1'000'000,
                      p.required);
  if (p.type == "fraction")
    return reader.Number(p.name, ParseNumber(p.fallback).value_or(0), 0, 0.999, p.required);
  if (p.type == "number")
    return p.fallback.empty()
               ? Json(reader.MaybeNumber(p.name, -1e30, 1e30, p.required).value_or(0))
               : Json(reader.Number(p.name, ParseNumber(p.fallback).value_or(0), -1e30, 1e30));
  if (p.type == "amount")
    return reader.Number(p.name, ParseNumber(p.fallback).value_or(0), 0, 1e9, p.required);
  if (p.type == "flag") return reader.Flag(p.name, p.fallback == "true");
  if (p.type == "names")
    return reader.Texts(p.name,
                        p.fallback.empty() ? std::vector<std::string>() : Split(p.fallback, ','));
  if (p.type == "ints" || p.type == "numbers") return ReadPattern(reader, p);
  if (p.type == "enum") return reader.Choice(p.name, p.fallback, p.choices, p.required);
  if (p.type == "scale")  // settled once r is known
    return reader.Text(p.name, p.fallback, p.required, "a number, or a multiple of r such as 4r");
  std::string text = reader.Text(p.name, p.fallback, p.required);
  if (p.type == "digest" && reader.Has(p.name) && !IsDigest(text))
    reader.Error(reader.tree()->Find(p.name), "range",
                 "\"" + reader.PathOf(p.name) +
                     "\" must be a SHA-256: 64 lower-case hex digits, as sha256sum prints them");
  return text;
}

std::vector<std::string> MetricsOf(const DataSpec& data) {
  const catalog::Task* task = catalog::Find(catalog::Tasks(), data.task);
  return task == nullptr ? catalog::Ids(catalog::Metrics()) : catalog::MetricsOf(*task);
}

Json ReadNumerics(MapReader& reader, const Json& eval) {
  return {{"precision", reader.Choice("precision", "fp32", {"fp32", "bf16", "fp16"})},
          {"batch_size",
           reader.Int("batch_size", GetOr<int64_t>(eval, "batch_size", 64), 1, 1'000'000)},
          {"batching", "bucketed"}};
}

std::string ReadSelect(MapReader& reader, const SweepSpec& spec, const std::string& key) {
  const std::string text = reader.Text(key, "");
  const Result<Selection> selection = Selection::Parse(text);
  if (!selection.ok()) {
    reader.Error(reader.Get(key), "bad-reference", Message(selection.status()));
    return "";
  }
  size_t runs = 0;
  for (const VariantSpec& v : spec.variants) {
    for (int64_t seed : spec.seeds) runs += selection->Matches(v.name, seed, RunName(v.name, seed));
  }
  if (runs == 0 && !spec.variants.empty() && !spec.seeds.empty()) {
    reader.Error(reader.Get(key), "empty-selection",
                 "\"" + reader.PathOf(key) + "\" selects no run");
  }
  return text;
}

void CheckSplit(MapReader& reader, const std::string& key, const std::string& split,
                const DataSpec& data) {
  if (split.empty() || data.Find(split) != nullptr) return;
  std::vector<std::string> have;
  for (const SplitSpec& s : data.splits) have.push_back(s.name);
  reader.Error(reader.tree()->Find(key), "bad-reference",
               "split \"" + split + "\" is not defined in data.splits (have: " + Join(have, ", ") +
                   ")" + Meant(split, have));
}

std::string ReadSplitName(MapReader& reader, const std::string& key, const std::string& fallback,
                          const SweepSpec& spec) {
  const std::string split = reader.Text(key, fallback, fallback.empty());
  if (reader.Has(key)) CheckSplit(reader, key, split, spec.data);
  return split;
}

}  // namespace eida::spec
