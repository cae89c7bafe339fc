// docx, pptx, xlsx, epub, hwpx: the cases that the example documents do not have, and hostile archives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/loaders/document_checks.h"
#include "text/loaders/xml.h"
#include "text/loaders/zip_maker.h"

namespace hanok::text {
namespace {

using testing::HasSubstr;
using Entries = std::vector<std::pair<std::string, std::string>>;

Document read(std::string_view name, const Entries& entries) {
  const Document d = load_bytes(name, make_zip(entries));
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

std::string word(const std::string& body) { return "<w:document><w:body>" + body + "</w:body></w:document>"; }

TEST(Docx, RunsTabsDeletionsTextBoxesAndHeadings) {
  const Document d = read(
      "a.docx",
      {{"word/document.xml",
        word("<w:p><w:pPr><w:pStyle w:val='7'/></w:pPr><w:r><w:t>제1장</w:t></w:r></w:p>"
             "<w:p><w:r><w:t xml:space='preserve'>He </w:t></w:r><w:del><w:r><w:delText>did "
             "not</w:delText></w:r></w:del>"
             "<w:ins><w:r><w:t>did</w:t></w:r></w:ins><w:r><w:tab/><w:t>it&amp;all</w:t><w:br/><w:t>e\u0301nd</w:t></"
             "w:r></w:p>"
             "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></"
             "w:txbxContent></mc:Choice>"
             "<mc:Fallback><w:p><w:r><w:t>box again</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:r></w:p>"
             "<w:sdt><w:sdtContent><w:p><w:pPr><w:outlineLvl "
             "w:val='1'/></w:pPr><w:r><w:t>Two</w:t></w:r></w:p></w:sdtContent></w:sdt>")},
       {"word/styles.xml", "<w:styles><w:style w:styleId='7'><w:name w:val='heading 1'/></w:style></w:styles>"},
       {"word/footnotes.xml",
        "<w:footnotes><w:footnote><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>"}});
  EXPECT_EQ(d.text, "제1장\n\nHe did\tit&all\nénd\n\nbox\n\nTwo\n\nA note.\n");
  ASSERT_EQ(d.headings.size(), 2u);
  EXPECT_EQ(d.headings[1].level, 2);
  EXPECT_EQ(d.title, "제1장");
}

TEST(Xlsx, InlineStringsBooleansGapsAndBadReferences) {
  const std::string workbook = "<workbook><sheets><sheet name='S' r:id='r1'/></sheets></workbook>";
  const std::string rels =
      "<Relationships><Relationship Id='r1' Type='x/worksheet' Target='worksheets/s.xml'/></Relationships>";
  const auto book = [&](const std::string& rows) {
    return Entries{{"xl/workbook.xml", workbook},
                   {"xl/_rels/workbook.xml.rels", rels},
                   {"xl/worksheets/s.xml", "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"}};
  };
  EXPECT_EQ(read("a.xlsx",
                 book("<row><c r='A1' t='inlineStr'><is><t>name</t></is></c><c r='XFD1' t='str'><v>far</v></c></row>"
                      "<row><c r='A2' t='b'><v>1</v></c><c r='XFD2'><v>2.5</v></c><c><v>7</v></c></row>"))
                .text,
            "S\n\nname: TRUE; far: 2.5; 7\n");
  EXPECT_THAT(why("a.xlsx", make_zip(book("<row><c t='s'><v>5</v></c></row>")), Code::Corrupt),
              HasSubstr("shared string 5, there are 0"));
}

TEST(Epub, PathsAreResolvedAndRightsLocksRefused) {
  const std::string container = "<container><rootfiles><rootfile full-path='a/b.opf'/></rootfiles></container>";
  const std::string opf =
      "<package><metadata><dc:title>T</dc:title></metadata><manifest><item id='x' "
      "href='../t/one%20two.xhtml'/></manifest>"
      "<spine><itemref idref='x'/><itemref idref='none'/></spine></package>";
  Entries entries{{"META-INF/container.xml", container}, {"a/b.opf", opf}, {"t/one two.xhtml", "<h2>One</h2><p>two"}};
  const Document d = read("a.epub", entries);
  EXPECT_EQ(d.title, "T");
  EXPECT_EQ(d.text, "One\n\ntwo\n");
  entries.push_back(
      {"META-INF/encryption.xml",
       "<encryption><EncryptedData><EncryptionMethod Algorithm='aes128-cbc'/></EncryptedData></encryption>"});
  EXPECT_THAT(why("a.epub", make_zip(entries), Code::Unsupported), HasSubstr("encrypted"));
}

TEST(Hwpx, LineBreaksNotesManySectionsAndPassword) {
  const auto section = [](const std::string& run) {
    return "<hs:sec><hp:p styleIDRef='0'><hp:run>" + run + "</hp:run></hp:p></hs:sec>";
  };
  Entries entries{
      {"Contents/section10.xml", section("<hp:t>last</hp:t>")},
      {"Contents/section2.xml", section("<hp:t>a<hp:tab/>b<hp:lineBreak/>c</hp:t>")},
      {"Contents/section0.xml",
       section("<hp:secPr><hp:t>no</hp:t></hp:secPr><hp:t>first</hp:t><hp:ctrl><hp:footNote><hp:subList><hp:p>"
               "<hp:run><hp:t>note</hp:t></hp:run></hp:p></hp:subList></hp:footNote></hp:ctrl>")}};
  EXPECT_EQ(read("a.hwpx", entries).text, "first\n\nnote\n\na b\nc\n\nlast\n");
  entries.push_back({"META-INF/manifest.xml",
                     "<odf:manifest><odf:file-entry><odf:encryption-data/></odf:file-entry></odf:manifest>"});
  EXPECT_THAT(why("a.hwpx", make_zip(entries), Code::Unsupported), HasSubstr("password"));
}

// ---- cells that span, superscripts, parts of their own, broken parts

Entries sheet_of(const std::string& sheet, const std::string& styles = {}, const std::string& workbook_properties = {},
                 const Entries& more = {}) {
  Entries entries{
      {"xl/workbook.xml",
       "<workbook>" + workbook_properties + "<sheets><sheet name='S' r:id='r1'/></sheets></workbook>"},
      {"xl/_rels/workbook.xml.rels",
       "<Relationships><Relationship Id='r1' Type='x/worksheet' Target='worksheets/s.xml'/></Relationships>"},
      {"xl/worksheets/s.xml", "<worksheet>" + sheet + "</worksheet>"}};
  if (!styles.empty()) entries.push_back({"xl/styles.xml", "<styleSheet>" + styles + "</styleSheet>"});
  entries.insert(entries.end(), more.begin(), more.end());
  return entries;
}

std::string words(const std::string& reference, const std::string& text) {
  return "<c r='" + reference + "' t='inlineStr'><is><t>" + text + "</t></is></c>";
}

TEST(Docx, CellsThatSpanSuperscriptsAndNotes) {
  const auto cell = [](const std::string& text, const std::string& properties = {}) {
    return "<w:tc><w:tcPr>" + properties + "</w:tcPr><w:p><w:r><w:t>" + text + "</w:t></w:r></w:p></w:tc>";
  };
  const auto raised = [](const std::string& text, const std::string& how) {
    return "<w:r><w:rPr><w:vertAlign w:val='" + how + "'/></w:rPr><w:t>" + text + "</w:t></w:r>";
  };
  const Document d = read(
      "a.docx",
      {{"word/document.xml",
        word(
            "<w:tbl><w:tr>" + cell("Region") + cell("City") + cell("Fee") + "</w:tr><w:tr>" +
            cell("North", "<w:vMerge w:val='restart'/>") + cell("Suwon") + cell("100") + "</w:tr><w:tr>" +
            cell("", "<w:vMerge/>") + cell("Paju") + cell("200") + "</w:tr><w:tr>" +
            cell("Closed", "<w:gridSpan w:val='2'/>") + cell("0") +
            "</w:tr></w:tbl><w:p><w:r><w:t>The fee is 30</w:t></w:r>" + raised("1", "superscript") +
            raised("2", "superscript") + "<w:r><w:t> won. H</w:t></w:r>" + raised("2", "subscript") +
            "<w:r><w:t>O</w:t></w:r><w:r><w:footnoteReference w:id='5'/></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>")},
       {"word/footnotes.xml",
        "<w:footnotes><w:footnote w:id='5'><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>"}});
  EXPECT_EQ(d.text,
            "Region | City | Fee\nNorth | Suwon | 100\nNorth | Paju | 200\nClosed | Closed | 0\n\n"
            "The fee is 30^12 won. H2O[1]\n\n[1] A note.\n");
}

const char* const kDiagram =
    "<dgm:dataModel><dgm:pt><dgm:t><a:p><a:r><a:t>approve</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:dataModel>";
const char* const kChart =
    "<c:chartSpace><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea>"
    "<c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>2025</c:v></c:pt></c:strCache></c:strRef></c:tx>"
    "<c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>North</c:v></c:pt><c:pt idx='1'><c:v>South</c:v></c:pt></c:strCache></c:strRef></c:cat>"
    "<c:val><c:numRef><c:numCache><c:formatCode>0%</c:formatCode><c:pt idx='0'><c:v>0.25</c:v></c:pt><c:pt idx='1'><c:v>0.5</c:v></c:pt>"
    "</c:numCache></c:numRef></c:val></c:ser></c:plotArea></c:chart></c:chartSpace>";

TEST(Docx, DiagramsChartsRubyCommentsAndPageHeaders) {
  const Document d = read(
      "a.docx",
      {{"word/document.xml",
        word(
            "<w:p><w:r><w:t xml:space='preserve'>See </w:t></w:r><w:r><w:ruby><w:rt><w:r><w:t>tamna</w:t></w:r></w:rt><w:rubyBase><w:r>"
            "<w:t>Jeju</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p><w:p><w:r><w:drawing><dgm:relIds r:dm='r2'/></w:drawing></w:r></w:p>"
            "<w:p><w:r><w:drawing><c:chart r:id='r3'/></w:drawing></w:r></w:p>")},
       {"word/_rels/document.xml.rels",
        "<Relationships><Relationship Id='r2' Type='x/diagramData' Target='d.xml'/><Relationship Id='r3' Type='x/chart' Target='c.xml'/>"
        "<Relationship Id='r4' Type='x/comments' Target='comments.xml'/><Relationship Id='r5' Type='x/header' Target='h.xml'/>"
        "<Relationship Id='r6' Type='x/footer' Target='f.xml'/></Relationships>"},
       {"word/d.xml", kDiagram},
       {"word/c.xml", kChart},
       {"word/comments.xml",
        "<w:comments><w:comment w:author='Mina'><w:p><w:r><w:t>too dear</w:t></w:r></w:p></w:comment></w:comments>"},
       {"word/h.xml", "<w:hdr><w:p><w:r><w:t>Hill House, 02-555-0101</w:t></w:r></w:p></w:hdr>"},
       {"word/f.xml", "<w:ftr><w:p><w:r><w:t>- 3 -</w:t></w:r></w:p></w:ftr>"}});
  EXPECT_EQ(
      d.text,
      "See Jeju(tamna)\n\napprove\n\nSales\n\n| 2025\nNorth | 25%\nSouth | 50%\n\nMina: too dear\n\nHill House, 02-555-0101\n");
  EXPECT_TRUE(d.notes.empty());
}

Entries slides(const std::string& shapes, const Entries& more = {}) {
  Entries entries{
      {"ppt/presentation.xml",
       "<p:presentation><p:sldIdLst><p:sldId id='256' r:id='r1'/><p:sldId id='257' r:id='r2'/></p:sldIdLst></p:presentation>"},
      {"ppt/_rels/presentation.xml.rels",
       "<Relationships><Relationship Id='r1' Type='x/slide' Target='slides/s1.xml'/><Relationship Id='r2' Type='x/slide' "
       "Target='slides/s2.xml'/></Relationships>"},
      {"ppt/slides/s1.xml", "<p:sld><p:cSld><p:spTree>" + shapes + "</p:spTree></p:cSld></p:sld>"}};
  entries.insert(entries.end(), more.begin(), more.end());
  return entries;
}

TEST(Pptx, TablesChartsDiagramsCommentsAndABrokenSlide) {
  const auto cell = [](const std::string& text, const std::string& attributes = {}) {
    return "<a:tc " + attributes + "><a:txBody><a:p><a:r><a:t>" + text + "</a:t></a:r></a:p></a:txBody></a:tc>";
  };
  const Document d = read(
      "a.pptx",
      slides(
          "<p:sp><p:txBody><a:p><a:r><a:t>area m</a:t></a:r><a:r><a:rPr baseline='30000'/><a:t>2</a:t></a:r></a:p></p:txBody></p:sp>"
          "<p:graphicFrame><a:tbl><a:tr>" +
              cell("Region") + cell("City") + "</a:tr><a:tr>" + cell("North", "rowSpan='2'") + cell("Suwon") +
              "</a:tr><a:tr>" + cell("", "vMerge='1'") + cell("Paju") +
              "</a:tr></a:tbl></p:graphicFrame>"
              "<p:graphicFrame><c:chart r:id='c1'/></p:graphicFrame><p:graphicFrame><dgm:relIds r:dm='d1'/></p:graphicFrame>",
          {{"ppt/slides/_rels/s1.xml.rels",
            "<Relationships><Relationship Id='c1' Type='x/chart' Target='../c.xml'/><Relationship Id='d1' Type='x/diagramData' "
            "Target='../d.xml'/><Relationship Id='k1' Type='x/comments' Target='../k.xml'/></Relationships>"},
           {"ppt/c.xml", kChart},
           {"ppt/d.xml", kDiagram},
           {"ppt/k.xml", "<p:cmLst><p:cm><p:text>check the sum</p:text></p:cm></p:cmLst>"},
           {"ppt/slides/s2.xml", "<p:sld><p:cSld>"}}));
  EXPECT_EQ(
      d.text,
      "area m²\n\nRegion | City\nNorth | Suwon\nNorth | Paju\n\nSales\n\n| 2025\nNorth | 25%\nSouth | 50%\n\napprove\n\ncheck the sum\n");
  ASSERT_EQ(d.notes.size(), 1u);
  EXPECT_THAT(d.notes[0], HasSubstr("ppt/slides/s2.xml is not well-formed"));
  EXPECT_THAT(why("a.pptx", make_zip(slides("<broken", {})), Code::Corrupt), HasSubstr("s1.xml"));
}

TEST(Xlsx, NumbersAsTheSheetShowsThem) {
  const std::string styles =
      "<numFmts><numFmt numFmtId='170' formatCode='00000'/><numFmt numFmtId='171' formatCode='[h]:mm'/>"
      "<numFmt numFmtId='172' formatCode='yyyy&quot;년&quot; m&quot;월&quot;'/></numFmts><cellXfs><xf numFmtId='0'/><xf numFmtId='9'/>"
      "<xf numFmtId='170'/><xf numFmtId='171'/><xf numFmtId='172'/><xf numFmtId='14'/></cellXfs>";
  const std::string rows =
      "<sheetData><row r='1'>" + words("A1", "a") + words("B1", "b") + words("C1", "c") + words("D1", "d") +
      words("E1", "e") + words("F1", "f") +
      "</row><row r='2'><c r='A2' s='1'><v>0.25</v></c><c r='B2' s='2'><v>3142</v></c><c r='C2' s='3'><v>1.25</v></c>"
      "<c r='D2' s='4'><v>44634</v></c><c r='E2' s='5'><v>44634.5</v></c><c r='F2'><v>1.1000000000000001</v></c></row></sheetData>";
  EXPECT_EQ(read("a.xlsx", sheet_of(rows, styles)).text,
            "S\n\na: 25%; b: 03142; c: 30:00; d: 2022년 3월; e: 2022-03-14; f: 1.1\n");
  for (const char* flag : {"<workbookPr date1904='1'/>", "<workbookPr date1904='true'/>"})
    EXPECT_EQ(read("a.xlsx", sheet_of(rows, styles, flag)).text,
              "S\n\na: 25%; b: 03142; c: 30:00; d: 2026년 3월; e: 2026-03-15; f: 1.1\n");
}

TEST(Xlsx, MergedCellsGapsOfRowsAndSecondTables) {
  const std::string rows = "<sheetData><row r='1'>" + words("A1", "Fees of the halls") + "</row><row r='2'>" +
                           words("A2", "Region") + words("B2", "City") + words("C2", "Fee") + "</row><row r='3'>" +
                           words("A3", "North") + words("B3", "Suwon") + "<c r='C3'><v>100</v></c></row><row r='4'>" +
                           words("B4", "Paju") + "<c r='C4'><v>200</v></c></row><row r='5'>" + words("A5", "South") +
                           words("B5", "none") + "</row><row r='8'>" + words("A8", "Hall") + words("B8", "Seats") +
                           "</row><row r='9'>" + words("A9", "Blue") +
                           "<c r='B9'><v>40</v></c></row></sheetData><mergeCells>"
                           "<mergeCell ref='A1:C1'/><mergeCell ref='A3:A4'/><mergeCell ref='B5:C5'/></mergeCells>";
  EXPECT_EQ(read("a.xlsx", sheet_of(rows)).text,
            "S\n\nFees of the halls\nRegion: North; City: Suwon; Fee: 100\nRegion: North; City: Paju; Fee: 200\n"
            "Region: South; City: none; Fee: none\n\nHall: Blue; Seats: 40\n");
  std::string hostile = rows.substr(0, rows.find("<mergeCells>")) + "<mergeCells>";
  for (int i = 0; i < 2000; ++i)
    hostile += "<mergeCell ref='A1:XFD1048576'/><mergeCell ref='A9:'/><mergeCell ref='9:x'/>";
  EXPECT_LT(read("a.xlsx", sheet_of(hostile + "</mergeCells>")).text.size(), 1000u);
}

TEST(Xlsx, CommentsTextBoxesChartsSuperscriptsAndABrokenCell) {
  const std::string rows =
      "<sheetData><row r='1'>" + words("A1", "Room") + words("B1", "Rent") + "</row><row r='2'>" +
      words("A2", "B-101") +
      "<c r='B2' t='s'><v>0</v></c></row><row r='3'><c r='A3' t='s'><v>9</v></c></row></sheetData>";
  const Document d = read(
      "a.xlsx",
      sheet_of(
          rows, {}, {},
          {{"xl/sharedStrings.xml",
            "<sst><si><r><t>10</t></r><r><rPr><vertAlign val='superscript'/></rPr><t>3</t></r></si></sst>"},
           {"xl/worksheets/_rels/s.xml.rels",
            "<Relationships><Relationship Id='r1' Type='x/comments' Target='../k.xml'/><Relationship Id='r2' Type='x/drawing' "
            "Target='../d.xml'/></Relationships>"},
           {"xl/k.xml",
            "<comments><commentList><comment ref='A2'><text><t>has a dog</t></text></comment></commentList></comments>"},
           {"xl/d.xml",
            "<xdr:wsDr><xdr:sp><xdr:txBody><a:p><a:r><a:t>a box</a:t></a:r></a:p></xdr:txBody></xdr:sp><c:chart r:id='r1'/></xdr:wsDr>"},
           {"xl/_rels/d.xml.rels",
            "<Relationships><Relationship Id='r1' Type='x/chart' Target='c.xml'/></Relationships>"},
           {"xl/c.xml", kChart}}));
  EXPECT_EQ(
      d.text,
      "S\n\nRoom: B-101; Rent: 10^3\n\nA2 (B-101): has a dog\n\na box\n\nSales\n\n| 2025\nNorth | 25%\nSouth | 50%\n");
  ASSERT_EQ(d.notes.size(), 1u);
  EXPECT_THAT(d.notes[0], HasSubstr("shared string 9, there are 1"));
}

TEST(Epub, BlanksBetweenTheLinesOfAPackageAreNoChapters) {
  const Document d = read("a.epub", {{"META-INF/container.xml", "<container><rootfile full-path='b.opf'/></container>"},
                                     {"b.opf",
                                      "<package>\n <manifest>\n  <item id='x' href='x.xhtml'/>\n </manifest>\n"
                                      " <spine>\n  <itemref idref='x'/>\n </spine>\n</package>"},
                                     {"x.xhtml", "<p>one"}});
  EXPECT_EQ(d.text, "one\n");
  EXPECT_TRUE(d.notes.empty()) << d.notes[0];
}

TEST(Epub, AMissingChapterIsNotedAndTheOthersAreRead) {
  Entries entries{
      {"META-INF/container.xml", "<container><rootfile full-path='b.opf'/></container>"},
      {"b.opf",
       "<package><manifest><item id='x' href='x.xhtml'/><item id='y' href='y.xhtml'/></manifest><spine><itemref idref='x'/>"
       "<itemref idref='y'/></spine></package>"},
      {"y.xhtml", "<p>two"}};
  const Document d = read("a.epub", entries);
  EXPECT_EQ(d.text, "two\n");
  ASSERT_EQ(d.notes.size(), 1u);
  EXPECT_THAT(d.notes[0], HasSubstr("x.xhtml"));
  entries.pop_back();
  EXPECT_THAT(why("a.epub", make_zip(entries), Code::Corrupt), HasSubstr("no x.xhtml"));
}

TEST(Hwpx, CaptionsRubyOverlapsDeletionsSpansAndNotes) {
  const auto p = [](const std::string& run, const std::string& attributes = {}) {
    return "<hp:p " + attributes + "><hp:run>" + run + "</hp:run></hp:p>";
  };
  const auto list = [&](const std::string& text) {
    return "<hp:subList>" + p("<hp:t>" + text + "</hp:t>") + "</hp:subList>";
  };
  const auto cell = [&](const std::string& text, int column, int row, int rows = 1) {
    return "<hp:tc>" + list(text) + "<hp:cellAddr colAddr='" + std::to_string(column) + "' rowAddr='" +
           std::to_string(row) + "'/><hp:cellSpan colSpan='1' rowSpan='" + std::to_string(rows) + "'/></hp:tc>";
  };
  const std::string table = "<hp:tbl><hp:caption side='TOP'>" + list("표 1 요금") + "</hp:caption><hp:tr>" +
                            cell("Region", 0, 0) + cell("City", 1, 0) + "</hp:tr><hp:tr>" + cell("North", 0, 1, 2) +
                            cell("Suwon", 1, 1) + "</hp:tr><hp:tr>" + cell("Paju", 1, 2) + "</hp:tr></hp:tbl>";
  const std::string section =
      "<hs:sec>" + p(table) +
      p("<hp:dutmal><hp:mainText>漢江</hp:mainText><hp:subText>한강</hp:subText></hp:dutmal><hp:t> 다리</hp:t>") +
      p("<hp:compose composeText='㉮'/><hp:t> 항</hp:t>") +
      p("<hp:t>요금은 <hp:deleteBegin/>육천</hp:t></hp:run><hp:run><hp:t> 그리고<hp:deleteEnd/>오천 원</hp:t>") +
      "<hp:p><hp:run><hp:t>넓이 5 m</hp:t></hp:run><hp:run charPrIDRef='3'><hp:t>2</hp:t></hp:run><hp:run><hp:t>, 1905</hp:t><hp:ctrl>"
      "<hp:footNote number='1'>" +
      list("각주") + "</hp:footNote></hp:ctrl><hp:t>년</hp:t></hp:run></hp:p>" +
      p("<hp:t>제목</hp:t><hp:rect>" + list("글상자") + "</hp:rect>", "styleIDRef='2'") +
      p("<hp:ctrl><hp:header>" + list("한옥 마을") + "</hp:header></hp:ctrl>") +
      p("<hp:equation><hp:script>x over 2</hp:script></hp:equation>") + "</hs:sec>";
  const Document d = read(
      "a.hwpx", {{"Contents/header.xml",
                  "<hh:head><hh:charPr id='3'><hh:supscript/></hh:charPr><hh:style id='2' name='개요 1'/></hh:head>"},
                 {"Contents/section0.xml", section},
                 {"Contents/section1.xml", "<hs:sec>"}});
  EXPECT_EQ(
      d.text,
      "표 1 요금\n\nRegion | City\nNorth | Suwon\nNorth | Paju\n\n漢江(한강) 다리\n\n㉮ 항\n\n요금은 오천 원\n\n넓이 5 m², 1905[1]년\n\n[1] 각주\n\n"
      "제목\n\n글상자\n\nx over 2\n\n한옥 마을\n");
  ASSERT_EQ(d.headings.size(), 1u);
  EXPECT_EQ(d.headings[0].title, "제목");
  ASSERT_EQ(d.notes.size(), 1u);
  EXPECT_THAT(d.notes[0], HasSubstr("Contents/section1.xml"));
}

TEST(Zip, BombsStopAtTheLimits) {
  const std::string blanks(32 << 20, ' ');
  const std::string bytes = make_zip({{"word/document.xml", blanks}}, false);
  EXPECT_THAT(why("a.docx", bytes, Code::Exhausted), HasSubstr("zip bomb"));
  const std::string plain = make_zip({{"word/document.xml", word(std::string(5000, ' '))}});
  EXPECT_THAT(why("a.docx", plain, Code::Exhausted, {.max_unpacked_bytes = 4096}), HasSubstr("max_unpacked_bytes"));
}

TEST(Zip, DamageIsNamed) {
  const std::string good = make_zip({{"word/document.xml", word("<w:p><w:r><w:t>text</w:t></w:r></w:p>")}});
  for (size_t size = 0; size < good.size(); ++size) EXPECT_THROW(load_bytes("a.docx", good.substr(0, size)), Error);
  std::string locked = good;
  locked[6] |= 1, locked[locked.find("PK\x01\x02") + 8] |= 1;
  EXPECT_THAT(why("a.docx", locked, Code::Unsupported), HasSubstr("password"));
  std::string flipped = good;
  flipped[flipped.find(">text<") + 1] ^= 1;
  EXPECT_THAT(why("a.docx", flipped, Code::Corrupt), HasSubstr("damaged"));
  EXPECT_THAT(why("a.pptx", good, Code::Corrupt), HasSubstr("no ppt/presentation.xml; it looks like a .docx file"));
  EXPECT_THAT(why("a.docx", "PK\x05\x06", Code::Corrupt), HasSubstr("begins like an empty zip archive"));
}

TEST(Xml, DepthAndEntitiesAreBounded) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<w:p>";
  for (int i = 0; i < 100000; ++i) deep += "</w:p>";
  EXPECT_THAT(why("a.docx", make_zip({{"word/document.xml", word(deep)}}), Code::Corrupt), HasSubstr("deeper"));
  EXPECT_THAT(why("a.docx", make_zip({{"word/document.xml", "<w:document><w:body>"}}), Code::Corrupt),
              HasSubstr("not well-formed"));
  const std::string laughs =
      "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>" + word("<w:p><w:r><w:t>&b;</w:t></w:r></w:p>");
  EXPECT_EQ(read("a.docx", {{"word/document.xml", laughs}}).text, "&b;\n");
}

TEST(Resolve, References) {
  EXPECT_EQ(resolve("a/b/", "../c%20d.xml#x"), "a/c d.xml");
  EXPECT_EQ(resolve("a/", "/word/x.xml"), "word/x.xml");
  EXPECT_EQ(resolve("", "../../etc/passwd"), "etc/passwd");
  EXPECT_EQ(resolve("a/", "./b//c%zz"), "a/b/c%zz");
}

}  // namespace
}  // namespace hanok::text
