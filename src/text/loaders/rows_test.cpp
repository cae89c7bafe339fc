// Tables of sheets: which row is the header, where a second table begins.
#include <gtest/gtest.h>

#include "hanok/text.h"

namespace hanok::text {
namespace {

std::string csv(std::string_view text) { return load_bytes("a.csv", text).text; }

TEST(Rows, ASecondTableHasItsOwnNames) {
  EXPECT_EQ(csv("Name,Age\nKim,30\n\nProduct,Price\nLamp,9900\n"),
            "Name: Kim; Age: 30\n\nProduct: Lamp; Price: 9900\n");
  EXPECT_EQ(csv("Name,Age\nKim,30\n,\n\nOur lamps\nProduct,Price,Stock\nLamp,9900,3\n"),
            "Name: Kim; Age: 30\n\nOur lamps\nProduct: Lamp; Price: 9900; Stock: 3\n");
  EXPECT_EQ(
      csv("Name,City\nKim,Seoul\n\nTown,People,Hills\nDaegu,many,few\nBusan,many,some\n"),
      "Name: Kim; City: Seoul\n\nTown: Daegu; People: many; Hills: few\nTown: Busan; People: many; Hills: some\n");
}

TEST(Rows, AnEmptyRowInsideATableIsJustSpace) {
  EXPECT_EQ(csv("Name,Age\nKim,30\n\nLee,40\nPark,50\n"),
            "Name: Kim; Age: 30\nName: Lee; Age: 40\nName: Park; Age: 50\n");
  EXPECT_EQ(csv("Name,City\nKim,Seoul\n\nLee,Busan\nPark,Daegu\n"),
            "Name: Kim; City: Seoul\nName: Lee; City: Busan\nName: Park; City: Daegu\n");
  EXPECT_EQ(csv("Name,Age\n\nKim,30\nLee,40\n"), "Name: Kim; Age: 30\nName: Lee; Age: 40\n");
  EXPECT_EQ(csv("Name,Age\nKim,30\n\nLee,n/a\nPark,50\n"),
            "Name: Kim; Age: 30\nName: Lee; Age: n/a\nName: Park; Age: 50\n");
}

TEST(Rows, NumbersThatNameColumns) {
  EXPECT_EQ(csv("Item,2024,2025\nLamp,1,2\n"), "Item: Lamp; 2024: 1; 2025: 2\n");
  EXPECT_EQ(csv("Item,2024,2025,2026\nLamp,1,2,3\n"), "Item: Lamp; 2024: 1; 2025: 2; 2026: 3\n");
  EXPECT_EQ(csv(",2025-01,2025-02\nRent,900,910\n"), "Rent; 2025-01: 900; 2025-02: 910\n");
  EXPECT_EQ(csv("Item,1,2,3\nLamp,40,7,9\n"), "Item: Lamp; 1: 40; 2: 7; 3: 9\n");
  EXPECT_EQ(csv("품목,2024,2025\n차,4000원,4500원\n"), "품목: 차; 2024: 4000원; 2025: 4500원\n");
  // Values: the next row has the like.
  EXPECT_EQ(csv("Rain,2019\nSun,2020\n"), "Rain | 2019\nSun | 2020\n");
  EXPECT_EQ(csv("Kim,10,20,30\nLee,7,1,4\n"), "Kim | 10 | 20 | 30\nLee | 7 | 1 | 4\n");
  EXPECT_EQ(csv("Lamp,\"₩1,200\"\nDesk,\"₩9,900\"\n"), "Lamp | ₩1,200\nDesk | ₩9,900\n");
}

TEST(Rows, HeadersOfTwoRowsAndHeadersAgain) {
  EXPECT_EQ(
      csv("Item,2024,,2025,\n,H1,H2,H1,H2\nLamp,1,2,3,4\nDesk,5,6,7,8\n"),
      "Item: Lamp; 2024 H1: 1; 2024 H2: 2; 2025 H1: 3; 2025 H2: 4\nItem: Desk; 2024 H1: 5; 2024 H2: 6; 2025 H1: 7; 2025 H2: 8\n");
  EXPECT_EQ(csv("Name,Age\nKim,30\nLee,40\nName,Age\nPark,50\n"),
            "Name: Kim; Age: 30\nName: Lee; Age: 40\nName: Park; Age: 50\n");
}

TEST(Rows, ATableBesideAnother) {
  EXPECT_EQ(
      csv("Name,Age,,,\nKim,30,,,\nLee,40,,Product,Price\nPark,50,,Lamp,9900\n"),
      "Name: Kim; Age: 30\nName: Lee; Age: 40; Product; Price\nName: Park; Age: 50; Product: Lamp; Price: 9900\n");
}

}  // namespace
}  // namespace hanok::text
