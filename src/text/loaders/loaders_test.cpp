// Golden text of the plain formats, and what all loaders promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "hanok/text.h"
#include "text/loaders/loader.h"

namespace hanok::text {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> titles(const Document& d) {
  std::vector<std::string> out;
  for (const auto& h : d.headings) {
    EXPECT_EQ(d.text.substr(h.start, h.title.size()), h.title);
    out.push_back(std::to_string(h.level) + " " + h.title);
  }
  return out;
}

Code code_of(std::string_view name, std::string_view bytes, std::string* message = nullptr,
             const LoadOptions& options = {}) {
  try {
    load_bytes(name, bytes, options);
  } catch (const Error& e) {
    if (message) *message = e.what();
    return e.code();
  }
  ADD_FAILURE() << name << " was loaded";
  return Code::Internal;
}

// The number in the picture of README.md.
TEST(Loaders, TheReadmeCountsThem) {
  const std::string readme = base::read_file(HANOK_SOURCE_DIR "/README.md", 1 << 20);
  EXPECT_NE(readme.find(" " + std::to_string(loaders().size()) + " formats "), readme.npos) << loaders().size();
}

TEST(LoadTxt, CleansTheText) {
  const Document d = load_bytes("a.txt", "one\r\ntwo\rthree\0!\ncafe\u0301"s);
  EXPECT_EQ(d.text, "one\ntwo\nthree!\ncafé\n");
  EXPECT_EQ(d.format, "txt");
  EXPECT_TRUE(d.pages.empty());
  EXPECT_TRUE(d.headings.empty());
}

TEST(LoadTxt, NamesAreNfcToo) {
  EXPECT_EQ(load_bytes("\u1112\u1161\u11AB.TXT", "x").path, "한.TXT");
  EXPECT_EQ(load_bytes("folder.d/main.cpp", "int x;").format, "code");
}

TEST(LoadTxt, Cp949) { EXPECT_EQ(load_bytes("서울.txt", "\xBC\xAD\xBF\xEF").text, "서울\n"); }

TEST(LoadTxt, EmptyTextIsADocument) { EXPECT_EQ(load_bytes("a.txt", "").text, ""); }

TEST(LoadMarkdown, HeadingsListsTablesCode) {
  const Document d = load_bytes(
      "a.md",
      "---\ntitle: \"House rules\"\ntags: [x]\n---\n# Rules *of* the house\n\nBe **kind** to\n[books](http://x).\n\n"
      "- one\n- two\n  - three\n\n## Prices\n\n| room | won |\n|---|---|\n| small | 50,000 |\n\n```\na  b\n```\n"
      "<div>raw</div>\n\nSetext\n------\nend &amp; out");
  EXPECT_EQ(d.title, "House rules");
  EXPECT_THAT(titles(d), ElementsAre("1 Rules of the house", "2 Prices", "2 Setext"));
  EXPECT_EQ(
      d.text,
      "Rules of the house\n\nBe kind to\nbooks.\n\n- one\n- two\n- three\n\nPrices\n\nroom | won\nsmall | 50,000\n\n"
      "a  b\n\nraw\n\nSetext\n\nend & out\n");
}

TEST(LoadHtml, TextHeadingsTitleAndWhatIsSkipped) {
  const Document d = load_bytes(
      "a.html",
      "<!doctype html><html><head><title>Opening \n hours</title><style>p{}</style></head><body><nav>menu</nav>"
      "<h1>Opening <em>hours</em></h1><p>Open   from\n<b>9</b> to <i>6</i>.<br>Closed on "
      "Mondays.</p><script>x()</script>"
      "<ul><li>one<li>two</ul><h2>Prices</h2><table><tr><th>room<th>won</tr><tr><td>small</td><td>50,000</td></tr></"
      "table>"
      "<pre>a  b\nc</pre><p hidden>no</p><img alt=\"a gate\"></body></html>");
  EXPECT_EQ(d.title, "Opening hours");
  EXPECT_THAT(titles(d), ElementsAre("1 Opening hours", "2 Prices"));
  EXPECT_EQ(d.text,
            "Opening hours\n\nOpen from 9 to 6.\nClosed on Mondays.\n\n- one\n- two\n\nPrices\n\nroom | won\nsmall | "
            "50,000\n\n"
            "a  b\nc\n\na gate\n");
}

TEST(LoadHtml, CharsetFromMeta) {
  EXPECT_EQ(load_bytes("a.htm", "<meta charset=euc-kr><p>\xBC\xAD").text, "서\n");
  EXPECT_EQ(load_bytes("a.htm", "<meta http-equiv=x content='text/html; charset=EUC-KR'><p>\xBC\xAD").text, "서\n");
}

TEST(LoadHtml, DeepAndExplodingPagesAreRefused) {
  std::string deep, many = "<p>";
  for (int i = 0; i < 100000; ++i) deep += "<div>";
  EXPECT_EQ(code_of("a.html", deep), Code::Corrupt);
  // Every <p> opens all the formatting elements again.
  for (int i = 0; i < 3000; ++i) many += "<b a" + std::to_string(i) + ">";
  for (int i = 0; i < 50000; ++i) many += "<p>x";
  EXPECT_EQ(code_of("a.html", many), Code::Exhausted);
}

TEST(LoadCsv, RowsNameTheirColumns) {
  EXPECT_EQ(load_bytes("a.csv", "title,author,year\n\"Rain, again\",Kim,2019\n\"He said \"\"no\"\"\",,2020\r\n").text,
            "title: Rain, again; author: Kim; year: 2019\ntitle: He said \"no\"; year: 2020\n");
  EXPECT_EQ(load_bytes("a.tsv", "방\t값\n작은방\t\"5만\n원\"\n").text, "방: 작은방; 값: 5만 원\n");
  EXPECT_EQ(load_bytes("a.csv", "이름;값\n차;4000\n").text, "이름: 차; 값: 4000\n");
  EXPECT_EQ(load_bytes("a.csv", "1,2\n3,4\n").text, "1 | 2\n3 | 4\n");
  EXPECT_EQ(load_bytes("a.csv", "a,b").text, "a | b\n");
}

TEST(LoadJson, LinesWithKeyPaths) {
  const Document d = load_bytes("a.json", R"({"title":"Menu","tea":{"price":4000,"hot":true},"tags":["a","b"],"no":null,
      "items":[{"n":1},{"n":2}]})");
  EXPECT_EQ(d.title, "Menu");
  EXPECT_EQ(d.text, "title: Menu\ntea.price: 4000\ntea.hot: true\ntags: a\ntags: b\n\nitems.n: 1\n\nitems.n: 2\n");
  EXPECT_EQ(load_bytes("a.jsonl", "{\"a\":1}\n\n{\"a\":2}\n").text, "a: 1\n\na: 2\n");
}

