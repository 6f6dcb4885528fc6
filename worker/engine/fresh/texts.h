// The texts of files, for a tokenizer to learn from.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida::engine {

// Of a .tsv file the cells of every column behind its header line, of any other (.txt) its lines;
// empty ones left out. DataError naming the file (and line) that has no text or is not UTF-8.
Result<std::vector<std::string>> ReadTexts(const std::string& path, const std::string& name);

}  // namespace eida::engine
