// Command lines that people copy.
#pragma once

#include <string>

namespace eida {

// The text as one word of a POSIX shell's command line: in single quotes where it needs some.
std::string ShellWord(const std::string& text);

}  // namespace eida
