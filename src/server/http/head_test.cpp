#include "server/http/head.h"

#include <gmock/gmock.h>

#include <set>

namespace hanok::server {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Head, TargetsMayNameTheHostToo) {
  const auto plain = parse_target("/a%20b/c?x=1&y=%2F");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->path, "/a%20b/c");
  EXPECT_EQ(plain->query, (Fields{{"x", "1"}, {"y", "/"}}));
  EXPECT_EQ(parse_target("http://host:80/a?b=c")->path, "/a");
  EXPECT_EQ(parse_target("HTTPS://host")->path, "/");
  EXPECT_EQ(parse_target("*")->path, "*");
  EXPECT_FALSE(parse_target("/a?b=%"));
  EXPECT_FALSE(parse_target(""));
}

TEST(Head, OnlyAddressesAndLocalhostAreThisMachinesNames) {
  for (const char* local : {"localhost", "LOCALHOST:80", "127.0.0.1:8000", "10.1.2.3", "[::1]:80", "a.localhost"})
    EXPECT_TRUE(is_local_host(local)) << local;
  for (const char* foreign :
       {"", "evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "1.2.3", "1.2.3.4.5"})
    EXPECT_FALSE(is_local_host(foreign)) << foreign;
  EXPECT_TRUE(is_sound_host("a-b.c_d:80"));
  EXPECT_FALSE(is_sound_host("a/b"));
  EXPECT_FALSE(is_sound_host("a\"b"));
}

TEST(Head, ListsOfWords) {
  EXPECT_TRUE(lists("gzip, deflate", "gzip"));
  EXPECT_TRUE(lists("br;q=1.0, GZIP ;q=0.5", "gzip"));
  EXPECT_FALSE(lists("gzip;q=0", "gzip"));
  EXPECT_FALSE(lists("gzip;q=0.0, br", "gzip"));
  EXPECT_FALSE(lists("xgzip, br", "gzip"));
  EXPECT_FALSE(lists("", "gzip"));
}

TEST(Head, ValuesCannotBreakTheLine) {
  Reply reply = Reply::json("{}");
  reply.headers.emplace_back("location", "/a\r\nset-cookie: x\r\n\r\nbody");
  const std::string head = reply_head(reply, {.request_id = "r1", .length = 2});
  EXPECT_THAT(head, HasSubstr("location: /a  set-cookie: x    body\r\n"));
  EXPECT_THAT(head, HasSubstr("content-length: 2\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("\r\nset-cookie")));
  EXPECT_EQ(head.find("\r\n\r\n"), head.size() - 4);
}

TEST(Head, RequestIdsAreNew) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(new_request_id());
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_TRUE(is_sound_request_id(*ids.begin()));
  EXPECT_FALSE(is_sound_request_id(""));
  EXPECT_FALSE(is_sound_request_id("a b"));
  EXPECT_FALSE(is_sound_request_id(std::string(129, 'a')));
}

}  // namespace
}  // namespace hanok::server
