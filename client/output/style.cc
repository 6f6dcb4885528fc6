#include "client/output/style.h"

#include <cstdlib>

namespace eida::client {
namespace {

constexpr int kNarrowest = 20, kDefaultWidth = 100;

}  // namespace

bool CountsAsTerminal(bool is_tty, const Env& env) {
  return is_tty || !env("EIDA_FORCE_TTY").empty();
}

bool UsesColor(const std::string& flag, bool is_tty, const Env& env) {
  if (flag == "always" || flag == "never") return flag == "always";
  if (!env("NO_COLOR").empty()) return false;
  const std::string force = env("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return is_tty && env("CLICOLOR") != "0" && env("TERM") != "dumb";
}

render::ColorDepth ColorDepthOf(const std::string& flag, bool is_tty, const Env& env) {
  return render::DepthFor(UsesColor(flag, is_tty, env) ? "always" : "never", is_tty, "",
                          env("COLORTERM"), env("TERM"));
}

bool Redraws(bool is_tty, const Env& env) { return is_tty && env("TERM") != "dumb"; }

bool UsesUnicode(bool is_tty, const Env& env) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = env(name);
    if (value.empty()) continue;
    return value.find("UTF") != std::string::npos || value.find("utf") != std::string::npos;
  }
  return is_tty;
}

int WidthOf(int measured, const Env& env) {
  const int columns = std::atoi(env("COLUMNS").c_str());
  if (columns >= kNarrowest) return columns;
  return measured >= kNarrowest ? measured : kDefaultWidth;
}

}  // namespace eida::client
