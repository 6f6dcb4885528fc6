#include "client/fetch/download.h"

#include <charconv>

#include "client/fetch/digest_file.h"
#include "client/fetch/part_file.h"
#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::fetch {
namespace {

constexpr int64_t kSpare = 16 << 20;  // of the disk, left for everybody else
constexpr int64_t kMostOfAText = 32 << 20;

// "bytes 100-199/200" or "bytes */200".
struct ContentRange {
  int64_t first = -1, total = -1;
};
ContentRange ParseContentRange(const std::string& text) {
  ContentRange range;
  const auto number = [&](size_t at, int64_t* to) {
    std::from_chars(text.data() + at, text.data() + text.size(), *to);
  };
  if (text.rfind("bytes ", 0) != 0) return range;
  number(6, &range.first);
  if (const size_t slash = text.find('/'); slash != std::string::npos)
    number(slash + 1, &range.total);
  return range;
}

int64_t ContentLength(const Reply& reply) {
  const std::string text = reply.Header("content-length");
  int64_t length = -1;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

// What says that a file is still the same; weak ETags do not.
std::string ValidatorOf(const Reply& reply) {
  const std::string etag = reply.Header("etag");
  if (!etag.empty() && etag[0] == '"') return etag;
  return etag.empty() ? reply.Header("last-modified") : "";
}

// One file's download, over as many requests as it takes.
class OneFile {
 public:
  OneFile(Transport& transport, const Item& item)
      : transport_(transport), item_(item), part_(item.path) {}

  Result<Arrived> Run() {
    EIDA_RETURN_IF_ERROR(part_.Open());
    for (bool again = false;; again = true) {
      EIDA_RETURN_IF_ERROR(Transfer());
      EIDA_ASSIGN_OR_RETURN(const std::string seen,
                            HashFile(part_.part(), item_.name, transport_.hooks()));
      if (item_.sha256.empty() || seen == item_.sha256) {
        const int64_t size = part_.size();
        EIDA_RETURN_IF_ERROR(part_.PutInPlace());
        return Arrived{size, seen};
      }
      // What was there before may have been of another file; what came in one piece is not.
      if (!resumed_ || again) {
        part_.Remove();
        return DataLoss(item_.url + ": is not what was published: its SHA-256 is " + seen +
                        ", expected " + item_.sha256 +
                        "; nothing of it is kept. Try again; if it stays so, the file was replaced "
                        "or a proxy changes it");
      }
      transport_.hooks().note(item_.name + ": what was there before does not fit; beginning again");
      EIDA_RETURN_IF_ERROR(part_.Restart(""));
    }
  }

 private:
  Status Transfer() {
    resumed_ = false;
    const Status status =
        Repeat(transport_.patience(), transport_.hooks(), [&](bool* progressed, Millis* wait) {
          const int64_t before = part_.size();
          const Status one = Request(wait);
          *progressed = part_.size() > before;
          return one;
        });
    if (!status.ok() && part_.size() == 0) part_.Remove();
    if (status.ok() || part_.size() == 0) return status;
    const bool waits = status.code() == absl::StatusCode::kUnavailable ||
                       status.code() == absl::StatusCode::kCancelled ||
                       status.code() == absl::StatusCode::kDeadlineExceeded;
    return !waits ? status : Status(status.code(), Message(status) + "; " + Kept());
  }

  std::string Kept() const {
    return FormatBytes(part_.size()) + (total_ > 0 ? " of " + FormatBytes(total_) : "") +
           " are kept in " + part_.part() + ": the same command goes on from there";
  }

  // Bytes that are there can be gone on with when something will tell whether they fit.
  bool CanResume() const {
    return part_.size() > 0 && (!part_.validator().empty() || !item_.sha256.empty());
  }

  Status Request(Millis* wait) {
    if (item_.size >= 0 && part_.size() == item_.size && CanResume()) {
      resumed_ = true;
      return OkStatus();
    }
    if (item_.size >= 0 && part_.size() > item_.size) EIDA_RETURN_IF_ERROR(part_.Restart(""));
    Get get{item_.url, item_.token};
    if (CanResume()) {
      get.range = "bytes=" + std::to_string(part_.size()) + "-";
      get.if_range = part_.validator();
    }
    const Sink sink{[&](const Reply& reply) { return Begin(reply); },
                    [&](const char* data, size_t size) { return Take(data, size); }};
    EIDA_ASSIGN_OR_RETURN(const Reply reply, transport_.Run(get, sink));
    if (reply.status == 416) return PastTheEnd(reply);
    if (reply.status != 200 && reply.status != 206) {
      *wait = RetryAfter(reply);
      return Refusal(reply, item_.name, item_.page, !item_.token.empty());
    }
    if (total_ >= 0 && part_.size() != total_)
      return Unavailable(item_.url + ": ended after " + std::to_string(part_.size()) + " of " +
                         std::to_string(total_) + " bytes");
    return OkStatus();
  }

  Status Begin(const Reply& reply) {
    if (reply.status == 206) {
      const ContentRange range = ParseContentRange(reply.Header("content-range"));
      if (range.first != part_.size()) {
        EIDA_RETURN_IF_ERROR(part_.Restart(""));
        return Unavailable(item_.url + ": sends another range than it was asked for");
      }
      total_ = range.total;
      resumed_ = resumed_ || part_.size() > 0;
    } else {
      EIDA_RETURN_IF_ERROR(part_.Restart(ValidatorOf(reply)));
      total_ = ContentLength(reply);
      resumed_ = false;
    }
    if (item_.size >= 0) {
      if (total_ >= 0 && total_ != item_.size) return WrongSize(total_);
      total_ = item_.size;
    }
    return CheckDisk();
  }

  Status Take(const char* data, size_t size) {
    if (item_.size >= 0 && part_.size() + static_cast<int64_t>(size) > item_.size)
      return WrongSize(part_.size() + static_cast<int64_t>(size));
    EIDA_RETURN_IF_ERROR(part_.Write(data, size));
    transport_.hooks().progress("download", item_.name, part_.size(), total_);
    return OkStatus();
  }

  // Everything is there already, or what is there is of a longer file.
  Status PastTheEnd(const Reply& reply) {
    const ContentRange range = ParseContentRange(reply.Header("content-range"));
    if (range.total == part_.size() && part_.size() > 0) {
      resumed_ = true;
      return OkStatus();
    }
    if (part_.size() == 0)
      return FailedPrecondition(item_.url + ": answers 416 to a request without a range");
    EIDA_RETURN_IF_ERROR(part_.Restart(""));
    return Unavailable(item_.url + ": has fewer bytes than are here; beginning again");
  }

  Status WrongSize(int64_t seen) {
    part_.Remove();
    return DataLoss(item_.url + ": is not what was published: it has " +
                    (seen > item_.size ? "at least " : "") + std::to_string(seen) +
                    " bytes, expected " + std::to_string(item_.size) +
                    "; nothing of it is kept. The file was replaced, or a proxy changes it");
  }

  Status CheckDisk() const {
    if (total_ < 0) return OkStatus();
    EIDA_ASSIGN_OR_RETURN(const int64_t free, FreeBytes(DirName(item_.path)));
    const int64_t wanted = total_ - part_.size() + kSpare;
    if (free >= wanted) return OkStatus();
    return FailedPrecondition("no space for " + item_.path + ": " + FormatBytes(wanted) +
                              " are wanted and " + FormatBytes(free) +
                              " are free; make room, or choose another disk with -O");
  }

  Transport& transport_;
  const Item& item_;
  PartFile part_;
  int64_t total_ = -1;    // as the server or the publisher says
  bool resumed_ = false;  // a part of the bytes came in an earlier request
};

}  // namespace

Result<Arrived> Download(Transport& transport, const Item& item) {
  return OneFile(transport, item).Run();
}

Result<std::string> GetText(Transport& transport, const Item& item) {
  std::string text;
  const Status status =
      Repeat(transport.patience(), transport.hooks(), [&](bool*, Millis* wait) -> Status {
        const Sink sink{[&](const Reply&) {
                          text.clear();
                          return OkStatus();
                        },
                        [&](const char* data, size_t size) {
                          text.append(data, size);
                          return static_cast<int64_t>(text.size()) <= kMostOfAText
                                     ? OkStatus()
                                     : DataLoss(item.url + ": answers more than 32 MiB");
                        }};
        EIDA_ASSIGN_OR_RETURN(const Reply reply, transport.Run({item.url, item.token}, sink));
        *wait = RetryAfter(reply);
        return reply.status == 200 ? OkStatus()
                                   : Refusal(reply, item.name, item.page, !item.token.empty());
      });
  EIDA_RETURN_IF_ERROR(status);
  return text;
}

}  // namespace eida::fetch
