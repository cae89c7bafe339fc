#include "server/chroma/restrictions.h"

#include <gtest/gtest.h>

namespace hanok::server::chroma {
namespace {

Tree tree(const char* text) { return Tree::parse(text); }

TEST(ChromaRestrictions, WhatASchemaSwitchesOffMayNotBeAsked) {
  Tree schema = describe(nullptr, nullptr, nullptr).schema;
  schema["keys"]["secret"] = tree(R"({"string":{"string_inverted_index":{"enabled":false,"config":{}}}})");
  schema["keys"]["#document"]["string"]["fts_index"]["enabled"] = false;
  schema["defaults"]["int"]["int_inverted_index"]["enabled"] = false;
  schema["keys"]["year"] = tree(R"({"int":{"int_inverted_index":{"enabled":true,"config":{}}}})");
  const std::string restrictions = restrictions_of(describe(nullptr, schema, nullptr));
  const auto allowed = [&](const char* where) {
    try {
      check_allowed(restrictions, store::Json::parse(where));
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  EXPECT_TRUE(allowed(R"({"open":{"$eq":"x"}})"));
  EXPECT_TRUE(allowed(R"({"year":{"$gt":5}})"));
  EXPECT_TRUE(allowed(R"({"open":{"$eq":1.5}})"));
  EXPECT_FALSE(allowed(R"({"secret":{"$eq":"x"}})"));
  EXPECT_FALSE(allowed(R"({"$and":[{"open":{"$eq":"x"}},{"secret":{"$in":["x"]}}]})"));
  EXPECT_FALSE(allowed(R"({"open":{"$gt":5}})"));
  EXPECT_FALSE(allowed(R"({"#document":{"$contains":"x"}})"));
}

}  // namespace
}  // namespace hanok::server::chroma
