#include "worker/engine/fresh/texts.h"

#include "common/base/fs.h"
#include "common/base/text.h"
#include "common/inputs/rows.h"
#include "worker/engine/job.h"

namespace eida::engine {

Result<std::vector<std::string>> ReadTexts(const std::string& path, const std::string& name) {
  const Result<std::string> content = ReadFile(path);
  if (!content.ok()) return IoError(Message(content.status()));
  const bool table = name.ends_with(".tsv");
  std::vector<std::string> texts;
  size_t number = 0;
  for (const std::string& line : Split(*content, '\n')) {
    ++number;
    if (inputs::FirstInvalidUtf8(line) >= 0)
      return DataError(name + ":" + std::to_string(number) +
                       ": is not UTF-8; save the file as UTF-8");
    if (table && number == 1) continue;
    for (const std::string& cell : table ? Split(line, '\t') : std::vector<std::string>{line}) {
      if (const std::string_view text = Trim(cell); !text.empty()) texts.emplace_back(text);
    }
  }
  if (texts.empty())
    return DataError(name + ": has no text" + (table ? " behind its header line" : "") +
                     " to learn a tokenizer from");
  return texts;
}

}  // namespace eida::engine