TEST(LoadMarkdown, HtmlInside) {
  EXPECT_EQ(
      load_bytes(
          "a.md",
          "| Dish | Note |\n|---|---|\n| Soup | hot<br>spicy |\n\nFirst<br>second <b>bold</b> &#8211; &mdash;\n\n"
          "<table><tr><td>Deposit</td><td>77,000</td></tr></table>\n\n<div align=center>\n  <h2>Shop rules</h2>\n  <p>Refunds.</p>\n</div>\n\n"
          "<details><summary>How to reset</summary>\n\nHold **it**.\n\n</details>\n\n<ul><li>Passport</li></ul>\n\n<!-- no -->\n\n"
          "<table>\n<tr>\n\n<td>A</td>\n\n<td>B</td>\n\n</tr>\n</table>\n")
          .text,
      "Dish | Note\nSoup | hot spicy\n\nFirst\nsecond bold – —\n\nDeposit | 77,000\n\nShop rules\n\nRefunds.\n\nHow to reset\n\nHold it.\n\n"
      "- Passport\n\nA | B\n");
  const Document d = load_bytes("a.md", "<h2>Rules</h2>\n\ntext\n");
  ASSERT_EQ(d.headings.size(), 1u);
  EXPECT_EQ(d.headings[0].level, 2);
}

TEST(LoadMarkdown, ShortRulesOfTables) {
  EXPECT_EQ(load_bytes("a.md", "| Part | Price |\n|--|:-:|\n| bolt | 12 |\n\n|Dish|Cost|\n|-|-|\n|soup|7|\n").text,
            "Part | Price\nbolt | 12\n\nDish | Cost\nsoup | 7\n");
  EXPECT_EQ(load_bytes("a.md", "```\n|a|b|\n|-|-|\n```\n\n- a\n- b\n").text, "|a|b|\n|-|-|\n\n- a\n- b\n");
}

