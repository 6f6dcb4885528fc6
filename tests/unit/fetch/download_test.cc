#include "client/fetch/download.h"

#include <sys/resource.h>

#include <csignal>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "gmock/gmock.h"
#include "tests/unit/fetch/web.h"

namespace eida::fetch {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr size_t kSize = 400'000;

class DownloadTest : public testing::Test {
 protected:
  // Serves `content_` with ranges until a test sets another handler.
  void SetUp() override {
    handler_ = [this](const WebRequest& r) { return ServeContent(r, content_, "\"one\""); };
    item_ = {"file.bin", web_.url("/file.bin"), JoinPath(dir_.path(), "file.bin"),
             static_cast<int64_t>(kSize), DigestOf(content_).str()};
    hooks_.note = [this](const std::string& text) { notes_.push_back(text); };
  }
  Result<Arrived> Run() {
    Patience patience;
    patience.attempts = 3;
    patience.first = Millis(1);
    patience.most = Millis(20);
    Transport transport(hooks_, patience);
    return Download(transport, item_);
  }
  // The first answer of each kind is `first`, all others are good.
  void FirstAnswer(std::function<WebAnswer(const WebRequest&)> first) {
    handler_ = [this, first, n = 0](const WebRequest& r) mutable {
      return n++ == 0 ? first(r) : ServeContent(r, content_, "\"one\"");
    };
  }
  void ExpectWhole(const Result<Arrived>& arrived) {
    ASSERT_TRUE(arrived.ok()) << arrived.status();
    EXPECT_EQ(arrived->size, static_cast<int64_t>(kSize));
    EXPECT_EQ(arrived->sha256, DigestOf(content_).str());
    EXPECT_EQ(*ReadFile(item_.path), content_);
    EXPECT_EQ(Left(), "file.bin ");
  }
  std::string Left() const {
    std::string names;
    const std::vector<std::string> found = *ListDir(dir_.path());
    for (const std::string& name : found) names += name + " ";
    return names;
  }

  TempDir dir_;
  std::string content_ = Bytes(kSize);
  std::function<WebAnswer(const WebRequest&)> handler_;
  Web web_{[this](const WebRequest& r) { return handler_(r); }};
  Item item_;
  Hooks hooks_;
  std::vector<std::string> notes_;
};

TEST_F(DownloadTest, AFileArrivesAndNothingElseIsLeft) {
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen().size(), 1u);
  EXPECT_EQ(web_.seen()[0].Header("range"), "");
}

TEST_F(DownloadTest, NothingNeedsToBePublished) {
  item_.size = -1;
  item_.sha256 = "";
  ExpectWhole(Run());
}

TEST_F(DownloadTest, AConnectionThatBreaksIsGoneOnWithFromWhereItWas) {
  FirstAnswer([&](const WebRequest& r) {
    WebAnswer answer = ServeContent(r, content_, "\"one\"");
    answer.cut = 150'000;
    return answer;
  });
  ExpectWhole(Run());
  ASSERT_EQ(web_.seen().size(), 2u);
  EXPECT_EQ(web_.seen()[1].Header("range"), "bytes=150000-");
  EXPECT_EQ(web_.seen()[1].Header("if-range"), "\"one\"");
  EXPECT_EQ(notes_.size(), 1u);
}

TEST_F(DownloadTest, ServersThatAlwaysBreakAreGivenUpAndThePartIsKept) {
  handler_ = [&](const WebRequest& r) {
    WebAnswer answer = ServeContent(r, content_, "\"one\"");
    answer.cut = r.Header("range").empty() ? 1'000 : 0;
    return answer;
  };
  const Result<Arrived> arrived = Run();
  EXPECT_EQ(arrived.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Message(arrived.status()),
              AllOf(HasSubstr("1000 B of 390.6 KiB are kept in " + item_.path + ".part"),
                    HasSubstr("the same command goes on")));
  EXPECT_EQ(Left(), "file.bin.part file.bin.part-of ");
  handler_ = [&](const WebRequest& r) { return ServeContent(r, content_, "\"one\""); };
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen().back().Header("range"), "bytes=1000-");
}

TEST_F(DownloadTest, CtrlCKeepsThePartAndTheSameCommandGoesOn) {
  int64_t got = 0;
  hooks_.progress = [&](const std::string&, const std::string&, int64_t done, int64_t) {
    got = done;
  };
  hooks_.stop = [&]() -> Status {
    return got > 0 ? absl::CancelledError("stopped by Ctrl-C") : OkStatus();
  };
  FirstAnswer([&](const WebRequest& r) {
    WebAnswer answer = ServeContent(r, content_, "\"one\"");
    answer.cut = 100'000;
    return answer;
  });
  const Result<Arrived> stopped = Run();
  EXPECT_EQ(stopped.status().code(), StatusCode::kCancelled);
  EXPECT_THAT(Message(stopped.status()),
              AllOf(HasSubstr("stopped by Ctrl-C"), HasSubstr("are kept in")));
  EXPECT_EQ(Left(), "file.bin.part file.bin.part-of ");
  hooks_.stop = [] { return OkStatus(); };
  ExpectWhole(Run());
  EXPECT_THAT(web_.seen().back().Header("range"), HasSubstr("bytes="));
}

