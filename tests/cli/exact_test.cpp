// What is searched for letter by letter, and files that are there twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "program.h"

namespace hanok::test {
namespace {

using base::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CliExact : public testing::Test {
 protected:
  void SetUp() override {
    hanok.write("n/signals.md", "Use kill -9 only when the process does not end by itself.\n");
    hanok.write("n/parts.csv",
                "part,description,price\nAX-77B,water pump seal,\"12,500\"\nBX-10,fuel hose,\"4,200\"\n");
    hanok.write("n/notes.txt", "The plumber is Song, phone 010-5555-0199. The Wi-Fi password is melon42.\n");
    hanok.write("n/errors.md",
                "The run ended: out of memory. Set HF_ENDPOINT to use a mirror. See § 12 of the terms.\n");
    for (int i = 0; i < 30; ++i)
      hanok.write("n/noise" + std::to_string(i) + ".md", "kill the 9 endpoint of 12 memory out of date, part " +
                                                             std::to_string(77 + i) +
                                                             ", hf and B, password and phone.\n");
    hanok.json({"ingest", hanok.folder() / "n"});
  }
  /// The file's name of the first hit.
  std::string first(const std::string& query) const {
    const Json found = hanok.json({"search", query});
    if (found["results"].empty()) return "";
    return base::fs::path(found["results"][0]["path"].get<std::string>()).filename();
  }
  Program hanok;
};

TEST_F(CliExact, CodesAndPhrasesGoFirst) {
  EXPECT_EQ(first("kill -9"), "signals.md");
  EXPECT_EQ(first("HF_ENDPOINT"), "errors.md");
  EXPECT_EQ(first("§ 12"), "errors.md");
  for (const char* query : {"AX77B", "AX-77B", "AX 77B", "ax 77b", "AX77B price"})
    EXPECT_EQ(first(query), "parts.csv") << query;
  for (const char* query : {"01055550199", "010-5555-0199", "010 5555 0199", "wifi", "Wi-Fi", "wi fi"})
    EXPECT_EQ(first(query), "notes.txt") << query;
  for (const char* query : {"12500", "12,500"}) EXPECT_EQ(first(query), "parts.csv") << query;
}

TEST_F(CliExact, WhatIsInQuotesMustBeThere) {
  for (const char* query : {"\"out of memory\"", "“out of memory”", "「out of memory」"}) {
    const Json found = hanok.json({"search", query});
    ASSERT_EQ(found["results"].size(), 1u) << query;
    EXPECT_THAT(found["results"][0]["text"].get<std::string>(), HasSubstr("out of memory"));
  }
  const Json none = hanok.json({"search", "\"out of paper\""});
  EXPECT_TRUE(none["results"].empty());
  EXPECT_THAT(none["warnings"], ElementsAre(HasSubstr("no passage has \"out of paper\"")));
  EXPECT_THAT(hanok.run({"search", "\"out of paper\""}).err, HasSubstr("no passage has \"out of paper\""));
  const Json apart = hanok.json({"search", "\"out of memory\" \"kill -9\""});
  EXPECT_TRUE(apart["results"].empty());
  EXPECT_THAT(apart["warnings"], ElementsAre(HasSubstr("no passage has all")));
}

TEST_F(CliExact, AFileInTwoCopiesIsOneHitWithBothPlaces) {
  hanok.write("n/copy of signals.md", "Use kill -9 only when the process does not end by itself.\n");
  hanok.json({"ingest", hanok.folder() / "n"});
  const Json found = hanok.json({"search", "kill the process", "-k", "3"});
  ASSERT_EQ(found["results"].size(), 3u);
  std::set<std::string> places = {found["results"][0]["path"], found["results"][0]["also"][0]};
  EXPECT_THAT(places, ElementsAre(HasSubstr("n/copy of signals.md"), HasSubstr("n/signals.md")));
  for (const auto& hit : {found["results"][1], found["results"][2]}) EXPECT_TRUE(hit["also"].empty());
  EXPECT_THAT(hanok.run({"search", "kill the process"}).out, HasSubstr("also in "));
  const Json answer = hanok.json({"ask", "When should kill -9 be used only?"});
  if (answer["answered"] == true) {
    EXPECT_EQ(answer["citations"][0]["also"].size(), 1u);
  }
  base::fs::remove(hanok.folder() / "n/signals.md");
  hanok.json({"ingest", hanok.folder() / "n"});
  EXPECT_TRUE(hanok.json({"search", "kill the process"})["results"][0]["also"].empty());
}

}  // namespace
}  // namespace hanok::test
