#include "client/commands/verb.h"
#include "common/base/text.h"
#include "common/spec/fields.h"
#include "common/spec/reader.h"

namespace eida::client {
namespace {

// "a whole number, at least 1" or "one of: a, b".
std::string Allowed(const spec::Field& f) {
  if (!f.choices.empty()) return "one of: " + Join(f.choices, ", ");
  std::string text = f.type.empty() ? "a value" : f.type;
  if (f.low) text += ", " + spec::RangeText(*f.low, *f.high);
  return text;
}

std::string Default(const spec::Field& f) {
  return f.required ? "required" : f.fallback.empty() ? "" : f.fallback;
}

Json ToJson(const spec::Field& f) {
  Json json = {{"path", f.path},
               {"type", f.type},
               {"required", f.required},
               {"default", f.fallback.empty() ? Json(nullptr) : Json(f.fallback)},
               {"choices", f.choices},
               {"exceptions", f.exceptions},
               {"only_with", f.only.empty() ? Json(nullptr) : Json(f.only)},
               {"help", f.help},
               {"example", f.example.empty() ? Json(nullptr) : Json(f.example)}};
  if (f.low) json["minimum"] = *f.low;
  if (f.high && *f.high < 1e15) json["maximum"] = *f.high;
  return json;
}

std::string Labelled(const std::string& name, const std::string& value) {
  return value.empty() ? "" : "  " + name + std::string(12 - name.size(), ' ') + value + "\n";
}

// One field in full, and the keys in it a line each.
std::string ForPeople(const std::vector<spec::Field>& fields, bool section) {
  std::string text;
  size_t width = 0;
  if (!section) {
    const spec::Field& f = fields.front();
    text = f.path + ": " + f.help + "\n" + Labelled("value", Allowed(f)) +
           (f.required ? Labelled("required", "yes") : Labelled("default", Default(f)));
    for (const std::string& exception : f.exceptions) text += Labelled("", exception);
    text += Labelled("only with", f.only) + Labelled("example", f.example);
    if (fields.size() > 1) text += "\nKeys:\n";
  }
  const auto first = fields.begin() + (section ? 0 : 1);
  for (auto f = first; f != fields.end(); ++f) width = std::max(width, f->path.size());
  for (auto f = first; f != fields.end(); ++f)
    text += "  " + f->path + std::string(width - f->path.size() + 2, ' ') + f->help + "\n";
  return text;
}

int ExplainField(Context& c, const std::string& path) {
  const auto fields = spec::Explain(path);
  if (!fields.ok()) return Fail(c, fields.status());
  if (!c.printer().json() && !c.printer().csv() && c.options.output != "name") {
    *c.out << ForPeople(*fields, path.empty());
    return kOk;
  }
  render::Table table{{{"path"}, {"value"}, {"default"}, {"only with"}, {"help"}, {"example"}}, {}};
  std::vector<Json> items;
  for (const spec::Field& f : *fields) {
    table.rows.push_back({f.path, Allowed(f), Default(f), f.only, f.help, f.example});
    items.push_back(ToJson(f));
  }
  c.printer().List("Field", table, items);
  return kOk;
}

}  // namespace

void Register_explain_field(CLI::App* app, Context& context) {
  auto path = std::make_shared<std::string>();
  app->add_option("PATH", *path,
                  "A key of sweep files: train.lr, data.task, variants[].adapter.r; without it the "
                  "sections");
  OnChosen(app, context, [path](Context& c) { return ExplainField(c, *path); });
}

}  // namespace eida::client
