// What the environment and --color ask for. Pure: the variables come in as a function.
#pragma once

#include <functional>
#include <string>

#include "common/render/terminal.h"

namespace eida::client {

// The value of an environment variable, "" when it is not set.
using Env = std::function<std::string(const char*)>;

// EIDA_FORCE_TTY, when it is not empty, makes a terminal of anything.
bool CountsAsTerminal(bool is_tty, const Env& env);
// --color always|never first, then NO_COLOR, CLICOLOR_FORCE, CLICOLOR=0, TERM=dumb, then whether it
// is a terminal.
bool UsesColor(const std::string& flag, bool is_tty, const Env& env);
render::ColorDepth ColorDepthOf(const std::string& flag, bool is_tty, const Env& env);
// Whether lines may be drawn over: a terminal that is not dumb.
bool Redraws(bool is_tty, const Env& env);
// Half blocks and braille: by LC_ALL, LC_CTYPE, LANG; a terminal without any of them gets them too.
bool UsesUnicode(bool is_tty, const Env& env);
// COLUMNS when it is a sensible number, else `measured` (0 = unknown), else 100.
int WidthOf(int measured, const Env& env);

}  // namespace eida::client
