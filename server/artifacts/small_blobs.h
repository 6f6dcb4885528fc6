// The port to whoever keeps small content (the store's table). This room and the store do not know
// one another: the composition root joins them with SmallBlobsOver.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/ids.h"
#include "common/base/status.h"

namespace eida::artifacts {

// Implementations are thread-safe.
class SmallBlobs {
 public:
  struct Total {
    int64_t bytes = 0;
    int64_t objects = 0;
  };
  virtual ~SmallBlobs() = default;
  virtual Result<std::string> Get(const Digest& digest) const = 0;  // unverified; NotFound
  // Durable when it returns. Replaces what is there.
  virtual Status Put(const Digest& digest, const std::string& content) = 0;
  virtual Result<bool> Has(const Digest& digest) const = 0;
  virtual Result<Total> Count() const = 0;
};

// A SmallBlobs out of anything that has the same four functions. `table` must outlive it.
template <class Table>
class SmallBlobsOver : public SmallBlobs {
 public:
  explicit SmallBlobsOver(Table& table) : table_(table) {}
  Result<std::string> Get(const Digest& digest) const override { return table_.Get(digest); }
  Status Put(const Digest& digest, const std::string& content) override {
    return table_.Put(digest, content);
  }
  Result<bool> Has(const Digest& digest) const override { return table_.Has(digest); }
  Result<Total> Count() const override {
    EIDA_ASSIGN_OR_RETURN(const auto total, table_.Count());
    return Total{total.bytes, total.objects};
  }

 private:
  Table& table_;
};

}  // namespace eida::artifacts
