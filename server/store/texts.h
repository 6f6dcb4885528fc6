// Texts that many rows repeat are kept once. The specs of a study share their big members (model,
// data, end points of a path), so a job's row holds a template: the spec with each big member
// replaced by the number of its text.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/store/db.h"

namespace eida::store {

struct Piece {
  bool shared = false;  // worth a row of its own
  std::string_view text;
};

// The pieces of `json` in order; joined they are `json` again, whatever it is. Shared are the
// values of an object's members that are at least `min_size` bytes long.
std::vector<Piece> CutMembers(std::string_view json, size_t min_size);

// The writer's side. Belongs to the writer's connection and thread.
class TextWriter {
 public:
  explicit TextWriter(Db& db) : db_(db) {}
  // The id of `text`, which is stored if it is new. Throws SQLite::Exception.
  int64_t Put(const std::string& text);
  std::string PutTemplate(const std::string& spec);
  // After a rollback: ids that were given out in it do not exist.
  void Forget() { ids_.clear(); }

 private:
  Db& db_;
  std::unordered_map<std::string, int64_t> ids_;  // by digest
};

// The readers' side: texts never change, so what was read once stays. Thread-safe.
class TextCache {
 public:
  // Throws SQLite::Exception; a text that is not there is reported as damage.
  std::string Get(Db& db, int64_t id);
  std::string Fill(Db& db, const std::string& spec_template);

 private:
  std::mutex mutex_;
  std::unordered_map<int64_t, std::string> texts_;
};

}  // namespace eida::store
