#include "server/http/router.h"

#include <gmock/gmock.h>

namespace hanok::server {
namespace {

using testing::HasSubstr;

ProblemWriter plain(const std::string& vendor) {
  return [vendor](const Problem& p, const Request&) { return Reply::text(vendor + " " + p.code + ": " + p.message); };
}

Handler says(const std::string& what) {
  return [what](const Request& request) {
    std::string out = what;
    for (const auto& [name, value] : request.captures) out += " " + name + "=" + value;
    return Reply::text(out);
  };
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router.group("/v1", "a", plain("A"))
        .add("GET", "/models", says("models"))
        .add("GET", "/models/{model}", says("model"))
        .add("DELETE", "/models/{model}", says("gone"), {.scope = Scope::Admin})
        .add("GET", "/models/all", says("all"))
        .add("POST", "/fails", [](const Request&) -> Reply { throw Error(Code::Exhausted, "too much"); })
        .add("POST", "/odd", [](const Request&) -> Reply {
          throw Refusal({.status = 412, .message = "stale", .code = "StaleReadError"});
        });
    router.group("/v1/b", "b", plain("B"))
        .add("GET", "/{x}/list", says("list"))
        .add("GET", "/same", says("theirs"))
        .add("GET", "/same", says("ours"), {.with_header = "x-version"});
  }
  Reply get(const std::string& path, const std::string& method = "GET", Fields headers = {}) {
    return router.handle({.method = method, .path = path, .headers = std::move(headers)});
  }
  Router router{plain("core")};
};

TEST_F(RouterTest, LiteralsGoBeforeCaptures) {
  EXPECT_EQ(get("/v1/models").body, "models");
  EXPECT_EQ(get("/v1/models/").body, "models");
  EXPECT_EQ(get("/v1/models/all").body, "all");
  EXPECT_EQ(get("/v1/models/al").body, "model model=al");
}

TEST_F(RouterTest, WhatIsNotServedSaysSo) {
  router.group("/v1", "a", plain("A")).not_served("/models", "only whole models").not_served("/audio", "no ears");
  for (const char* path : {"/v1/audio", "/v1/audio/speech", "/v1/audio/voices/1"}) {
    EXPECT_EQ(get(path, "POST").status, 501) << path;
    EXPECT_EQ(get(path).body, "A not_implemented: " + std::string(path) + ": no ears");
  }
  EXPECT_EQ(get("/v1/audios").status, 404);
  EXPECT_EQ(get("/v1/models/all").body, "all") << "routes go before";
  EXPECT_EQ(get("/v1/models/all/parts").status, 501);
}

TEST_F(RouterTest, CapturesAreDecodedAfterThePathIsCut) {
  EXPECT_EQ(get("/v1/models/hanok%2Fnotes").body, "model model=hanok/notes");
  EXPECT_EQ(get("/v1/models/%ED%95%9C+a").body, "model model=한+a");
  for (const char* bad : {"/v1/models/%", "/v1/models/%4", "/v1/models/%zz", "/v1/models/%00", "/v1/models/%ff"}) {
    EXPECT_EQ(get(bad).status, 400) << bad;
    EXPECT_THAT(get(bad).body, HasSubstr("A invalid")) << bad;
  }
}

TEST_F(RouterTest, WhatIsNotThereIsRefusedInTheShapeOfTheNearestGroup) {
  EXPECT_EQ(get("/nowhere").status, 404);
  EXPECT_THAT(get("/nowhere").body, HasSubstr("core not_found"));
  EXPECT_THAT(get("/v1/nowhere").body, HasSubstr("A not_found"));
  EXPECT_THAT(get("/v1/b/nowhere").body, HasSubstr("B not_found"));
  EXPECT_THAT(get("/v1/bees").body, HasSubstr("A not_found"));
  for (const char* trick : {"", "v1/models", "//v1/models", "/v1//models", "/v1/../v1/models", "/v1/models//",
                            "/v1/b//list", "*", "http://x/v1/models"})
    EXPECT_EQ(get(trick).status, 404) << trick;
}

TEST_F(RouterTest, AnotherMethodIsRefusedWithThoseThatGo) {
  const Reply reply = get("/v1/models/x", "PUT");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.headers, (Fields{{"allow", "GET, HEAD, DELETE"}}));
  EXPECT_EQ(get("/v1/models", "HEAD").body, "models");
}

TEST_F(RouterTest, WhatAHandlerThrowsBecomesItsGroupsProblem) {
  const Reply reply = get("/v1/fails", "POST");
  EXPECT_EQ(reply.status, 507);
  EXPECT_EQ(reply.body, "A exhausted: too much");
  EXPECT_EQ(reply.headers, Fields()) << "a second later it is no better";
  EXPECT_EQ(get("/v1/odd", "POST").status, 412);
  EXPECT_EQ(get("/v1/odd", "POST").body, "A StaleReadError: stale");
}

TEST_F(RouterTest, AHeaderChoosesBetweenVendorsThatShareAPath) {
  EXPECT_EQ(get("/v1/b/same").body, "theirs");
  EXPECT_EQ(get("/v1/b/same", "GET", {{"x-version", "2025-01"}}).body, "ours");
  EXPECT_THROW(router.group("/v1", "c", plain("C")).add("GET", "/models/{other}", says("")), Error);
}

TEST_F(RouterTest, AKeyReachesAsFarAsItsScope) {
  const auto status = [&](const std::string& method, Access access) {
    return router.handle({.method = method, .path = "/v1/models/x", .access = std::move(access)}).status;
  };
  EXPECT_EQ(status("GET", {.scope = Scope::Read}), 200);
  EXPECT_EQ(status("DELETE", {.scope = Scope::Write}), 403);
  EXPECT_EQ(status("DELETE", {.scope = Scope::Read, .of_collection = {{"notes", Scope::Admin}}}), 200);
}

TEST(Access, IsLimitedToItsCollections) {
  const Access some{.key = "k", .scope = Scope::Write, .collections = {"notes"}};
  EXPECT_NO_THROW(some.require(Scope::Write, "notes"));
  EXPECT_THROW(some.require(Scope::Admin, "notes"), Refusal);
  EXPECT_THROW(some.require(Scope::Read, "other"), Refusal);
  const Access mixed{.scope = Scope::Read, .of_collection = {{"notes", Scope::Admin}}};
  EXPECT_NO_THROW(mixed.require(Scope::Admin, "notes"));
  EXPECT_THROW(mixed.require(Scope::Read, "other"), Refusal);
  EXPECT_NO_THROW(Access{}.require(Scope::Admin, "any"));
}

TEST(Message, QueriesKeepOrderAndRepeatedNames) {
  EXPECT_EQ(*parse_query("ids=a&ids=b+c&&empty=&flag&%ED%95%9C=%26"),
            (Fields{{"ids", "a"}, {"ids", "b c"}, {"empty", ""}, {"flag", ""}, {"한", "&"}}));
  EXPECT_FALSE(parse_query("a=%f"));
  const Request request{.query = {{"limit", "12"}, {"bad", "-1"}, {"big", "99999999999999999999"}}};
  EXPECT_EQ(request.number("limit", 5), 12u);
  EXPECT_EQ(request.number("other", 5), 5u);
  EXPECT_THROW(request.number("limit", 5, 0, 10), Refusal);
  EXPECT_THROW(request.number("bad", 5), Refusal);
  EXPECT_THROW(request.number("big", 5), Refusal);
}

}  // namespace
}  // namespace hanok::server
