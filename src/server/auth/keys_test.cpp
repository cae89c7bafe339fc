#include "server/auth/keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "server/base64.h"

namespace hanok::server {
namespace {

TEST(Keys, AreFoundByTheirHashAndReachAsFarAsTheySay) {
  const base::TempFolder folder;
  const auto file = folder.path() / "keys.json";
  Keys keys = Keys::load(file);
  EXPECT_TRUE(keys.empty());
  const std::string reader = keys.add("reader", Scope::Read);
  const std::string team = keys.add("team", Scope::Read, {{"notes", Scope::Write}});
  EXPECT_THROW(keys.add("team", Scope::Read), Error);
  EXPECT_NE(reader, team);
  keys.save(file);
  const std::string text = base::read_file(file);
  EXPECT_EQ(text.find(reader.substr(3)), text.npos) << "the key itself is nowhere";
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);

  Keys again = Keys::load(file);
  EXPECT_EQ(again.find(reader)->of("anything"), Scope::Read);
  EXPECT_EQ(again.find(team)->of("notes"), Scope::Write);
  EXPECT_EQ(again.find(team)->of("anything"), Scope::Open);
  EXPECT_FALSE(again.find(reader + "x"));
  EXPECT_FALSE(again.find(""));
  EXPECT_TRUE(again.remove("reader"));
  EXPECT_FALSE(again.remove("reader"));
  EXPECT_FALSE(again.find(reader));
  EXPECT_THROW(again.add_chosen("chosen", "short"), Error);
  again.add_chosen("chosen", "long enough");
  EXPECT_EQ(again.find("long enough")->of("x"), Scope::Admin);
}

TEST(Keys, ADamagedFileIsNoFileWithoutKeys) {
  const base::TempFolder folder;
  for (const char* text :
       {"", "{}", "[1]", R"({"keys":[{"name":"a"}]})", R"({"keys":[{"name":1,"sha256":"","scope":"read"}]})"}) {
    base::write_file_atomic(folder.path() / "keys.json", text);
    EXPECT_THROW(Keys::load(folder.path() / "keys.json"), Error) << text;
  }
}

TEST(Keys, TravelInTheHeadersOfEveryVendor) {
  const auto key = [](const char* name, const std::string& value) {
    return presented_key({.headers = {{name, value}}});
  };
  EXPECT_EQ(key("authorization", "Bearer abc"), "abc");
  EXPECT_EQ(key("authorization", "bearer abc"), "abc");
  EXPECT_EQ(key("authorization", "Basic " + base64("user:pass:word")), "pass:word");
  EXPECT_EQ(key("api-key", "abc"), "abc");
  EXPECT_EQ(key("x-chroma-token", "Bearer abc"), "abc");
  EXPECT_EQ(key("authorization", "Bearer"), "");
  EXPECT_EQ(key("authorization", "Basic ????"), "");
}

}  // namespace
}  // namespace hanok::server
