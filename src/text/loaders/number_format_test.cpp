#include "text/loaders/number_format.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hanok::text {
namespace {

struct Shown {
  const char* code;
  double value;
  const char* text;
};

void expect_shown(const std::vector<Shown>& cases) {
  for (const auto& c : cases) EXPECT_EQ(NumberFormat(c.code).show(c.value), c.text) << c.code << " of " << c.value;
}

TEST(NumberFormat, Numbers) {
  expect_shown({{"0", 2.5, "3"},
                {"0", -0.4, "0"},
                {"0.00", 1.005, "1.01"},  // its first 15 digits decide, as in sheets
                {"0.00", -7.5, "-7.50"},
                {"#,##0", 1234567, "1,234,567"},
                {"#,##0", 0, "0"},
                {"#,##0.00", 1234.5, "1,234.50"},
                {"#,###", 0, ""},
                {"#.##", 0.5, ".5"},
                {"0.0#", 2, "2.0"},
                {"00000", 3142, "03142"},
                {"000-0000-0000", 1055550199, "010-5555-0199"},
                {"(###) ###-####", 2065550123, "(206) 555-0123"},
                {"0%", 0.25, "25%"},
                {"0.00%", 0.075, "7.50%"},
                {"0.0,", 12345, "12.3"},
                {"0.0,,\"M\"", 12345678, "12.3M"},
                {"0.00E+00", 12345, "1.23E+04"},
                {"0.00E+00", 0.00012, "1.20E-04"},
                {"0.0E+0", 9.99, "1.0E+1"},
                {"##0.0E+0", 12345, "12.3E+3"},
                {"General", 1.1000000000000001, "1.1"},
                {"General\"kg\"", 5, "5kg"},
                {"", 7, "7"}});
}

TEST(NumberFormat, MoneyAndSections) {
  expect_shown({{"\"₩\"#,##0", 140000, "₩140,000"},
                {"[$₩-412]#,##0", 1900, "₩1,900"},
                {"#,##0\"원\"", 5000, "5,000원"},
                {"#,##0원", 5000, "5,000원"},
                {"[$$-409]#,##0.00", 3.5, "$3.50"},
                {"$#,##0_);($#,##0)", -1234, "($1,234)"},
                {"#,##0_);[Red](#,##0)", -1234, "(1,234)"},
                {"0;-0;\"none\"", 0, "none"},
                {"_-* #,##0_-;-* #,##0_-;_-* \"-\"_-;_-@_-", 0, "-"},
                {"[<=9999999]###-####;(###) ###-####", 5550123, "555-0123"},
                {"[<=9999999]###-####;(###) ###-####", 2065550123, "(206) 555-0123"},
                {"[>=1000]\"big\";[<0]\"small\";0", 5, "5"},
                {"[>=1000]\"big\";[<0]\"small\";0", 1000, "big"},
                {"[>=1000]\"big\";[<0]\"small\";0", -1, "small"},
                {";;;", 5, ""}});
}

TEST(NumberFormat, Fractions) {
  expect_shown({{"# ?/?", 1.25, "1 1/4"},
                {"# ?/?", 0.5, "1/2"},
                {"# ?/?", 3, "3"},
                {"# ?"
                 "?/?"
                 "?",
                 0.3125, "5/16"},
                {"?/?", 1.25, "5/4"},
                {"# ?/8", 0.5, "4/8"},
                {"# ?/?", 0.999, "1"}});
}

TEST(NumberFormat, DatesTimesAndDurations) {
  expect_shown({{"yyyy-mm-dd", 45717, "2025-03-01"},
                {"m/d/yy", 45717, "3/1/25"},
                {"dd/mm/yyyy", 45717, "01/03/2025"},
                {"d-mmm-yy", 45717, "1-Mar-25"},
                {"mmmm d, yyyy", 45717, "March 1, 2025"},
                {"dddd", 45717, "Saturday"},
                {"yyyy\"년\" m\"월\" d\"일\"", 45717, "2025년 3월 1일"},
                {"yyyy\"년\" mm\"월\" dd\"일\" aaaa", 45717, "2025년 03월 01일 토요일"},
                {"[$-412]yyyy-mm-dd ddd", 45717, "2025-03-01 토"},
                {"yyyy-mm-dd hh:mm", 45717.395833333336, "2025-03-01 09:30"},
                {"h:mm", 0.5, "12:00"},
                {"h:mm:ss AM/PM", 0.75, "6:00:00 PM"},
                {"[$-412]AM/PM h:mm", 0.75, "오후 6:00"},
                {"h\"시\" mm\"분\"", 0.395833333333333, "9시 30분"},
                {"mm:ss.0", 0.00075, "01:04.8"},
                {"[h]:mm", 1.25, "30:00"},
                {"[h]:mm:ss", 1.0000115740740741, "24:00:01"},
                {"[mm]:ss", 0.05, "72:00"},
                {"[h]:mm", -0.4, "-9:36"},
                {"yyyy-mm-dd", 1, "1900-01-01"},
                {"yyyy-mm-dd", 61, "1900-03-01"},
                {"yyyy-mm-dd", -5, "-5"},
                {"yyyy-mm-dd", 2958466, "2958466"}});
  EXPECT_EQ(NumberFormat("yyyy-mm-dd").show(44634, true), "2026-03-15");
  EXPECT_EQ(NumberFormat("[$-409]d-mmm-yyyy;@").show(45717), "1-Mar-2025");
  EXPECT_EQ(NumberFormat("0.0;@").show(-1.5), "-1.5");
}

TEST(NumberFormat, TextAndBuiltInCodes) {
  EXPECT_EQ(NumberFormat("0;0;0;\"Dear \"@").show_text("Mina"), "Dear Mina");
  EXPECT_EQ(NumberFormat("@\" 님\"").show_text("미나"), "미나 님");
  EXPECT_EQ(NumberFormat("0.00").show_text("word"), "word");
  EXPECT_EQ(NumberFormat("@").show(1.5), "1.5");
  EXPECT_EQ(NumberFormat(builtin_number_format(9)).show(0.25), "25%");
  EXPECT_EQ(NumberFormat(builtin_number_format(14)).show(45717), "2025-03-01");
  EXPECT_EQ(NumberFormat(builtin_number_format(31)).show(45717), "2025년 03월 01일");
  EXPECT_EQ(NumberFormat(builtin_number_format(46)).show(1.25), "30:00:00");
  EXPECT_EQ(builtin_number_format(-1), "General");
  EXPECT_EQ(builtin_number_format(1000), "General");
}

TEST(NumberFormat, WithoutAFormat) {
  const std::vector<std::pair<double, std::string>> cases{{7.4999999999999997E-2, "0.075"},
                                                          {0.30000000000000004, "0.3"},
                                                          {1234567.8900000001, "1234567.89"},
                                                          {123456789012, "123456789012"},
                                                          {-0.5, "-0.5"},
                                                          {0, "0"},
                                                          {1e21, "1E+21"},
                                                          {1.5e-12, "1.5E-12"},
                                                          {1e15, "1000000000000000"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(general_number(value), text);
}

TEST(NumberFormat, HostileCodesShowSomethingOrNothing) {
  const std::string many(5000, '0');
  for (const std::string& code :
       {std::string("["), std::string("\""), std::string("\\"), std::string("_"), std::string("0/"), std::string("/0"),
        std::string("?/0"), std::string("E+"), std::string("0E+"), std::string("[h"), std::string("[<]0"),
        std::string(";;;;;;;"), std::string("0.0.0"), std::string("%%%%%%%%%%"), many,
        std::string(1000, '#') + "." + std::string(20, '0')})
    for (const double value : {0.0, 1.5, -1e300, 1e300, 5e-324, std::nan(""), 45717.5}) {
      const NumberFormat format(code);
      EXPECT_LT(format.show(value).size(), 8192u) << code;
      EXPECT_LT(format.show_text("x").size(), 8192u);
    }
}

}  // namespace
}  // namespace hanok::text
