// HWP 5: what of a document becomes text, what is refused, and hostile containers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/loaders/document_checks.h"
#include "text/loaders/ole.h"
#include "text/loaders/ole_maker.h"

namespace hanok::text {
namespace {

using testing::HasSubstr;
using Strings = std::vector<std::string>;

Document read(const std::string& bytes) {
  const Document d = load_bytes("a.hwp", bytes);
  EXPECT_EQ(broken_promise(d), "");
  return d;
}

std::string why(std::string_view name, const std::string& bytes, Code code, const LoadOptions& options = {}) {
  try {
    load_bytes(name, bytes, options);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  ADD_FAILURE() << name << " was loaded";
  return {};
}

// A control character that carries something: eight units.
std::string wide(uint16_t c) { return le_bytes(c, 2) + std::string(12, 'x') + le_bytes(c, 2); }
std::string counted(std::string_view text) { return le_bytes(to_utf16le(text).size() / 2, 2) + to_utf16le(text); }

// A paragraph; `text` in UTF-16 with its control characters, `controls` the records that these stand for.
std::string units_paragraph(uint32_t level, const std::string& text, const std::string& controls = {}, int style = 0,
                            int shape = 0) {
  const std::string head = le_bytes(text.size() / 2, 4) + le_bytes(0, 4) + le_bytes(static_cast<uint64_t>(shape), 2) +
                           le_bytes(static_cast<uint64_t>(style), 1) + std::string(11, '\0');
  return hwp_record(0x42, level, head) + hwp_record(0x43, level + 1, text + le_bytes(13, 2)) + controls;
}
std::string paragraph(uint32_t level, std::string_view text, const std::string& controls = {}, int style = 0,
                      int shape = 0) {
  return units_paragraph(level, to_utf16le(text), controls, style, shape);
}

std::string control(uint32_t level, std::string id, const std::string& data = {}, const std::string& inside = {}) {
  std::reverse(id.begin(), id.end());
  return hwp_record(0x47, level, id + data) + inside;
}
std::string list(uint32_t level, const std::string& paragraphs) {
  return hwp_record(0x48, level, std::string(8, '\0')) + paragraphs;
}
std::string cell(uint32_t level, int row, int column, int rows, int columns, const std::string& paragraphs) {
  std::string data(8, '\0');
  for (const int n : {column, row, columns, rows}) data += le_bytes(static_cast<uint64_t>(n), 2);
  return hwp_record(0x48, level, data) + paragraphs;
}
std::string table(uint32_t level, int rows, int columns, const std::string& cells, const std::string& caption = {}) {
  return control(level, "tbl ", std::string(40, '\0'),
                 caption +
                     hwp_record(0x4D, level + 1,
                                le_bytes(0, 4) + le_bytes(static_cast<uint64_t>(rows), 2) +
                                    le_bytes(static_cast<uint64_t>(columns), 2)) +
                     cells);
}

std::string style(std::string_view name, std::string_view english) {
  return hwp_record(0x1A, 0, counted(name) + counted(english) + std::string(8, '\0'));
}

TEST(Hwp, SignsHeadingsListsAndSections) {
  const std::string info = hwp_record(0x19, 0, le_bytes(0, 4)) + hwp_record(0x19, 0, le_bytes(3u << 23, 4)) +
                           style("바탕글", "Normal") + style("개요 2", "Outline 2");
  const std::string signs = to_utf16le("가") + wide(9) + to_utf16le("나") + le_bytes(10, 2) + to_utf16le("다") +
                            le_bytes(24, 2) + to_utf16le("라") + le_bytes(30, 2) + to_utf16le("\U0001F600");
  const Document d = read(make_hwp({units_paragraph(0, signs) + paragraph(0, "둘째 장", {}, 1) +
                                        paragraph(0, "하나", {}, 0, 1) + paragraph(0, "둘", {}, 0, 1),
                                    paragraph(0, "다음 구역")},
                                   info));
  EXPECT_EQ(d.text, "가 나\n다-라 😀\n\n둘째 장\n\n- 하나\n- 둘\n\n다음 구역\n");
  ASSERT_EQ(d.headings.size(), 1u);
  EXPECT_EQ(d.headings[0].level, 2);
  EXPECT_EQ(d.format, "hwp");
}

TEST(Hwp, SectionsComeInTheOrderOfTheirNumbers) {
  Strings sections;
  for (int i = 0; i < 12; ++i) sections.push_back(paragraph(0, "구역 " + std::to_string(i)));
  const std::string text = read(make_hwp(sections)).text;
  EXPECT_LT(text.find("구역 2"), text.find("구역 10"));
}

TEST(Hwp, TableRowsAreLinesAndCellsThatSpanRowsAreRepeated) {
  const std::string number = control(3, "atno", le_bytes(4, 4) + le_bytes(7, 2));
  const std::string caption = list(2, units_paragraph(2, to_utf16le("표 ") + wide(18) + to_utf16le(" 요금"), number));
  const std::string cells =
      cell(2, 0, 0, 1, 1, paragraph(2, "지역")) + cell(2, 0, 1, 1, 1, paragraph(2, "도시")) +
      cell(2, 1, 0, 2, 1, paragraph(2, "북부")) + cell(2, 1, 1, 1, 1, paragraph(2, "수원") + paragraph(2, "파주")) +
      cell(2, 2, 1, 1, 1,
           units_paragraph(
               2, wide(11),
               table(3, 1, 2, cell(4, 0, 0, 1, 1, paragraph(4, "안")) + cell(4, 0, 1, 1, 1, paragraph(4, "쪽")))));
  EXPECT_EQ(read(make_hwp({units_paragraph(0, to_utf16le("앞 ") + wide(11) + to_utf16le("뒤"),
                                           table(1, 3, 2, cells, caption))}))
                .text,
            "앞 뒤\n\n표 7 요금\n\n지역 | 도시\n북부 | 수원 파주\n북부\n\n안 | 쪽\n");
}

// The records of what Hangul saves while changes are tracked, as an independent writer makes them too: kind 16 is an
// insertion, 17 a deletion.
TEST(Hwp, WhatATrackedChangeDeletedIsNotShown) {
  const auto range = [](uint64_t from, uint64_t to, uint64_t kind) {
    return le_bytes(from, 4) + le_bytes(to, 4) + le_bytes(kind << 24 | 1, 4);
  };
  const std::string note = control(1, "fn  ", le_bytes(1, 4), list(2, paragraph(2, "지운 각주")));
  const std::string shown =
      paragraph(0, "회비는 만 원이만 오천 원이다", hwp_record(0x46, 1, range(8, 15, 16) + range(4, 8, 17))) +
      units_paragraph(0, to_utf16le("앞 ") + wide(17) + to_utf16le("없앤 말 뒤"),
                      note + hwp_record(0x46, 1, range(2, 15, 17))) +
      paragraph(0, "모두 지운 문단", hwp_record(0x46, 1, range(0, 9, 17)));
  constexpr uint32_t kTracked = 1 << 14;
  const std::string text = "회비는 만 오천 원이다\n\n앞 뒤\n";
  EXPECT_EQ(read(make_hwp({paragraph(0, "")}, {}, 1 | kTracked, {shown})).text, text) << "the body is a stand-in";
  EXPECT_EQ(read(make_hwp({shown}, {}, 1 | kTracked)).text, text);
  EXPECT_EQ(read(make_hwp({paragraph(0, "본문")}, {}, 1, {shown})).text, "본문\n") << "no changes are tracked";
}

TEST(Hwp, SuperscriptsByCharacterShape) {
  const auto shape = [](uint32_t look) { return hwp_record(0x15, 0, std::string(46, '\0') + le_bytes(look, 4)); };
  const std::string runs =
      hwp_record(0x44, 1,
                 le_bytes(0, 4) + le_bytes(0, 4) + le_bytes(2, 4) + le_bytes(1, 4) + le_bytes(3, 4) + le_bytes(0, 4) +
                     le_bytes(6, 4) + le_bytes(2, 4) + le_bytes(7, 4) + le_bytes(0, 4));
  EXPECT_EQ(read(make_hwp({paragraph(0, "103개, H2O", runs)}, shape(0) + shape(1u << 15) + shape(1u << 16))).text,
            "10^3개, H2O\n");
}

TEST(Hwp, ATableOfOneCellIsAFrame) {
  const std::string frame = table(1, 1, 1, cell(2, 0, 0, 1, 1, paragraph(2, "첫 문단") + paragraph(2, "둘째 문단")));
  EXPECT_EQ(read(make_hwp({units_paragraph(0, wide(11), frame)})).text, "첫 문단\n\n둘째 문단\n");
}

TEST(Hwp, NotesBoxesAndCommentsStandBehindTheirSentence) {
  const std::string mark = control(3, "atno", le_bytes(1, 4) + le_bytes(1, 2));  // "1)" of the note itself
  const std::string note = control(1, "fn  ", le_bytes(1, 4) + std::string(8, '\0'),
                                   list(2, units_paragraph(2, wide(18) + to_utf16le(" 각주 글"), mark)));
  const std::string box =
      control(1, "gso ", std::string(40, '\0'),
              list(2, paragraph(2, "그림 설명")) + hwp_record(0x4C, 2, std::string(40, '\0')) +
                  list(3, paragraph(3, "상자 안")) + hwp_record(0x5A, 3, std::string(32, '\0') + counted("글맵시")));
  const std::string comment = control(1, "tcmt", {}, list(2, paragraph(2, "숨은 말")));
  const std::string units =
      to_utf16le("한 문장") + wide(17) + to_utf16le("이 ") + wide(11) + to_utf16le("이어진다.") + wide(15);
  EXPECT_EQ(read(make_hwp({units_paragraph(0, units, note + box + comment)})).text,
            "한 문장[1]이 이어진다.\n\n[1] 각주 글\n\n그림 설명\n\n상자 안\n\n글맵시\n\n숨은 말\n");
}

TEST(Hwp, PageHeadsComeOnceAtTheEnd) {
  const std::string page = control(3, "atno", le_bytes(0, 4) + le_bytes(3, 2));
  const std::string head = control(1, "head", std::string(8, '\0'), list(2, paragraph(2, "전화 031-555-0101")));
  const std::string foot = control(1, "foot", std::string(8, '\0'),
                                   list(2, units_paragraph(2, to_utf16le("- ") + wide(18) + to_utf16le(" -"), page)));
  const std::string section = units_paragraph(0, wide(16) + wide(16) + to_utf16le("본문"), head + foot);
  EXPECT_EQ(read(make_hwp({section, section})).text, "본문\n\n본문\n\n전화 031-555-0101\n");
}

TEST(Hwp, EquationsFieldsAndLettersAboveLetters) {
  const std::string equation =
      control(1, "eqed", std::string(40, '\0'), hwp_record(0x58, 2, le_bytes(0, 4) + counted("E = mc^2")));
  const std::string link = control(1, "%hlk", le_bytes(0, 4) + std::string(1, '\0') + counted("http\\://x.kr;1;0;0;"));
  const std::string ruby = control(1, "tdut", counted("漢江") + counted("한강"));
  const std::string overlap = control(1, "tcps", counted("㉮"));
  const std::string units = to_utf16le("식") + wide(11) + to_utf16le("은 ") + wide(3) + to_utf16le("누리집") + wide(4) +
                            to_utf16le(", ") + wide(23) + to_utf16le("의 ") + wide(23) + to_utf16le("항");
  EXPECT_EQ(read(make_hwp({units_paragraph(0, units, equation + link + ruby + overlap)})).text,
            "식 E = mc^2 은 누리집, 漢江(한강)의 ㉮항\n");
}

TEST(Hwp, TitleOfTheSummary) {
  const std::string value = le_bytes(0x1F, 4) + le_bytes(6, 4) + to_utf16le("회의 결과") + std::string(2, '\0');
  const std::string set = std::string(44, '\0') + le_bytes(48, 4) + le_bytes(16 + value.size(), 4) + le_bytes(1, 4) +
                          le_bytes(2, 4) + le_bytes(16, 4) + value;
  const std::string body = hwp_record(0x42, 0, std::string(24, '\0'));
  std::string head = "HWP Document File";
  head.resize(32);
  head += le_bytes(0x05000000, 4) + le_bytes(0, 4);
  head.resize(256);
  EXPECT_EQ(
      read(
          make_ole(
              {{"FileHeader", head}, {"DocInfo", ""}, {"\x05HwpSummaryInformation", set}, {"BodyText/Section0", body}}))
          .title,
      "회의 결과");
}

TEST(Hwp, WhatIsLockedSaysSo) {
  const auto locked = [](uint32_t bit) { return make_hwp({paragraph(0, "글")}, {}, bit); };
  EXPECT_THAT(why("a.hwp", locked(2), Code::Unsupported), HasSubstr("protected by a password"));
  EXPECT_THAT(why("a.hwp", locked(4), Code::Unsupported), HasSubstr("distribution document (배포용 문서)"));
  EXPECT_THAT(why("a.hwp", locked(1 << 4), Code::Unsupported), HasSubstr("rights"));
  EXPECT_THAT(why("a.hwp", locked(1 << 8), Code::Unsupported), HasSubstr("certificate"));
  EXPECT_THAT(why("a.hwp", "HWP Document File V3.00 \x1a", Code::Unsupported), HasSubstr("an HWP 3 document"));
  EXPECT_THAT(why("a.docx", locked(1), Code::Unsupported), HasSubstr("rename it to .hwp"));
  EXPECT_THAT(why("a.hwp", make_ole({{"WordDocument", "x"}}), Code::Corrupt), HasSubstr("no stream FileHeader"));
  EXPECT_THAT(why("a.hwp", make_hwp({}), Code::Corrupt), HasSubstr("no stream BodyText/Section0"));
}

TEST(Hwp, TheSoundPartOfADamagedSectionIsRead) {
  const std::string whole = paragraph(0, "앞부분") + paragraph(0, "뒷부분");
  const Document cut = read(make_hwp({whole.substr(0, whole.size() - 4), paragraph(0, "다음")}));
  EXPECT_EQ(cut.text, "앞부분\n\n다음\n");
  ASSERT_EQ(cut.notes.size(), 1u);
  EXPECT_THAT(cut.notes[0], HasSubstr("BodyText/Section0 is damaged"));
  EXPECT_TRUE(read(make_hwp({whole})).notes.empty());
}

TEST(Hwp, BombsAndDeepNestingStopAtLimits) {
  const std::string bomb = make_hwp({std::string(64 << 20, '\0')});
  EXPECT_THAT(why("a.hwp", bomb, Code::Exhausted), HasSubstr("a bomb"));
  const std::string plain = make_hwp({paragraph(0, std::string(5000, 'x'))});
  EXPECT_THAT(why("a.hwp", plain, Code::Exhausted, {.max_unpacked_bytes = 4096}), HasSubstr("max_unpacked_bytes"));
  std::string deep;  // a table in a table, as deep as levels go
  for (uint32_t level = 0; level + 3 < 1023; level += 2)
    deep += units_paragraph(level, wide(11)) + control(level + 1, "tbl ", std::string(40, '\0')) +
            hwp_record(0x4D, level + 2, le_bytes(0, 4) + le_bytes(1, 2) + le_bytes(1, 2)) +
            cell(level + 2, 0, 0, 1, 1, "");
  EXPECT_EQ(read(make_hwp({deep + paragraph(1020, "바닥")}, {}, 0)).text, "바닥\n");
  std::string spans;  // every cell claims to span all rows
  for (int i = 0; i < 20000; ++i) spans += cell(2, i, i, 65535, 65535, "");
  EXPECT_EQ(read(make_hwp({units_paragraph(0, wide(11), table(1, 2, 2, spans))}, {}, 0)).text, "");
}

TEST(Ole, StreamsOfEverySize) {
  std::vector<std::pair<std::string, std::string>> streams;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{4095}, size_t{4096},
                            size_t{4097}, size_t{9} << 20}) {  // the last needs a list of tables beside the header's
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 7 + i / 256));
    streams.emplace_back((size % 2 ? "Odd/" : "") + std::to_string(size), bytes);
  }
  const std::string file = make_ole(streams);
  const LoadOptions options;
  const Source source{"a.hwp", file, options};
  Ole ole(source);
  EXPECT_EQ(ole.paths().size(), streams.size());
  for (const auto& [path, bytes] : streams) EXPECT_TRUE(ole.read(path) == bytes) << path;
  EXPECT_EQ(ole.find("none"), std::nullopt);
}

TEST(Ole, EveryCutAndEveryCircleIsAnError) {
  // The last sector is the table of sectors, of which the file needs the beginning alone.
  const std::string good = make_hwp({paragraph(0, std::string(3000, 'x'))}, std::string(5000, '\0'), 0);
  for (size_t size = 0; size + 512 < good.size(); size += 61)
    EXPECT_THROW(load_bytes("a.hwp", good.substr(0, size)), Error) << size;
  // Every entry of the table of sectors points to sector 1: each chain runs in a circle.
  std::string circle = good;
  const size_t table = (static_cast<size_t>(static_cast<unsigned char>(good[76])) + 1) * 512;
  for (size_t at = table; at + 4 <= table + 512; at += 4) circle.replace(at, 4, le_bytes(1, 4));
  EXPECT_THAT(why("a.hwp", circle, Code::Corrupt), HasSubstr("runs in a circle"));
  std::string shift = good;
  shift[30] = 40;
  EXPECT_THAT(why("a.hwp", shift, Code::Corrupt), HasSubstr("sectors of 2^40 bytes"));
}

}  // namespace
}  // namespace hanok::text
