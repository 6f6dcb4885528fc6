#include "common/http/site.h"

#include "gmock/gmock.h"

namespace eida::http {
namespace {

using testing::HasSubstr;

class SiteTest : public testing::Test {
 protected:
  SiteOptions Options() {
    SiteOptions options;
    options.metrics = [] { return std::string("eida_up 1\n"); };
    options.health = [this] { return health_; };
    options.status = [] {
      return std::vector<std::pair<std::string, std::string>>{{"version", "<1>"}};
    };
    options.hosts = {"node1"};
    options.refused = [this](const char* reason) { refused_.push_back(reason); };
    return options;
  }
  Site Open() { return Site(Options()); }
  Site Guarded() {
    SiteOptions options = Options();
    options.token = std::string(64, 'a');
    return Site(options);
  }
  Health health_{true, ""};
  std::vector<std::string> refused_;
};

Request Get(const std::string& target) { return {"GET", target, "127.0.0.1:8080", ""}; }

TEST_F(SiteTest, TheThreePagesAreServed) {
  EXPECT_EQ(Open().Handle(Get("/healthz")).status, 200);
  const Response metrics = Open().Handle(Get("/metrics"));
  EXPECT_EQ(metrics.status, 200);
  EXPECT_EQ(metrics.body, "eida_up 1\n");
  EXPECT_THAT(metrics.content_type, HasSubstr("version=0.0.4"));
  const Response page = Open().Handle(Get("/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("&lt;1&gt;"));
}

TEST_F(SiteTest, ASickCoordinatorSaysWhy) {
  health_ = {false, "the database is not writable"};
  const Response response = Open().Handle(Get("/healthz"));
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("not writable"));
}

TEST_F(SiteTest, EveryOtherMethodIsRefusedOnEveryPath) {
  for (const char* method :
       {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "get", ""}) {
    for (const char* target : {"/", "/healthz", "/metrics", "/other"}) {
      EXPECT_EQ(Open().Handle({method, target, "localhost", ""}).status, 405)
          << method << " " << target;
    }
  }
}

TEST_F(SiteTest, EveryOtherPathIsRefused) {
  for (const char* target :
       {"", "*", "/x", "//", "/metrics/", "/metrics?x", "/../etc/passwd", "/healthz/..",
        "/%6detrics", "http://127.0.0.1/metrics", "/api", "/index.html"}) {
    EXPECT_EQ(Open().Handle(Get(target)).status, 404) << target;
  }
}

TEST_F(SiteTest, AForeignHostIsRefusedBeforeAnythingElse) {
  for (const char* host :
       {"evil.org", "evil.org:8080", "127.0.0.1.evil.org", "localhost.evil.org", "", "a b"}) {
    for (const char* target : {"/", "/healthz", "/metrics"}) {
      EXPECT_EQ(Guarded().Handle({"GET", target, host, ""}).status, 421) << host;
    }
  }
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:8080", "localhost:1", "[::1]:8080", "node1:8080", "10.0.0.7:80"}) {
    EXPECT_EQ(Open().Handle({"GET", "/metrics", host, ""}).status, 200) << host;
  }
}

TEST_F(SiteTest, WithoutTheTokenOnlyHealthIsAnswered) {
  const Site site = Guarded();
  EXPECT_EQ(site.Handle(Get("/healthz")).status, 200);
  for (const char* target : {"/", "/metrics"}) {
    EXPECT_EQ(site.Handle(Get(target)).status, 401);
    Request wrong = Get(target);
    wrong.authorization = "Bearer " + std::string(64, 'b');
    EXPECT_EQ(site.Handle(wrong).status, 401);
    Request right = Get(target);
    right.authorization = "Bearer " + std::string(64, 'a');
    EXPECT_EQ(site.Handle(right).status, 200);
  }
  EXPECT_THAT(refused_, testing::ElementsAre("missing", "wrong", "missing", "wrong"));
}

TEST_F(SiteTest, EveryAnswerCarriesTheSafetyHeaders) {
  for (const Request& request :
       {Get("/"), Get("/metrics"), Get("/none"), Request{"PUT", "/", "evil.org", ""}}) {
    const Response response = Open().Handle(request);
    for (const char* name : {"X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy",
                             "Cache-Control"}) {
      EXPECT_THAT(response.headers, testing::Contains(testing::Key(std::string(name)))) << name;
    }
  }
}

}  // namespace
}  // namespace eida::http
