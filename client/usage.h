// What to say about a command line that does not parse.
#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace eida::client {

struct Usage {
  std::string message;
  std::string verb;  // "" when none was recognised
};

// `error` is what the parser said. Unknown verbs and options get a "did you mean".
Usage ExplainUsage(const CLI::App& app, const std::vector<std::string>& arguments,
                   const std::string& error);

// Whether the errors of such a command line are wanted as JSON; `from_env` is EIDA_OUTPUT.
bool AsksForJson(const std::vector<std::string>& arguments, const std::string& from_env);

// "" for a duration such as 90s or 1h30m that is not zero, else what is wrong: a CLI11 check.
std::string IsDuration(const std::string& text);

// `--name` and `-n` of each option of this level, in order.
std::vector<std::string> OptionNames(const CLI::App& app);

}  // namespace eida::client
