#include "server/chroma/where.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "hanok/error.h"

namespace hanok::server::chroma {
namespace {

store::Json read(const std::string& body) {
  const Body parsed(body);
  return read_where(parsed.object());
}

std::string refusal(const std::string& body) {
  try {
    read(body);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(ChromaWhere, IsTheStoresLanguageWithTextsAsAField) {
  const auto json = [](const char* text) { return base::parse_json(text, "test"); };
  EXPECT_EQ(read("{}"), store::Json());
  EXPECT_EQ(read(R"({"where":null,"where_document":null})"), store::Json());
  EXPECT_EQ(read(R"({"where":{"a":1}})"), json(R"({"a":{"$eq":1}})"));
  EXPECT_EQ(read(R"({"where":{"a":{"$in":[1,2.5]}}})"), json(R"({"a":{"$in":[1,2.5]}})"));
  EXPECT_EQ(read(R"({"where":{"$or":[{"a":"x"},{"b":{"$gt":2}}]}})"),
            json(R"({"$or":[{"a":{"$eq":"x"}},{"b":{"$gt":2}}]})"));
  EXPECT_EQ(read(R"({"where_document":{"$not_contains":"x"}})"), json(R"({"#document":{"$not_contains":"x"}})"));
  EXPECT_EQ(read(R"({"where":{"#document":{"$regex":"x+"}}})"), json(R"({"#document":{"$regex":"x+"}})"));
  EXPECT_EQ(
      read(R"({"where":{"a":true},"where_document":{"$or":[{"$contains":"x"},{"$regex":"y"}]}})"),
      json(R"({"$and":[{"a":{"$eq":true}},{"$or":[{"#document":{"$contains":"x"}},{"#document":{"$regex":"y"}}]}]})"));
}

TEST(ChromaWhere, RefusesWhatChromaRefuses) {
  for (const char* where : {"{}",
                            "[]",
                            "5",
                            R"({"a":1,"b":2})",
                            R"({"a":null})",
                            R"({"a":[1]})",
                            R"({"a":{}})",
                            R"({"a":{"$foo":1}})",
                            R"({"a":{"$gt":"x"}})",
                            R"({"a":{"$gt":1,"$lt":2}})",
                            R"({"a":{"$in":[]}})",
                            R"({"a":{"$in":[1,"x"]}})",
                            R"({"a":{"$in":[true,1]}})",
                            R"({"a":{"$in":1}})",
                            R"({"a":{"$eq":[1]}})",
                            R"({"$and":[]})",
                            R"({"$and":{"a":1}})",
                            R"({"$foo":1})",
                            R"({"":1})",
                            R"({"#embedding":1})",
                            R"({"a":{"$regex":"x"}})",
                            R"({"#document":{"$contains":1}})"})
    EXPECT_NE(refusal(std::string("{\"where\":") + where + "}").find("Invalid where clause"), std::string::npos)
        << where;
  for (const char* where : {"{}", R"({"$contains":1})", R"({"$foo":"x"})", R"({"$and":[]})", R"({"a":"x"})",
                            R"({"$contains":"a","$regex":"b"})"})
    EXPECT_NE(refusal(std::string("{\"where_document\":") + where + "}").find("Invalid where document clause"),
              std::string::npos)
        << where;
}

}  // namespace
}  // namespace hanok::server::chroma
