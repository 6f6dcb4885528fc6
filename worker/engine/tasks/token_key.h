// What names the file of an encoded split.
#pragma once

#include <string>

#include "worker/engine/tasks/task.h"

namespace eida::engine {

// 64 hex digits: the SHA-256 of all that decides the bytes of `choice`'s examples: the form's
// version, the job's `data`, the choice, the number of labels, and the contents of the data files
// and of config.json, tokenizer.json and tokenizer_config.json. Contents are read, not believed: a
// run by hand may name any file under any digest. I/O errors name the file.
Result<std::string> TokenKey(const Job& job, const Base& base, const ItemChoice& choice);

}  // namespace eida::engine
