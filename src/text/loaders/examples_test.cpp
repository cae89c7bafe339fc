// The example documents hold what examples/questions.json says, in every format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "hanok/text.h"

namespace hanok::text {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kExamples = fs::path(HANOK_SOURCE_DIR) / "examples";

Document example(const std::string& name) { return load(kExamples / "docs" / name); }

std::vector<std::string> headings(const Document& d) {
  std::vector<std::string> out;
  for (const auto& h : d.headings) {
    EXPECT_EQ(d.text.substr(h.start, h.title.size()), h.title);
    out.push_back(std::to_string(h.level) + " " + h.title);
  }
  return out;
}

std::string page_text(const Document& d, size_t page) {
  const Span s = d.pages.at(page).span;
  return d.text.substr(s.start, s.end - s.start);
}

TEST(Examples, EveryQuestionIsAnsweredByItsDocument) {
  const auto questions = base::parse_json(base::read_file(kExamples / "questions.json"), "questions.json");
  ASSERT_GE(questions.size(), 12u);
  std::set<std::string> formats;
  for (const auto& q : questions) {
    const Document d = example(q["path"].get<std::string>());
    // A line end may stand between words, in PDF.
    std::string flat = d.text;
    std::replace(flat.begin(), flat.end(), '\n', ' ');
    EXPECT_THAT(flat, HasSubstr(q["answer_contains"].get<std::string>())) << q["question"];
    formats.insert(d.format);
  }
  EXPECT_THAT(formats, ElementsAre("csv", "docx", "epub", "html", "hwpx", "md", "pdf", "pptx", "txt", "xlsx"));
}

TEST(Examples, PdfHasPagesInBothLanguages) {
  const Document english = example("history.pdf");
  EXPECT_EQ(english.title, "A short history of the house");
  ASSERT_EQ(english.pages.size(), 3u);
  EXPECT_THAT(page_text(english, 1), testing::StartsWith("Empty years and restoration\n"));
  EXPECT_EQ(english.pages[0].span.end, english.pages[1].span.start);
  EXPECT_EQ(english.pages[2].span.end, english.text.size());
  const Document korean = example("가을-축제.pdf");
  EXPECT_EQ(korean.title, "감나무골 가을 책 축제 안내");
  ASSERT_EQ(korean.pages.size(), 3u);
  EXPECT_THAT(page_text(korean, 2), HasSubstr("비가 오면 행사를 모두 군민 체육관으로 옮깁니다."));
}

TEST(Examples, Docx) {
  const Document d = example("guesthouse.docx");
  EXPECT_EQ(d.title, "Guesthouse handbook");
  EXPECT_THAT(headings(d),
              ElementsAre("1 Rooms and prices", "1 Arrival and departure", "2 Cancellation", "1 House rules"));
  EXPECT_THAT(d.text, HasSubstr("\nroom | guests | price per night\nMagpie | 2 | 68,000 won\n"));
  EXPECT_THAT(d.text, HasSubstr("\n- Quiet hours are from 22:00 to 7:00, because paper doors hide nothing.\n- Please"));
}

TEST(Examples, PptxSlidesArePagesWithNotes) {
  const Document d = example("자원봉사자-교육.pptx");
  ASSERT_EQ(d.pages.size(), 3u);
  EXPECT_EQ(page_text(d, 0),
            "자원봉사자 교육\n\n감나무골 작은도서관에 오신 것을 환영합니다\n담당: 사서 문보라\n\n"
            "교육은 모두 한 시간 반이 걸립니다. 쉬는 시간에 유자차를 준비합니다.\n\n");
  EXPECT_THAT(headings(d), ElementsAre("1 자원봉사자 교육", "1 하는 일", "1 약속"));
}

TEST(Examples, XlsxRowsNameTheirColumnsAndDatesAreDates) {
  const Document d = example("prices.xlsx");
  ASSERT_EQ(d.pages.size(), 2u);
  EXPECT_THAT(page_text(d, 0), HasSubstr("메뉴: 유자차; English: citron tea; 값(원): 4500; 비고: 따뜻하게만\n"));
  EXPECT_THAT(
      page_text(d, 1),
      HasSubstr("workshop: Natural dyeing; teacher: Cha Yeo-ul; first day: 2026-06-20; fee (won): 52000; places: 6\n"));
  EXPECT_THAT(headings(d), ElementsAre("1 차방 차림표", "1 Workshops"));
}

TEST(Examples, EpubChaptersInOrder) {
  const Document d = example("recipes.epub");
  EXPECT_EQ(d.title, "Recipes from the tea room");
  EXPECT_THAT(headings(d), ElementsAre("1 Sujeonggwa, cinnamon punch", "1 Persimmon jam", "1 약과"));
}

TEST(Examples, HwpxHeadingsAndTables) {
  const Document d = example("회의록.hwpx");
  EXPECT_EQ(d.title, "운영위원회 회의록");
  EXPECT_THAT(headings(d), ElementsAre("1 2025년 11월 운영위원회 회의록", "2 안건 1. 지붕 수리", "2 안건 2. 새 책 구입",
                                       "2 안건 3. 고양이"));
  EXPECT_THAT(d.text, HasSubstr("\n분야 | 비율\n어린이책 | 35%\n"));
}

}  // namespace
}  // namespace hanok::text
