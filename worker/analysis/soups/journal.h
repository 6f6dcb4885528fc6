// What a search has tried, kept where a later attempt of the job finds it. A search is a function
// of these scores: given them again it is where it was, and the soup is the same sums of the same
// members.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "worker/analysis/soups/search.h"
#include "worker/engine/job.h"

namespace eida::analysis {

// One thread at a time.
class SoupJournal {
 public:
  struct Entry {
    int member = 0;
    double alpha = 0;
    SoupScore score;
    bool evaluated = true;  // else a path had it
  };

  // Of job.resume, or empty. ConfigError when that is no checkpoint of this job.
  static Result<SoupJournal> Open(const engine::Job& job);

  // The score of the next trial, when an earlier attempt made it. Internal when that one went
  // another way.
  Result<std::optional<SoupScore>> Replay(int member, double alpha);
  // A trial that no attempt had made before.
  void Add(const Entry& entry);
  // Writes <out>/checkpoint-<trials>.safetensors and says so, unless nothing is new.
  Status Save(const engine::Job& job, engine::Events& events);

  const std::vector<Entry>& entries() const { return entries_; }
  int64_t resumed() const { return resumed_; }  // trials that earlier attempts had made

 private:
  std::string identity_;
  std::vector<Entry> entries_;
  size_t next_ = 0;  // to be replayed
  int64_t resumed_ = 0, saved_ = 0;
};

}  // namespace eida::analysis
