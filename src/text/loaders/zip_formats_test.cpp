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
