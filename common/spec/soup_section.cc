#include <algorithm>

#include "common/base/text.h"
#include "common/spec/parts.h"
#include "common/spec/sections.h"
#include "common/spec/selection.h"

namespace eida::spec {
namespace {

// What soups can be compared by. A smoothed loss is not one beside the loss: with eval.metric
// loss_smoothed it is the loss of all that is compared.
std::vector<std::string> ComparedBy(const DataSpec& data) {
  std::vector<std::string> ids = MetricsOf(data);
  std::erase_if(ids, [](const std::string& id) {
    return catalog::Find(catalog::Metrics(), id)->of_smoothing;
  });
  return ids;
}

// The options of a type by its line of soups.def. What is left at a default in parentheses is
// absent.
Json ReadOptions(MapReader& reader, const catalog::SoupMethod& method, const SweepSpec& spec) {
  Json options = Json::object();
  for (catalog::Parameter p : method.parameters) {
    if (p.type == "metric") p.type = "enum", p.choices = ComparedBy(spec.data);
    const Json value = ReadParameter(reader, p);
    if (!p.implied || reader.Has(p.name)) options[p.name] = value;
  }
  // Members are ordered by the metric itself unless another is named.
  if (options.contains("order_by") && options["order_by"] == options["metric"])
    options.erase("order_by");
  return options;
}

// What the selected runs must be. Nothing is said of a selection that is wrong in itself.
void CheckMembers(MapReader& reader, const SoupSpec& soup, const catalog::SoupMethod& method,
                  const SweepSpec& spec) {
  const Result<Selection> selection = Selection::Parse(soup.select);
  if (!selection.ok()) return;
  std::vector<std::string> runs, without;  // variants without factors
  for (const VariantSpec& v : spec.variants) {
    const size_t before = runs.size();
    for (int64_t seed : spec.seeds) {
      const std::string run = v.name + "/seed" + std::to_string(seed);
      if (selection->Matches(v.name, seed, run)) runs.push_back(run);
    }
    if (runs.size() > before && !catalog::HasFactors(GetOr<std::string>(v.adapter, "type", "none")))
      without.push_back(v.name);
  }
  const Tree* at = reader.Has("select") ? reader.tree()->Find("select") : reader.tree();
  if (method.by_factors && !without.empty())
    reader.Error(at, "no-factors",
                 "\"" + reader.path() + "\": a soup of type " + method.id +
                     " combines low-rank factors, which runs of " + Join(without, ", ") +
                     " do not have; leave them out with \"select\", for example "
                     "\"variant~lora-*\"");
  if (runs.size() == 1)
    reader.Warn(
        at, "one-member",
        "\"" + reader.path() + "\" is a soup of one run, " + runs[0] + ": it can only be that run");
}

}  // namespace

void ReadSoups(MapReader& sweep, SweepSpec* spec) {
  ForEachNamed(sweep, "soups", [&](MapReader& reader, const std::string& name) {
    SoupSpec s;
    s.name = name;
    s.type = reader.Choice("type", "greedy", catalog::Ids(catalog::SoupMethods()), true);
    const catalog::SoupMethod& method = *catalog::Find(catalog::SoupMethods(), s.type);
    // Of a type that does not exist every option may be right: one mistake, one message.
    if (const Tree* written = reader.tree()->Find("type");
        written != nullptr && written->text != s.type) {
      for (const catalog::SoupMethod& other : catalog::SoupMethods()) {
        for (const catalog::Parameter& p : other.parameters) reader.Get(p.name);
      }
    }
    s.select = ReadSelect(reader, *spec);
    s.options = ReadOptions(reader, method, *spec);
    s.split = ReadSplitName(reader, "split", GetOr<std::string>(spec->eval, "split", ""), *spec);
    const int64_t seed = reader.Int("split_half", 0, 0, INT64_MAX);
    if (reader.Has("split_half")) s.split_half = seed;
    s.report =
        ReadSplitName(reader, "report",
                      s.split_half ? s.split : GetOr<std::string>(spec->eval, "report", ""), *spec);
    if (s.split_half && s.report != s.split)
      reader.Error(reader.Get("report"), "bad-reference",
                   "\"" + reader.PathOf("split_half") + "\" reports on the other half of \"" +
                       s.split + "\"; leave \"report\" out");
    s.numerics = ReadNumerics(reader, spec->eval);
    CheckMembers(reader, s, method, *spec);
    spec->soups.push_back(std::move(s));
  });
}

}  // namespace eida::spec
