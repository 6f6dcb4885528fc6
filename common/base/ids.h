// Strong identifiers. A bare int never crosses a room boundary.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

namespace eida {

// A number with a type: Id<SweepTag>{3} and Id<JobTag>{3} do not mix. 0 means "none".
// Tag::kPrefix is printed before the number ("s3", "j17").
template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(int64_t value) : value_(value) {}
  constexpr int64_t value() const { return value_; }
  constexpr explicit operator bool() const { return value_ != 0; }
  friend constexpr auto operator<=>(Id, Id) = default;
  std::string ToString() const { return Tag::kPrefix + std::to_string(value_); }

 private:
  int64_t value_ = 0;
};

struct SweepTag {
  static constexpr const char* kPrefix = "s";
};
struct RunTag {
  static constexpr const char* kPrefix = "r";
};
struct JobTag {
  static constexpr const char* kPrefix = "j";
};
struct LeaseTag {
  static constexpr const char* kPrefix = "l";
};

using SweepId = Id<SweepTag>;  // one submitted study
using RunId = Id<RunTag>;      // variant x seed
using JobId = Id<JobTag>;      // a node of a sweep's DAG
using LeaseId = Id<LeaseTag>;  // a slot lent to one or several attempts

// The fence: only the newest attempt of a job may report. The first attempt is 1; 0 is "never
// leased".
using Attempt = int32_t;

// A string with a type; the same rules.
template <class Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string value) : value_(std::move(value)) {}
  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  std::string value_;
};

using WorkerId = Name<struct WorkerTag>;          // stable per worker installation
using Digest = Name<struct DigestTag>;            // SHA-256 of content, 64 lower-case hex digits
using Fingerprint = Name<struct FingerprintTag>;  // SHA-256 of all that determines a job's result

template <class Tag>
std::ostream& operator<<(std::ostream& out, Id<Tag> id) {
  return out << id.ToString();
}
template <class Tag>
std::ostream& operator<<(std::ostream& out, const Name<Tag>& name) {
  return out << name.str();
}

}  // namespace eida

template <class Tag>
struct std::hash<eida::Id<Tag>> {
  size_t operator()(eida::Id<Tag> id) const { return std::hash<int64_t>()(id.value()); }
};
template <class Tag>
struct std::hash<eida::Name<Tag>> {
  size_t operator()(const eida::Name<Tag>& name) const {
    return std::hash<std::string>()(name.str());
  }
};
