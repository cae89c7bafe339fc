#include "text/loaders/raised.h"

#include <gtest/gtest.h>

#include "hanok/text.h"

namespace hanok::text {
namespace {

std::string html(const std::string& body) {
  const std::string text = load_bytes("a.html", "<p>" + body + "</p>").text;
  return text.substr(0, text.size() - 1);
}

TEST(Raised, MarksOfNotesStandApartFromWords) {
  EXPECT_EQ(html("The treaty<sup>1</sup> began in 1905<sup>2</sup>."), "The treaty[1] began in 1905^2.");
  EXPECT_EQ(html("한강<sup>3</sup>은 길다.<sup>4,5</sup>"), "한강[3]은 길다.[4,5]");
  EXPECT_EQ(html("in 1905<sup><a href='#n1' epub:type='noteref'>2</a></sup>"), "in 1905[2]");
  EXPECT_EQ(html("in 1905<sup class='reference'><a href='#cite-2'>[2]</a></sup>"), "in 1905[2]");
  EXPECT_EQ(html("Tamna<a epub:type='noteref' href='#n'>7</a> in spring"), "Tamna[7] in spring");
  EXPECT_EQ(html("a word<sup>*</sup>"), "a word*");
}

TEST(Raised, PowersUnitsLettersAndSubscripts) {
  EXPECT_EQ(html("10<sup>3</sup> m<sup>2</sup>, 5 km<sup>3</sup>, x<sup>n+1</sup>, (a+b)<sup>2</sup>"),
            "10^3 m², 5 km³, x^n+1, (a+b)^2");
  EXPECT_EQ(html("10<sup>-3</sup>"), "10^-3");
  EXPECT_EQ(html("the 21<sup>st</sup> of May, M<sup>lle</sup>"), "the 21st of May, Mlle");
  EXPECT_EQ(html("H<sub>2</sub>O, CO<sub>2</sub>, 1010<sub>2</sub>, x<sub>i</sub>"), "H2O, CO2, 1010_2, xi");
}

TEST(Raised, InHeadingsCellsAndMarkdown) {
  EXPECT_EQ(
      load_bytes("a.html",
                 "<h1>Treaty<sup>1</sup></h1><table><tr><td>1905<sup>2</sup></td><td>m<sup>2</sup></td></tr></table>")
          .text,
      "Treaty[1]\n\n1905^2 | m²\n");
  EXPECT_EQ(load_bytes("a.md", "In 1905<sup>2</sup> H<sub>2</sub>O.\n\n# A<sup>1</sup>B\n\nopen <sup>7\n\nnext").text,
            "In 1905^2 H2O.\n\nA^1B\n\nopen 7\n\nnext\n");
}

TEST(Raised, RunsThatAreRaisedAlikeAreOne) {
  RaisedText text;
  text.add("10");
  text.add("1", 30000);
  text.add("2", 1);
  text.add(" m");
  text.add("2", -1);
  text.note("3");
  EXPECT_EQ(text.take(), "10^12 m2[3]");
  EXPECT_TRUE(text.empty());
}

}  // namespace
}  // namespace hanok::text
