#include "client/usage.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/spec/reader.h"

namespace eida::client {
namespace {

std::vector<const CLI::App*> VerbsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// Whether the next argument belongs to this one (`--server HOST`, not `--server=HOST` or `-q`).
bool TakesNext(const CLI::App& app, const std::string& argument) {
  const CLI::Option* option = app.get_option_no_throw(argument);
  return option != nullptr && option->get_items_expected_max() > 0;
}

// The first argument that is neither an option nor an option's value.
std::string FirstWord(const CLI::App& app, const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].size() < 2 || arguments[i][0] != '-') return arguments[i];
    if (TakesNext(app, arguments[i])) ++i;
  }
  return "";
}

// The first argument that looks like an option and that neither level knows.
std::string UnknownOption(const std::vector<std::string>& known,
                          const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return "";
    if (argument.rfind("--", 0) != 0) continue;
    const std::string name = argument.substr(0, argument.find('='));
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  }
  return "";
}

}  // namespace

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

Usage ExplainUsage(const CLI::App& app, const std::vector<std::string>& arguments,
                   const std::string& error) {
  std::vector<std::string> names;
  const CLI::App* chosen = nullptr;
  const std::string word = FirstWord(app, arguments);
  for (const CLI::App* verb : VerbsOf(app)) {
    names.push_back(verb->get_name());
    if (verb->get_name() == word) chosen = verb;
  }
  std::vector<std::string> known = OptionNames(app);
  if (chosen == nullptr && !word.empty()) {
    return {"there is no verb \"" + word + "\"" + Meant(word, names), ""};
  }
  if (chosen != nullptr) {
    const std::vector<std::string> own = OptionNames(*chosen);
    known.insert(known.begin(), own.begin(), own.end());
  }
  const std::string verb = chosen == nullptr ? "" : word;
  const std::string unknown = UnknownOption(known, arguments);
  if (!unknown.empty())
    return {(verb.empty() ? "eidactl" : "eidactl " + verb) + " has no option " + unknown +
                Meant(unknown, known),
            verb};
  if (verb.empty()) return {"a verb is needed: " + Join(names, ", "), ""};
  return {error, verb};
}

bool AsksForJson(const std::vector<std::string>& arguments, const std::string& from_env) {
  std::string format = from_env;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& a = arguments[i];
    if ((a == "-o" || a == "--output") && i + 1 < arguments.size()) format = arguments[i + 1];
    if (a.rfind("--output=", 0) == 0) format = a.substr(9);
    if (a.rfind("-o", 0) == 0 && a.size() > 2) format = a.substr(a[2] == '=' ? 3 : 2);
  }
  return format == "json" || format == "jsonl";
}

std::string IsDuration(const std::string& text) {
  const std::optional<Millis> parsed = spec::ParseDuration(text);
  if (parsed && parsed->count() > 0) return "";
  return "\"" + text + "\" is not a duration; write for example 90s, 10m or 1h30m";
}

}  // namespace eida::client
