#include "client/fetch/url.h"

#include "gmock/gmock.h"

namespace eida::fetch {
namespace {

using testing::HasSubstr;

TEST(UrlTest, OnlyHttpsIsSpokenBeyondThisMachine) {
  for (const char* url : {"https://huggingface.co/x", "http://127.0.0.1:80/x", "http://localhost/",
                          "http://[::1]:9/"})
    EXPECT_TRUE(CheckUrl(url).ok()) << url;
  for (const char* url : {"http://huggingface.co/x", "http://127.example.org/", "ftp://127.0.0.1/x",
                          "file:///etc/passwd", "huggingface.co", "", "https://"})
    EXPECT_EQ(CheckUrl(url).code(), absl::StatusCode::kInvalidArgument) << url;
}

TEST(UrlTest, APasswordInAnAddressIsRefusedAndNotRepeated) {
  const Status status = CheckUrl("https://me:hf_secret@huggingface.co/");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), testing::Not(HasSubstr("hf_secret")));
}

TEST(UrlTest, AnOriginIsSchemeHostAndPort) {
  EXPECT_EQ(*Origin("https://HuggingFace.co/a/b"), "https://huggingface.co:443");
  EXPECT_EQ(*Origin("https://huggingface.co:443"), *Origin("https://huggingface.co/x?y"));
  EXPECT_NE(*Origin("https://huggingface.co:444"), *Origin("https://huggingface.co"));
  EXPECT_NE(*Origin("http://huggingface.co"), *Origin("https://huggingface.co"));
}

TEST(UrlTest, ARedirectMayBeRelative) {
  EXPECT_EQ(*FollowRedirect("https://a.org/x/y?q=1", "/z"), "https://a.org/z");
  EXPECT_EQ(*FollowRedirect("https://a.org/x/y", "z"), "https://a.org/x/z");
  EXPECT_EQ(*FollowRedirect("https://a.org/x", "https://b.org/y?sig=1"), "https://b.org/y?sig=1");
}

TEST(UrlTest, ARedirectThatLeavesHttpsIsRefused) {
  for (const char* to : {"http://a.org/x", "http://127.0.0.1/x", "ftp://a.org/x"}) {
    const Result<std::string> next = FollowRedirect("https://a.org/x", to);
    EXPECT_EQ(next.status().code(), absl::StatusCode::kFailedPrecondition) << to;
    EXPECT_THAT(Message(next.status()), HasSubstr("from https to")) << to;
  }
  EXPECT_FALSE(FollowRedirect("http://127.0.0.1/", "http://a.org/x").ok());
  EXPECT_FALSE(FollowRedirect("http://127.0.0.1/", "file:///etc/passwd").ok());
  EXPECT_FALSE(FollowRedirect("https://a.org/", "").ok());
}

TEST(UrlTest, WhatIsNoPlainNameIsEscaped) {
  EXPECT_EQ(EscapeSegment("refs/pr/3"), "refs%2Fpr%2F3");
  EXPECT_EQ(EscapePath("a b/c#d?.txt"), "a%20b/c%23d%3F.txt");
}

}  // namespace
}  // namespace eida::fetch
