#include "common/rpc/address.h"

#include "gmock/gmock.h"

namespace eida::rpc {
namespace {

TEST(AddressTest, HostsAndPortsAreRead) {
  EXPECT_EQ(ParseAddress("127.0.0.1:7070")->ToString(), "127.0.0.1:7070");
  EXPECT_EQ(ParseAddress("node-3.cluster:80")->host, "node-3.cluster");
  EXPECT_EQ(ParseAddress("[::1]:9")->host, "::1");
  EXPECT_EQ(ParseAddress("[::1]:9")->ToString(), "[::1]:9");
  EXPECT_EQ(ParseAddress("localhost")->port, kDefaultPort);
  EXPECT_EQ(ParseAddress("localhost:0")->port, 0);
}

TEST(AddressTest, NonsenseIsRefusedWithAnExample) {
  for (const char* text :
       {"", ":", ":7070", "host:", "host:x", "host:65536", "host:-1", "::1", "[::1", "[::1]7",
        "[nonsense]:1", "a b:1", "host:123456789012", "unix:/tmp/x"}) {
    const auto result = ParseAddress(text);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_THAT(Message(result.status()), testing::HasSubstr("127.0.0.1:7070")) << text;
  }
}

TEST(AddressTest, OnlyThisMachineIsLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.8.9.1:1", "localhost:1", "[::1]:1"}) {
    EXPECT_TRUE(ParseAddress(text)->IsLoopback()) << text;
  }
  for (const char* text :
       {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "127.0.0.1.evil.org:1", "localhost.evil.org:1"}) {
    EXPECT_FALSE(ParseAddress(text)->IsLoopback()) << text;
  }
}

}  // namespace
}  // namespace eida::rpc
