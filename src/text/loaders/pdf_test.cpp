// What pdftotext -bbox-layout prints -> text: rows of tables together, columns of prose apart.
#include "text/loaders/pdf.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "text/loaders/document_checks.h"
#include "text/loaders/pdf_tables.h"

namespace hanok::text {
namespace {

// A page as it is printed: each call of text() is a line with its words; letters are half as wide as high.
class Sheet {
 public:
  explicit Sheet(float size = 10) : size_(size) {}

  Sheet& flow() {
    printed_ += "<flow>\n";
    return *this;
  }
  Sheet& page() {
    printed_ += "</page>\n<page width=\"595\" height=\"842\">\n";
    return *this;
  }
  Sheet& row(float y, const std::vector<std::string>& cells) {
    for (size_t c = 0; c < cells.size(); ++c) flow().text(60 + 150 * static_cast<float>(c), y, cells[c]);
    return *this;
  }
  Sheet& text(float x, float y, const std::string& words) {
    std::string line;
    float at = x, right = x;
    for (size_t i = 0; i < words.size();) {
      const size_t end = std::min(words.find(' ', i), words.size());
      right = at + static_cast<float>(end - i) * size_ / 2;
      line += "<word " + box(at, y, right, y + size_) + ">" + words.substr(i, end - i) + "</word>\n";
      at = right + size_ / 4;
      i = end + 1;
    }
    printed_ += "<line " + box(x, y, right, y + size_) + ">\n" + line + "</line>\n";
    return *this;
  }
  std::string read() const {
    const std::string all = "<doc>\n<page width=\"595\" height=\"842\">\n" + printed_ + "</page>\n</doc>\n";
    const LoadOptions options;
    const Source source{"a.pdf", {}, options};
    Writer out(source);
    Hyphens hyphens;
    write_pages(read_layout(all), 1, hyphens, out);
    const Document d = out.finish();
    EXPECT_EQ(broken_promise(d), "");
    return d.text;
  }