TEST(LoadHtml, CellsThatSpanAndTablesThatLayOut) {
  EXPECT_EQ(
      load_bytes(
          "a.html",
          "<table><caption>Fees</caption><tr><th>Region</th><th>City</th><th>Fee</th></tr><tr><td rowspan=2>North</td><td>Suwon</td>"
          "<td>100</td></tr><tr><td>Paju</td><td>200<br>won</td></tr><tr><td></td><td colspan=2>none</td></tr>"
          "<tr><td colspan=3>All fees are for a day.</td></tr></table>")
          .text,
      "Fees\n\nRegion | City | Fee\nNorth | Suwon | 100\nNorth | Paju | 200 won\n| none | none\nAll fees are for a day.\n");
  EXPECT_EQ(
      load_bytes("a.html", "<table><tr><td>menu</td><td><h1>Title</h1><p>one</p><p>two</p></td></tr></table>").text,
      "menu\n\nTitle\n\none\n\ntwo\n");
  EXPECT_EQ(load_bytes("a.html", "<ruby>漢<rp>(</rp><rt>한</rt><rp>)</rp>江<rt>강</rt></ruby> 다리").text,
            "漢(한)江(강) 다리\n");
  // A span that reaches over millions of cells.
  EXPECT_LT(
      load_bytes("a.html", "<table><tr><td colspan=99999999 rowspan=99999999>x</td><td>y</td></tr><tr><td>z</table>")
          .text.size(),
      10000u);
}

TEST(LoadHtml, ATermStandsOnTheLineOfWhatItMeans) {
  const auto text = [](std::string_view html) { return load_bytes("a.html", html).text; };
  EXPECT_EQ(text("<dl>\n<dt>2009년</dt>\n<dd>창업</dd><dt>2016년</dt><dd>이전</dd><dd>증자</dd></dl>"),
            "2009년: 창업\n2016년: 이전\n증자\n");
  EXPECT_EQ(text("<dl><dt>Why?</dt><dd>Because.</dd><dt>RAM</dt><dd><p>Random</p><p>access</p></dd></dl>"),
            "Why?\nBecause.\nRAM\n\nRandom\n\naccess\n")
      << "a question, and paragraphs";
  EXPECT_EQ(text("<dl><dt>a<dt>b<dd>c</dl>"), "a\nb: c\n");
}

TEST(LoadJson, AsPeopleWriteIt) {
  EXPECT_EQ(
      load_bytes("a.json", "{\n  // the editor\n  \"theme\": \"dark\", /* and */ 'size': 1.10, wide: True,\n}\n").text,
      "theme: dark\nsize: 1.10\nwide: True\n");
  EXPECT_EQ(
      load_bytes("a.json", "{\"loss\": NaN, \"best\": -Infinity, \"big\": 12345678901234567890, \"n\": 1e999}").text,
      "loss: NaN\nbest: -Infinity\nbig: 12345678901234567890\nn: 1e999\n");
  EXPECT_EQ(load_bytes("a.json", R"({"a":"\ud55c \uD83D\uDE00 \ud800 x"})").text, "a: 한 😀 \uFFFD x\n");
  EXPECT_EQ(load_bytes("a.json", "{\"a\":1}\n{\"a\":2}").text, "a: 1\n\na: 2\n");
}

TEST(LoadJson, WhatComesBeforeABreakIsRead) {
  const Document d = load_bytes("a.json", R"({"a":1,"b":"cut of)");
  EXPECT_EQ(d.text, "a: 1\n");
  ASSERT_EQ(d.notes.size(), 1u);
  EXPECT_THAT(d.notes[0], HasSubstr("at byte 11 of 18 a string does not end"));
  const Document lines = load_bytes("a.jsonl", "{\"a\":1}\n{\"b\":\"cut of\n{\"c\":3}\n");
  EXPECT_EQ(lines.text, "a: 1\n\nc: 3\n");
  ASSERT_EQ(lines.notes.size(), 1u);
  EXPECT_THAT(lines.notes[0], HasSubstr("1 of 3 lines are not valid JSON, the first is line 2"));
  EXPECT_EQ(code_of("a.json", "just words"), Code::Corrupt);
}

