#include "server/store/texts.h"

#include <algorithm>
#include <cstdlib>

#include "common/base/digest.h"

namespace eida::store {
namespace {

// Encloses the number of a text in a template. JSON text never contains it: control characters are
// escaped in strings.
constexpr char kMark = '\x01';
constexpr size_t kMinShared = 96;
constexpr size_t kMaxCached = 20'000;

}  // namespace

std::vector<Piece> CutMembers(std::string_view json, size_t min_size) {
  std::vector<Piece> pieces;
  if (json.find(kMark) != std::string_view::npos) return {{true, json}};
  size_t done = 0;   // everything before it is in `pieces`
  size_t value = 0;  // where the value of the present member starts; 0 = not in one
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == ':' && depth == 1 && value == 0) value = i + 1;
    const bool ends = depth == 1 && (c == ',' || c == '}');
    if (ends && value != 0) {
      if (i - value >= min_size) {
        pieces.push_back({false, json.substr(done, value - done)});
        pieces.push_back({true, json.substr(value, i - value)});
        done = i;
      }
      value = 0;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  pieces.push_back({false, json.substr(done)});
  return pieces;
}

int64_t TextWriter::Put(const std::string& text) {
  const std::string digest = DigestOf(text).str();
  const auto known = ids_.find(digest);
  if (known != ids_.end()) return known->second;
  int64_t id = 0;
  {
    Query find(db_, "SELECT id FROM texts WHERE digest = ?", digest);
    if (find.Next()) id = find.Int(0);
  }
  if (id == 0) {
    Query(db_, "INSERT INTO texts (digest, content) VALUES (?, ?)", digest, text).Run();
    id = db_.raw().getLastInsertRowid();
  }
  if (ids_.size() >= kMaxCached) ids_.clear();
  ids_.emplace(digest, id);
  return id;
}

std::string TextWriter::PutTemplate(const std::string& spec) {
  std::string result;
  for (const Piece& piece : CutMembers(spec, kMinShared)) {
    if (piece.shared) {
      result += kMark + std::to_string(Put(std::string(piece.text))) + kMark;
    } else {
      result += piece.text;
    }
  }
  return result;
}

std::string TextCache::Get(Db& db, int64_t id) {
  {
    const std::lock_guard lock(mutex_);
    const auto it = texts_.find(id);
    if (it != texts_.end()) return it->second;
  }
  Query query(db, "SELECT content FROM texts WHERE id = ?", id);
  if (!query.Next()) {
    throw SQLite::Exception("text " + std::to_string(id) + " of table texts is missing",
                            SQLITE_CORRUPT);
  }
  std::string text = query.Text(0);
  const std::lock_guard lock(mutex_);
  if (texts_.size() >= kMaxCached) texts_.clear();
  texts_.emplace(id, text);
  return text;
}

std::string TextCache::Fill(Db& db, const std::string& spec_template) {
  std::string result;
  size_t at = 0;
  while (true) {
    const size_t open = spec_template.find(kMark, at);
    result.append(spec_template, at, open == std::string::npos ? std::string::npos : open - at);
    if (open == std::string::npos) return result;
    const size_t close = spec_template.find(kMark, open + 1);
    if (close == std::string::npos) {
      throw SQLite::Exception("a job's spec refers to a text without an end", SQLITE_CORRUPT);
    }
    result += Get(db, std::strtoll(spec_template.c_str() + open + 1, nullptr, 10));
    at = close + 1;
  }
}

}  // namespace eida::store