 private:
  static std::string box(float left, float top, float right, float bottom) {
    char text[160];
    std::snprintf(text, sizeof text, "xMin=\"%.2f\" yMin=\"%.2f\" xMax=\"%.2f\" yMax=\"%.2f\"",
                  static_cast<double>(left), static_cast<double>(top), static_cast<double>(right),
                  static_cast<double>(bottom));
    return text;
  }
  float size_;
  std::string printed_;
};

const std::vector<std::string> kProse{"the committee met on a rainy",  "afternoon to discuss the many",
                                      "boats that pass below it each", "morning and nobody could agree",
                                      "about the colour of railings",  "but everyone liked wide paths"};

TEST(PdfTables, NamesOverSeveralColumnsAreNamesOfEach) {
  Sheet page;
  page.flow().text(255, 100, "Summer");
  page.flow().text(382, 100, "Winter");
  page.flow().text(60, 109, "Ticket");  // a cell as high as both rows
  const auto row = [&](float y, const std::vector<std::string>& cells) {
    page.flow().text(60, y, cells[0]);
    for (size_t c = 1; c < cells.size(); ++c) page.flow().text(170 + 60 * static_cast<float>(c), y, cells[c]);
  };
  for (size_t c = 1; c < 5; ++c) page.flow().text(170 + 60 * static_cast<float>(c), 118, c % 2 ? "Weekday" : "Weekend");
  row(136, {"Adult", "14.00", "17.50", "9.00", "11.00"});
  row(154, {"Student", "8.00", "9.50", "5.00", "6.50"});
  EXPECT_EQ(page.read(),
            "Ticket | Summer Weekday | Summer Weekend | Winter Weekday | Winter Weekend\n"
            "Adult | 14.00 | 17.50 | 9.00 | 11.00\nStudent | 8.00 | 9.50 | 5.00 | 6.50\n");
}

TEST(PdfTables, EveryCellAFlowOfItsOwn) {
  Sheet page;
  page.flow().text(60, 100, "Our prices");
  const std::vector<std::vector<std::string>> rows{
      {"Item", "Qty", "Price"}, {"Bolt M8", "12", "350"}, {"Nut M8", "40", "90"}, {"Hinge", "5", "1,900"}};
  for (size_t r = 0; r < rows.size(); ++r)
    for (size_t c = 0; c < 3; ++c)
      page.flow().text(60 + 150 * static_cast<float>(c), 140 + 20 * static_cast<float>(r), rows[r][c]);
  page.flow().text(60, 400, "Thank you");
  EXPECT_EQ(page.read(),
            "Our prices\n\nItem | Qty | Price\nBolt M8 | 12 | 350\nNut M8 | 40 | 90\nHinge | 5 | 1,900\n\nThank you\n");
}

TEST(PdfTables, RowsOfLaterPagesHaveTheNamesOfTheColumns) {
  Sheet pages;
  pages.flow().text(60, 60, "Our prices").row(100, {"Item", "Qty", "Price"}).row(120, {"Bolt M8", "12", "350"});
  pages.row(140, {"Nut M8", "40", "90"}).flow().text(290, 800, "1");
  pages.page().flow().text(60, 30, "Our prices").row(60, {"Hinge", "5", "1,900"}).row(80, {"Screw", "200", "15"});
  pages.flow().text(290, 800, "2");
  pages.page().row(60, {"Washer", "90", "7"}).flow().text(60, 200, "All with tax.");
  EXPECT_EQ(pages.read(),
            "Our prices\n\nItem | Qty | Price\nBolt M8 | 12 | 350\nNut M8 | 40 | 90\n\n1\n\nOur prices\n\n"
            "Item | Qty | Price\nHinge | 5 | 1,900\nScrew | 200 | 15\n\n2\n\n"
            "Item | Qty | Price\nWasher | 90 | 7\n\nAll with tax.\n");
}

TEST(PdfTables, NamesAreRepeatedOnlyWhereTheTableGoesOn) {
  const auto first_page = [] {
    return Sheet().row(100, {"Item", "Qty", "Price"}).row(120, {"Bolt", "12", "350"}).row(140, {"Nut", "40", "90"});
  };
  const std::string before = "Item | Qty | Price\nBolt | 12 | 350\nNut | 40 | 90\n\n";
  // The page says them itself.
  EXPECT_EQ(first_page().page().row(60, {"Item", "Qty", "Price"}).row(80, {"Hinge", "5", "1,900"}).read(),
            before + "Item | Qty | Price\nHinge | 5 | 1,900\n");
  // Another table.
  EXPECT_EQ(first_page().page().row(60, {"Town", "Boats", "Piers"}).row(80, {"Ely", "5", "2"}).read(),
            before + "Town | Boats | Piers\nEly | 5 | 2\n");
  // Other columns.
  EXPECT_EQ(first_page().page().row(60, {"Ely", "5"}).row(80, {"Wells", "9"}).row(100, {"Bath", "4"}).read(),
            before + "Ely | 5\nWells | 9\nBath | 4\n");
  // Text between the two.
  Sheet apart = first_page();
  for (int i = 0; i < 4; ++i) apart.flow().text(60, 300 + 40 * static_cast<float>(i), "and so it went on");
  EXPECT_EQ(apart.page().row(60, {"Ely", "5", "2"}).row(80, {"Wells", "9", "1"}).read().find("Price", before.size()),
            std::string::npos);
  // No names to repeat.
  EXPECT_EQ(Sheet()
                .row(100, {"Rent", "900", "1"})
                .row(120, {"Power", "55", "2"})
                .page()
                .row(60, {"Gas", "8", "3"})
                .row(80, {"Water", "31", "4"})
                .read(),
            "Rent | 900 | 1\nPower | 55 | 2\n\nGas | 8 | 3\nWater | 31 | 4\n");
}

TEST(PdfTables, ColumnsPrintedOneAfterTheOther) {
  Sheet page;
  const std::vector<std::vector<std::string>> columns{{"Rent", "Power", "Water"}, {"900", "55", "31"}};
  for (size_t c = 0; c < 2; ++c) {
    page.flow();
    for (size_t r = 0; r < 3; ++r)
      page.text(60 + 150 * static_cast<float>(c), 140 + 12 * static_cast<float>(r), columns[c][r]);
  }
  EXPECT_EQ(page.read(), "Rent | 900\nPower | 55\nWater | 31\n");
}

TEST(PdfTables, CellsOfSeveralLinesAndMissingCells) {
  Sheet page;
  page.flow().text(60, 100, "Item").text(150, 100, "What it is").text(400, 100, "Price");
  page.text(150, 130, "zinc plated and strong enough for all")
      .text(60, 136, "Bolt")
      .text(400, 136, "350")
      .text(150, 142, "kinds of furniture");
  page.text(60, 170, "Nut").text(150, 170, "fits the bolt");
  page.text(60, 190, "Hinge").text(400, 190, "1,900");
  EXPECT_EQ(
      page.read(),
      "Item | What it is | Price\nBolt | zinc plated and strong enough for all kinds of furniture | 350\nNut | fits the bolt\n"
      "Hinge |  | 1,900\n");
}

TEST(PdfTables, ListsKeepTheirMarks) {
  Sheet page;
  for (size_t i = 0; i < 3; ++i)
    page.flow()
        .text(60, 100 + 12 * static_cast<float>(i), "•")
        .flow()
        .text(90, 100 + 12 * static_cast<float>(i), "bring a towel");
  EXPECT_EQ(page.read(), "• bring a towel\n• bring a towel\n• bring a towel\n");
}

TEST(PdfTables, ColumnsOfProseAreReadDownwards) {
  Sheet page;
  std::string expected;
  for (size_t c = 0; c < 2; ++c) {
    page.flow();
    for (size_t r = 0; r < kProse.size(); ++r)
      page.text(60 + 250 * static_cast<float>(c), 100 + 12 * static_cast<float>(r), kProse[r]),
          expected += kProse[r] + "\n";
    if (c == 0) expected += "\n";
  }
  EXPECT_EQ(page.read(), expected);
}

TEST(PdfTables, AnIndexAndNotesInAMarginAreReadDownwards) {
  Sheet index;
  std::string expected;
  for (size_t c = 0; c < 2; ++c) {
    index.flow();
    for (int r = 0; r < 20; ++r) {
      const std::string entry =
          "apple" + std::to_string(c * 20 + static_cast<size_t>(r)) + ", " + std::to_string(100 + r);
      index.text(60 + 250 * static_cast<float>(c), 100 + 12 * static_cast<float>(r), entry);
      expected += entry + "\n";
    }
    if (c == 0) expected += "\n";
  }
  EXPECT_EQ(index.read(), expected);

  Sheet margin;
  margin.flow();
  for (size_t r = 0; r < kProse.size() * 2; ++r)
    margin.text(200, 100 + 12 * static_cast<float>(r), kProse[r % kProse.size()]);
  margin.flow().text(60, 112, "see the").text(60, 124, "chapter on").text(60, 136, "boats");
  EXPECT_NE(margin.read().find("\n\nsee the\nchapter on\nboats\n"), std::string::npos);
}

TEST(PdfText, FlowsAreParagraphsAndWordsAreWhole) {
  Sheet page;
  page.flow()
      .text(60, 100, "the pump does not con-")
      .text(60, 112, "tinue after 24-")
      .text(60, 124, "48 months &amp; &lt;more")
      .flow()
      .text(60, 160, "next");
  EXPECT_EQ(page.read(), "the pump does not continue after 24-48 months & <more\n\nnext\n");
}

TEST(PdfText, SmallRaisedWordsAreSuperscripts) {
  const auto word = [](float left, float top, float right, float bottom, const char* text) {
    return PdfWord{left, top, right, bottom, text};
  };
  EXPECT_EQ(line_text({word(0, 0, 20, 10, "1905"), word(20, -2, 23, 4, "2"), word(30, 0, 40, 10, "10"),
                       word(40, -2, 43, 4, "3"), word(48, 0, 54, 10, "H"), word(54, 6, 57, 12, "2"),
                       word(57, 0, 63, 10, "O")}),
            "1905^2 10^3 H2O");
}

TEST(PdfText, HostileLayoutsGiveText) {
  for (const char* printed : {"", "<page ", "<page >", "<page ><line ><word >x", "<page ><word >x</word>",
                              "<page ><line xMin=\"nan\" yMax=\"1e999\"><word xMin=\"inf\">x</word>"})
    for (const auto& page : read_layout(printed)) find_tables(page);
}

}  // namespace
}  // namespace hanok::text
