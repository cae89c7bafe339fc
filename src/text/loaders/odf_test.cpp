#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/loaders/document_checks.h"
#include "text/loaders/zip_maker.h"

namespace hanok::text {
namespace {

using testing::HasSubstr;
using Entries = std::vector<std::pair<std::string, std::string>>;

Entries entries(const std::string& body, const std::string& styles = {}) {
  return {{"content.xml", "<office:document-content><office:automatic-styles>" + styles +
                              "</office:automatic-styles><office:body>" + body +
                              "</office:body></office:document-content>"}};
}

Document read(std::string_view name, const Entries& parts) {
  const Document d = load_bytes(name, make_zip(parts));
  EXPECT_EQ(broken_promise(d), "");
  return d;
}

std::string odt(const std::string& body, const std::string& styles = {}) {
  return read("a.odt", entries("<office:text>" + body + "</office:text>", styles)).text;
}
std::string ods(const std::string& rows) {
  return read("a.ods", entries("<office:spreadsheet><table:table table:name='요금'>" + rows +
                               "</table:table></office:spreadsheet>"))
      .text;
}
std::string cell(const std::string& text, const std::string& attributes = {}) {
  return "<table:table-cell " + attributes + "><text:p>" + text + "</text:p></table:table-cell>";
}
std::string row(const std::string& cells, const std::string& attributes = {}) {
  return "<table:table-row " + attributes + ">" + cells + "</table:table-row>";
}

TEST(Odt, ParagraphsHeadingsListsAndSigns) {
  const Document d =
      read("a.odt", entries("<office:text><text:tracked-changes><text:changed-region><text:deletion><text:p>"
                            "deleted</text:p></text:deletion></text:changed-region></text:tracked-changes>"
                            "<text:table-of-content><text:p>again</text:p></text:table-of-content>"
                            "<text:h text:outline-level='2'>제1장</text:h><text:p>a<text:s text:c='2'/>b"
                            "<text:tab/>c\n   d<text:line-break/>e</text:p><text:list><text:list-item><text:p>"
                            "하나</text:p><text:list><text:list-item><text:p>둘</text:p></text:list-item>"
                            "</text:list></text:list-item></text:list></office:text>"));
  EXPECT_EQ(d.text, "제1장\n\na  b\tc d\ne\n\n- 하나\n- 둘\n");
  ASSERT_EQ(d.headings.size(), 1u);
  EXPECT_EQ(d.headings[0].level, 2);
}

TEST(Odt, WhatHangsOnAParagraphStandsBehindIt) {
  EXPECT_EQ(
      odt("<text:p>문장<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>각주"
          "</text:p></text:note-body></text:note>이 <office:annotation><dc:creator>Kim</dc:creator>"
          "<dc:date>2025</dc:date><text:p>확인</text:p></office:annotation><draw:frame><draw:text-box><text:p>상자"
          "</text:p></draw:text-box></draw:frame>이어진다. <text:ruby><text:ruby-base>漢江</text:ruby-base>"
          "<text:ruby-text>한강</text:ruby-text></text:ruby></text:p>"),
      "문장[1]이 이어진다. 漢江(한강)\n\n상자\n\n[1] 각주\n\nKim: 확인\n");
}

TEST(Odt, SuperscriptsAndHiddenText) {
  const std::string styles =
      "<style:style style:name='T1'><style:text-properties style:text-position='super 58%'/></style:style>"
      "<style:style style:name='T2'><style:text-properties text:display='none'/></style:style>";
  EXPECT_EQ(odt("<text:p>10<text:span text:style-name='T1'>3</text:span> 개<text:span text:style-name='T2'>숨김"
                "</text:span></text:p>",
                styles),
            "10^3 개\n");
}

TEST(Odt, CellsThatSpanRowsAreRepeated) {
  EXPECT_EQ(odt("<table:table><table:table-header-rows>" + row(cell("지역") + cell("도시")) +
                "</table:table-header-rows>" + row(cell("북부", "table:number-rows-spanned='2'") + cell("수원")) +
                row("<table:covered-table-cell/>" + cell("파주")) + "</table:table>"),
            "지역 | 도시\n북부 | 수원\n북부 | 파주\n");
}

TEST(Odt, FormulasChartsPageHeadsAndTitle) {
  Entries parts = entries(
      "<office:text><text:p>식 <draw:frame><draw:object xlink:href='./Object 1'/></draw:frame>은</text:p><text:p>"
      "<draw:frame><draw:object xlink:href='./Object 2'/></draw:frame></text:p></office:text>");
  parts.push_back(
      {"Object 1/content.xml", "<math><semantics><mi>E</mi><annotation>E = m c^2</annotation></semantics></math>"});
  parts.push_back({"Object 2/content.xml",
                   "<office:document-content><office:body><office:chart><chart:chart><chart:title><text:p>매출</text:p>"
                   "</chart:title><table:table>" +
                       row(cell("월") + cell("원")) + row(cell("1") + cell("500")) +
                       "</table:table></chart:chart></office:chart></office:body></office:document-content>"});
  parts.push_back(
      {"styles.xml",
       "<office:document-styles><style:master-page><style:header><text:p>전화 555-0101</text:p></style:header>"
       "<style:footer><text:p>- <text:page-number>3</text:page-number> -</text:p></style:footer>"
       "</style:master-page></office:document-styles>"});
  parts.push_back(
      {"meta.xml",
       "<office:document-meta><office:meta><dc:title>계획</dc:title></office:meta></office:document-meta>"});
  const Document d = read("a.odt", parts);
  EXPECT_EQ(d.title, "계획");
  EXPECT_EQ(d.text, "식  E = m c^2 은\n\n매출\n\n월 | 원\n1 | 500\n\n전화 555-0101\n");
}

TEST(Ods, CellsAsTheyAreShownAndMergedCells) {
  EXPECT_EQ(ods(row(cell("지역") + cell("도시") + cell("요금")) +
                row(cell("북부", "table:number-rows-spanned='2'") + cell("수원") +
                    cell("1,900원", "office:value-type='currency' office:value='1900'")) +
                row("<table:covered-table-cell/>" + cell("파주") + "<table:table-cell office:value='5'/>")),
            "요금\n\n지역: 북부; 도시: 수원; 요금: 1,900원\n지역: 북부; 도시: 파주; 요금: 5\n");
}

TEST(Ods, RepeatedRowsAndColumnsAreBounded) {
  const std::string text =
      ods(row(cell("a") + cell("b")) +
          row(cell("x", "table:number-columns-repeated='2'"), "table:number-rows-repeated='3'") +
          row("<table:table-cell table:number-columns-repeated='16384'/>", "table:number-rows-repeated='1048570'"));
  EXPECT_EQ(text, "요금\n\na: x; b: x\na: x; b: x\na: x; b: x\n");
  EXPECT_LT(ods(row(cell("y", "table:number-columns-repeated='4000000000'"), "table:number-rows-repeated='4000000000'"))
                .size(),
            size_t{8} << 20);
}

TEST(Ods, CommentsNameTheirCell) {
  EXPECT_THAT(
      ods(row(cell("a") + cell("b")) + row("<table:table-cell/><table:table-cell><office:annotation><dc:creator>Kim"
                                           "</dc:creator><text:p>개가 있음</text:p></office:annotation><text:p>7"
                                           "</text:p></table:table-cell>")),
      testing::AllOf(HasSubstr("B2"), HasSubstr("Kim: 개가 있음")));
}

TEST(Odp, SlidesArePagesWithTitlesAndNotes) {
  const Document d = read(
      "a.odp", entries("<office:presentation><draw:page draw:name='p1'><draw:frame><draw:text-box><text:p>본문</text:p>"
                       "</draw:text-box></draw:frame><draw:frame presentation:class='title'><draw:text-box><text:p>제목"
                       "</text:p></draw:text-box></draw:frame><presentation:notes><draw:page-thumbnail/><draw:frame "
                       "presentation:class='notes'><draw:text-box><text:p>말할 것</text:p></draw:text-box></draw:frame>"
                       "</presentation:notes></draw:page><draw:page><draw:g><draw:custom-shape><text:p>도형</text:p>"
                       "</draw:custom-shape></draw:g></draw:page></office:presentation>"));
  EXPECT_EQ(d.text, "제목\n\n본문\n\n말할 것\n\n도형\n");
  ASSERT_EQ(d.pages.size(), 2u);
  EXPECT_EQ(d.headings.at(0).title, "제목");
}

TEST(Odf, PasswordAndDamageAreNamed) {
  const auto why = [](const Entries& parts, Code code) {
    try {
      load_bytes("a.odt", make_zip(parts));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code);
      return std::string(e.what());
    }
    return std::string("loaded");
  };
  Entries locked = entries("<office:text/>");
  locked.push_back(
      {"META-INF/manifest.xml", "<m:manifest><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>"});
  EXPECT_THAT(why(locked, Code::Unsupported), HasSubstr("password"));
  EXPECT_THAT(why({{"mimetype", "x"}}, Code::Corrupt), HasSubstr("no content.xml"));
  EXPECT_THAT(why({{"content.xml", "<a/>"}}, Code::Corrupt), HasSubstr("has no body"));
}

}  // namespace
}  // namespace hanok::text
