#include "chain/answer/shown.h"

#include <gtest/gtest.h>

namespace hanok::chain::answer {
namespace {

TEST(Shown, BrokenLinesAreJoined) {
  EXPECT_EQ(shown("The roof will be\nrepaired  in\r\n  June."), "The roof will be repaired in June.");
  EXPECT_EQ(shown("we will meet\n> on Friday\n>> at nine."), "we will meet on Friday at nine.");
  EXPECT_EQ(shown("5 > 3, as\nbefore"), "5 > 3, as before");
  EXPECT_EQ(shown("감나무골\n도서관"), "감나무골 도서관");
  EXPECT_EQ(shown(""), "");
}

TEST(Shown, ARowHasTheNamesOfItsColumns) {
  EXPECT_EQ(shown("Moon | 5 | 140,000 won", "room | guests | price"), "room: Moon; guests: 5; price: 140,000 won");
  EXPECT_EQ(shown("Moon | | 140,000 won", "room | guests | price"), "room: Moon; price: 140,000 won");
  EXPECT_EQ(shown("Rent\t900", "item\teuros"), "item: Rent; euros: 900");
  EXPECT_EQ(shown("Moon | 5", ""), "Moon | 5");
  EXPECT_EQ(shown("a | b | c", "x | y"), "x: a; y: b; c");
}

TEST(Shown, TheTablesFirstRowIsFoundAbove) {
  const std::string text = "Prices\n\nroom | price\nSun | 90\nMoon | 140\n\nplain\n1 | 2\n3 | 4\n";
  EXPECT_EQ(columns_above(text, text.find("Moon")), "room | price");
  EXPECT_EQ(columns_above(text, text.find("3 | 4")), "") << "no names";
  EXPECT_EQ(columns_above(text, text.find("plain")), "");
  EXPECT_EQ(columns_above(text, 0), "");
  EXPECT_EQ(columns_above("a | b\n1 | 2", 6), "a | b");
  const std::string fees = "항목 | 101동\n청소비 | 8,400\n난방비 | 71,000\n";
  EXPECT_EQ(columns_above(fees, fees.find("난방비")), "항목 | 101동");
  EXPECT_EQ(columns_above(fees, fees.find("청소비")), "항목 | 101동");
}

}  // namespace
}  // namespace hanok::chain::answer