TEST_F(DownloadTest, AServerWithoutRangesIsReadFromTheStart) {
  handler_ = [&, n = 0](const WebRequest&) mutable {
    WebAnswer answer{200, content_};
    if (n++ == 0) answer.cut = 50'000;
    return answer;
  };
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen().size(), 2u);
}

TEST_F(DownloadTest, AFileThatChangedMeanwhileIsReadFromTheStart) {
  ASSERT_TRUE(WriteFileAtomic(item_.path + ".part", Bytes(1'000, 7)).ok());
  ASSERT_TRUE(WriteFileAtomic(item_.path + ".part-of", "\"older\"").ok());
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen()[0].Header("if-range"), "\"older\"");
  EXPECT_EQ(web_.seen().size(), 1u);
}

TEST_F(DownloadTest, WithoutAWayToTellAPartIsNotGoneOnWith) {
  ASSERT_TRUE(WriteFileAtomic(item_.path + ".part", Bytes(1'000, 7)).ok());
  item_.sha256 = "";
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen()[0].Header("range"), "");
}

TEST_F(DownloadTest, APartOfSomethingElseIsFoundByTheDigestAndBegunAgain) {
  ASSERT_TRUE(WriteFileAtomic(item_.path + ".part", Bytes(1'000, 7)).ok());
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen().size(), 2u);
  EXPECT_EQ(notes_.size(), 1u);
}

TEST_F(DownloadTest, APartThatIsWholeIsOnlyChecked) {
  ASSERT_TRUE(WriteFileAtomic(item_.path + ".part", content_).ok());
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen().size(), 0u);
}

TEST_F(DownloadTest, APartThatIsTooLongIsBegunAgain) {
  ASSERT_TRUE(WriteFileAtomic(item_.path + ".part", content_ + "more").ok());
  item_.size = -1;
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen().size(), 2u);  // 416, then all of it
}

TEST_F(DownloadTest, ARangeThatWasNotAskedForIsNotAppended) {
  item_.sha256 = "";  // nothing else would tell
  ASSERT_TRUE(WriteFileAtomic(item_.path + ".part", content_.substr(0, 1'000)).ok());
  ASSERT_TRUE(WriteFileAtomic(item_.path + ".part-of", "\"one\"").ok());
  FirstAnswer([&](const WebRequest&) {
    return WebAnswer{206, content_.substr(500), {{"Content-Range", "bytes 500-399999/400000"}}};
  });
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen().size(), 2u);
}

TEST_F(DownloadTest, AWrongDigestLeavesNothingAndNamesBoth) {
  item_.sha256 = DigestOf("something else").str();
  const Result<Arrived> arrived = Run();
  EXPECT_EQ(arrived.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(Message(arrived.status()), AllOf(HasSubstr(item_.sha256), HasSubstr(item_.url),
                                               HasSubstr(DigestOf(content_).str())));
  EXPECT_EQ(Left(), "");
}

TEST_F(DownloadTest, AWrongDigestDoesNotTouchTheFileThatIsThere) {
  ASSERT_TRUE(WriteFileAtomic(item_.path, "what was there").ok());
  item_.sha256 = DigestOf("something else").str();
  EXPECT_FALSE(Run().ok());
  EXPECT_EQ(*ReadFile(item_.path), "what was there");
}

TEST_F(DownloadTest, AWrongSizeIsRefusedBeforeItIsRead) {
  item_.size = 1'000;
  const Result<Arrived> arrived = Run();
  EXPECT_EQ(arrived.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(Message(arrived.status()), AllOf(HasSubstr("400000"), HasSubstr("expected 1000")));
  EXPECT_EQ(Left(), "");
}

TEST_F(DownloadTest, TheServersOwnErrorsAreTriedAgain) {
  handler_ = [&, n = 0](const WebRequest& r) mutable {
    ++n;
    if (n == 1) return WebAnswer{503, "busy", {{"Retry-After", "0"}}};
    if (n == 2) return WebAnswer{429, "slower"};
    return ServeContent(r, content_, "\"one\"");
  };
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen().size(), 3u);
  ASSERT_EQ(notes_.size(), 2u);
  EXPECT_THAT(notes_[0], AllOf(HasSubstr("503"), HasSubstr("trying again in")));
}

TEST_F(DownloadTest, AServerThatStaysBrokenIsGivenUp) {
  handler_ = [](const WebRequest&) { return WebAnswer{500, "broken"}; };
  const Result<Arrived> arrived = Run();
  EXPECT_EQ(arrived.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Message(arrived.status()), AllOf(HasSubstr("500"), HasSubstr("tried 3 times")));
  EXPECT_EQ(web_.seen().size(), 3u);
}

TEST_F(DownloadTest, NobodyThereIsToldWithTheAddress) {
  item_.url = "http://127.0.0.1:1/file.bin";
  const Result<Arrived> arrived = Run();
  EXPECT_EQ(arrived.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Message(arrived.status()), AllOf(HasSubstr(item_.url), HasSubstr("https_proxy")));
  EXPECT_EQ(Left(), "");
}

TEST_F(DownloadTest, MissingAndRefusedAreNotTriedAgainAndSayWhatToDo) {
  item_.page = "https://huggingface.co/o/n";
  for (const auto& [status, code, message] : std::vector<std::tuple<int, StatusCode, std::string>>{
           {404, StatusCode::kNotFound, "check owner, name, revision and file"},
           {401, StatusCode::kUnauthenticated, "set HF_TOKEN"},
           {403, StatusCode::kUnauthenticated, "set HF_TOKEN"},
           {400, StatusCode::kFailedPrecondition, "unexpected"}}) {
    handler_ = [status = status](const WebRequest&) { return WebAnswer{status, "no"}; };
    const size_t before = web_.seen().size();
    const Result<Arrived> arrived = Run();
    EXPECT_EQ(arrived.status().code(), code);
    EXPECT_THAT(Message(arrived.status()),
                AllOf(HasSubstr(item_.url), HasSubstr(item_.page), HasSubstr(message)));
    EXPECT_EQ(web_.seen().size(), before + 1);
  }
}

TEST_F(DownloadTest, ATokenThatIsRefusedIsNotRepeated) {
  item_.page = "https://huggingface.co/o/n";
  item_.token = "hf_secret";
  handler_ = [](const WebRequest&) { return WebAnswer{403, "no"}; };
  const std::string message = Message(Run().status());
  EXPECT_THAT(message,
              AllOf(HasSubstr("the token in HF_TOKEN may not read it"), Not(HasSubstr("secret"))));
}

TEST_F(DownloadTest, RedirectsAreFollowedAndTheTokenStaysAtHome) {
  Web other([&](const WebRequest& r) { return ServeContent(r, content_, "\"one\""); });
  handler_ = [&](const WebRequest& r) {
    if (r.path == "/file.bin") return WebAnswer{307, "", {{"Location", "/moved"}}};
    return WebAnswer{302, "", {{"Location", other.url("/signed?x=1")}}};
  };
  item_.token = "hf_secret";
  ExpectWhole(Run());
  ASSERT_EQ(web_.seen().size(), 2u);
  EXPECT_EQ(web_.seen()[0].Header("authorization"), "Bearer hf_secret");
  EXPECT_EQ(web_.seen()[1].Header("authorization"), "Bearer hf_secret");
  ASSERT_EQ(other.seen().size(), 1u);
  EXPECT_EQ(other.seen()[0].path, "/signed?x=1");
  EXPECT_EQ(other.seen()[0].headers.count("authorization"), 0u);
}

TEST_F(DownloadTest, ATokenDoesNotComeBackFromElsewhere) {
  Web other([&](const WebRequest&) {
    return WebAnswer{302, "", {{"Location", web_.url("/back")}}};
  });
  handler_ = [&](const WebRequest& r) {
    if (r.path == "/back") return ServeContent(r, content_, "\"one\"");
    return WebAnswer{302, "", {{"Location", other.url("/")}}};
  };
  item_.token = "hf_secret";
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen()[1].headers.count("authorization"), 0u);
}

TEST_F(DownloadTest, RedirectsThatGoRoundAreRefused) {
  handler_ = [](const WebRequest&) { return WebAnswer{302, "", {{"Location", "/file.bin"}}}; };
  const Result<Arrived> arrived = Run();
  EXPECT_EQ(arrived.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(arrived.status()), HasSubstr("more than 10 redirects"));
}

TEST_F(DownloadTest, ADiskThatIsTooSmallIsSeenBeforeAnythingIsWritten) {
  item_.size = -1;
  handler_ = [](const WebRequest&) {
    WebAnswer answer{200, "x"};
    answer.length = int64_t{1} << 60;
    return answer;
  };
  const Result<Arrived> arrived = Run();
  EXPECT_EQ(arrived.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(arrived.status()), AllOf(HasSubstr("no space for " + item_.path),
                                               HasSubstr("make room, or choose another disk")));
}

TEST_F(DownloadTest, ADiskThatFillsUpKeepsWhatCame) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Result<Arrived> arrived = Run();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(arrived.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(arrived.status()),
              AllOf(HasSubstr("write " + item_.path + ".part"),
                    HasSubstr("make room, and the same command goes on")));
  EXPECT_EQ(*FileSize(item_.path + ".part"), 100'000);
  ExpectWhole(Run());
  EXPECT_EQ(web_.seen().back().Header("range"), "bytes=100000-");
}

}  // namespace
}  // namespace eida::fetch