TEST(LoadJson, DamageIsNamed) {
  std::string message;
  EXPECT_EQ(code_of("a.json", "{\"a\":", &message), Code::Corrupt);
  EXPECT_THAT(message, HasSubstr("a.json: not valid JSON"));
  EXPECT_EQ(code_of("a.jsonl", "{}\n{", &message), Code::Corrupt);
  EXPECT_THAT(message, HasSubstr("line 2"));
  EXPECT_EQ(code_of("a.json", std::string(100000, '[')), Code::Corrupt);
}

TEST(Load, RefusalsSayWhichAndWhy) {
  std::string message;
  EXPECT_EQ(code_of("a.xyz", "", &message), Code::Unsupported);
  EXPECT_THAT(message, HasSubstr("'.xyz'"));
  EXPECT_EQ(code_of("a.txt", "%PDF-1.4 ...", &message), Code::Corrupt);
  EXPECT_THAT(message, HasSubstr("named .txt but begins like a PDF; rename it to .pdf"));
  std::string noise;
  uint32_t state = 7;
  for (int i = 0; i < 4000; ++i) noise.push_back(static_cast<char>((state = state * 1664525u + 1013904223u) >> 24));
  EXPECT_EQ(code_of("a.txt", noise), Code::Corrupt);
  EXPECT_EQ(code_of("a.txt", "12345", &message, {.max_file_bytes = 4}), Code::Exhausted);
  EXPECT_EQ(code_of("a.txt", "12345", &message, {.max_text_bytes = 4}), Code::Exhausted);
}

TEST(Load, ReadsFilesAndSaysWhenThereIsNone) {
  const base::TempFolder folder;
  base::write_file_atomic(folder.path() / "n.txt", "hello");
  EXPECT_EQ(load(folder.path() / "n.txt").text, "hello\n");
  try {
    load(folder.path() / "none.txt");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::NotFound);
  }
}

TEST(Load, TextWithoutASuffixIsRead) {
  EXPECT_EQ(load_bytes("README", "읽어 보세요").text, "읽어 보세요\n");
  EXPECT_EQ(load_bytes("docs/Makefile", "all:\n").format, "txt");
  EXPECT_EQ(load_bytes("syslog.1", "Mar 4 started").text, "Mar 4 started\n");
  EXPECT_EQ(load_bytes("plan v2.1 final", "한 줄").text, "한 줄\n");
  std::string message;
  EXPECT_EQ(code_of("hanok",
                    "\x7F"
                    "ELF\2\1\1",
                    &message),
            Code::Corrupt);
  EXPECT_THAT(message, HasSubstr("has no suffix but begins like a program (ELF)"));
  EXPECT_EQ(code_of("core", std::string(300, '\1'), &message), Code::Corrupt);
  EXPECT_THAT(message, HasSubstr("has no suffix but is not text"));

  const base::TempFolder folder;
  const auto file = [&](const char* name, std::string_view bytes) {
    base::write_file_atomic(folder.path() / name, bytes);
    return folder.path() / name;
  };
  std::string korean;
  while (korean.size() < 5000) korean += "안내문 ";
  EXPECT_TRUE(loadable(file("LICENSE", korean)));  // the start that is looked at ends within a syllable
  EXPECT_TRUE(loadable(file("cp949", "\xBC\xAD\xBF\xEF")));
  EXPECT_FALSE(loadable(file("noise", std::string(4096, '\3'))));
  EXPECT_FALSE(loadable(file("picture", "\x89PNG\r\n\x1A")));
  EXPECT_FALSE(loadable(file("empty", "")));
  EXPECT_FALSE(loadable(folder.path() / "none"));
}

TEST(Load, Suffixes) {
  EXPECT_TRUE(loadable("x/NOTES.MD"));
  EXPECT_FALSE(loadable("x/picture.png"));
  EXPECT_FALSE(loadable(".txt"));  // a hidden file without a suffix
  const auto all = loadable_suffixes();
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_THAT(all, testing::Contains(".csv"));
}

}  // namespace
}  // namespace hanok::text
