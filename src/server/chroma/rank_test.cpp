#include "server/chroma/rank.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hanok/error.h"

namespace hanok::server::chroma {
namespace {

Rank read(const std::string& text) {
  const Body body(text);
  return read_rank(body.root());
}

/// Two searches: by vectors it finds 1, 2, 3 at .1, .2, .3; by "words" 3, 4 at .5, .6.
Nearest search(const Knn& knn) {
  if (knn.key == "#embedding") return {{1, .1F}, {2, .2F}, {3, .3F}};
  return {{3, .5F}, {4, .6F}};
}

std::string ranked(const std::string& text) {
  std::string out;
  for (const auto& [number, value] : evaluate(read(text), search)) {
    char part[40];
    std::snprintf(part, sizeof part, "%u:%.3f ", number, static_cast<double>(value));
    out += part;
  }
  return out;
}

const std::string kDense = R"({"$knn":{"query":[1,2]}})";
const std::string kWords = R"({"$knn":{"query":{"indices":[1],"values":[1]},"key":"words"}})";

TEST(ChromaRank, OneSearchIsItsDistances) {
  EXPECT_EQ(ranked(kDense), "1:0.100 2:0.200 3:0.300 ");
  EXPECT_EQ(ranked(R"({"$knn":{"query":[1,2],"return_rank":true}})"), "1:0.000 2:1.000 3:2.000 ");
}

TEST(ChromaRank, ArithmeticIsOverRecordsThatBothSidesHave) {
  EXPECT_EQ(ranked(R"({"$sum":[)" + kDense + "," + kWords + "]}"), "3:0.800 ");
  EXPECT_EQ(ranked(R"({"$mul":[)" + kDense + R"(,{"$val":10}]})"), "1:1.000 2:2.000 3:3.000 ");
  EXPECT_EQ(ranked(R"({"$sub":{"left":{"$val":1},"right":)" + kDense + "}}"), "3:0.700 2:0.800 1:0.900 ");
  EXPECT_EQ(ranked(R"({"$div":{"left":)" + kDense + R"(,"right":{"$val":2}}})"), "1:0.050 2:0.100 3:0.150 ");
  EXPECT_EQ(ranked(R"({"$max":[)" + kDense + R"(,{"$val":0.25}]})"), "1:0.250 2:0.250 3:0.300 ");
  EXPECT_EQ(ranked(R"({"$min":[)" + kDense + R"(,{"$val":0.15}]})"), "1:0.100 2:0.150 3:0.150 ");
  EXPECT_EQ(ranked(R"({"$abs":{"$sub":{"left":)" + kDense + R"(,"right":{"$val":0.2}}}})"), "2:0.000 1:0.100 3:0.100 ");
  EXPECT_EQ(ranked(R"({"$log":{"$exp":)" + kDense + "}}"), "1:0.100 2:0.200 3:0.300 ");
}

TEST(ChromaRank, ADefaultTakesInWhatTheSearchDidNotFind) {
  const std::string words = R"({"$knn":{"query":{"indices":[1],"values":[1]},"key":"words","default":2}})";
  EXPECT_EQ(ranked(R"({"$sum":[)" + kDense + "," + words + "]}"), "3:0.800 1:2.100 2:2.200 ");
  // With defaults on both sides everything that one of them found is there.
  EXPECT_EQ(ranked(R"({"$sum":[{"$knn":{"query":[1,2],"default":1}},)" + words + "]}"),
            "3:0.800 4:1.600 1:2.100 2:2.200 ");
}

TEST(ChromaRank, ReciprocalRankFusionAsTheClientBuildsIt) {
  // Rrf([Knn(dense, return_rank, default=1000), Knn(words, return_rank, default=1000)], k=60).to_dict()
  const auto part = [](const std::string& knn) {
    return R"({"$div":{"left":{"$val":1.0},"right":{"$sum":[{"$val":60},)" + knn + "]}}}";
  };
  const std::string dense = R"({"$knn":{"query":[1,2],"return_rank":true,"default":1000}})";
  const std::string words =
      R"({"$knn":{"query":{"indices":[1],"values":[1]},"key":"words","return_rank":true,"default":1000}})";
  const auto out =
      evaluate(read(R"({"$mul":[{"$val":-1},{"$sum":[)" + part(dense) + "," + part(words) + "]}]}"), search);
  ASSERT_EQ(out.size(), 4u);
  EXPECT_EQ(out[0].first, 3u);  // the only one that both found
  EXPECT_NEAR(out[0].second, -(1.0 / 62 + 1.0 / 60), 1e-6);
  EXPECT_EQ(out[1].first, 1u);
}

TEST(ChromaRank, WhatIsNoNumberIsLeftOut) {
  EXPECT_EQ(ranked(R"({"$log":{"$sub":{"left":)" + kDense + R"(,"right":{"$val":0.25}}}})"), "3:-2.996 ");
}

TEST(ChromaRank, RefusesWhatIsMalformed) {
  std::string many = R"({"$sum":[)";
  for (int i = 0; i < 65; ++i) many += (i ? "," : "") + kDense;
  for (const std::string& bad :
       {std::string("{}"), std::string("[]"), std::string(R"({"$foo":1})"), std::string(R"({"$sum":[]})"),
        std::string(R"({"$sum":{}})"), std::string(R"({"$sub":{"left":{"$val":1}}})"), std::string(R"({"$val":"x"})"),
        std::string(R"({"$knn":{}})"), std::string(R"({"$knn":{"query":"text"}})"),
        std::string(R"({"$knn":{"query":[1],"limit":0}})"), std::string(R"({"$knn":{"query":[1],"limit":1e15}})"),
        std::string(R"({"$knn":{"query":[1],"key":"words"}})"),
        std::string(R"({"$knn":{"query":{"indices":[1],"values":[1]}}})"),
        std::string(R"({"$knn":{"query":{"indices":[1,2],"values":[1]},"key":"w"}})"),
        std::string(R"({"$val":1,"$abs":{"$val":1}})"), many + "]}"})
    EXPECT_THROW(read(bad), Error) << bad.substr(0, 80);
}

}  // namespace
}  // namespace hanok::server::chroma
