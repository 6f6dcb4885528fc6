// Shell completion out of the program's own tree of verbs and options.
#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace eida::client {

struct FlagWords {
  std::vector<std::string> names;  // --output, -o
  std::string help;
  std::vector<std::string> choices;  // of its value, where they are a fixed set
  bool takes_value = false;
};
struct VerbWords {
  std::string name, help;
  std::vector<FlagWords> flags;      // its own and the program's
  std::vector<std::string> choices;  // of its first argument, where they are a fixed set
};
std::vector<VerbWords> WordsOf(const CLI::App& app);

// `shell`: bash, zsh or fish.
std::string CompletionScript(const CLI::App& app, const std::string& shell);

}  // namespace eida::client
