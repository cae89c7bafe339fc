#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/loaders/document_checks.h"

namespace hanok::text {
namespace {

using testing::HasSubstr;

Document read(const std::string& rtf) {
  const Document d = load_bytes("a.rtf", rtf);
  EXPECT_EQ(broken_promise(d), "");
  return d;
}
std::string text(const std::string& body) { return read("{\\rtf1\\ansi " + body + "}").text; }

TEST(Rtf, CodePagesOfFonts) {
  EXPECT_EQ(text("{\\fonttbl{\\f0\\fnil\\fcharset0 Arial;}{\\f1\\fnil\\fcharset129 Batang;}{\\f2\\fcharset128 M;}}"
                 "\\f0 caf\\'e9 \\f1 \\'bc\\'ad\\'bf\\'ef {\\f2 \\'93\\'fa} \\'b0\\'a1\\f0 \\'fc"),
            "café 서울 日 가ü\n");
  EXPECT_EQ(text("\\ansicpg949 \\'bc\\'ad\xBF\xEF"), "서울\n");  // raw bytes too
  // The second byte of a syllable beyond KS X 1001 may be a letter: it comes as one.
  EXPECT_EQ(text("\\ansicpg949 \\'8cc"), "똠\n");
}

TEST(Rtf, UnicodeAndWhatRepeatsIt) {
  EXPECT_EQ(text("\\u44032?\\u-10916 ?."), "가한.\n");
  EXPECT_EQ(text("\\uc2\\u44032\\'b0\\'a1{\\uc0\\u45208}\\u45796 xxend"), "가나다end\n");
  EXPECT_EQ(text("\\uc1\\u55357?\\u56832?"), "😀\n");
  EXPECT_EQ(text("\\u8212\\emdash next\\u44032\\par line"), "—next가\n\nline\n");
  EXPECT_EQ(text("{\\upr{old}{\\*\\ud{new \\u44032?}}}"), "new 가\n");
}

TEST(Rtf, SignsHiddenTextAndDestinations) {
  EXPECT_EQ(text("a\\~b\\_c\\-d\\tab e\\line f \\{g\\}\\\\ \\ldblquote h\\rdblquote"), "a b-cd\te\nf {g}\\ “h”\n");
  EXPECT_EQ(
      text("seen{\\v hidden}{\\deleted gone} {\\*\\unknown x {y}}{\\pict 89504e47}{\\field{\\*\\fldinst HYPERLINK "
           "\"x\"}{\\fldrslt link}}{\\object{\\*\\objdata 0102}{\\result shown}}"),
      "seen linkshown\n");
  EXPECT_EQ(text("a\\bin5 {{{}}b"), "ab\n");
}

TEST(Rtf, SuperscriptsDoNotMakeOtherNumbers) {
  EXPECT_EQ(text("10{\\super 3} and 10\\super 6\\nosupersub , H{\\sub 2}O"), "10^3 and 10^6, H2O\n");
}

TEST(Rtf, TitleHeadingsAndLists) {
  const Document d = read(
      "{\\rtf1{\\info{\\title Plan}{\\author X}}{\\stylesheet{\\ql Normal;}{\\s3\\b heading 2;}{\\s7 Other;}{\\*\\cs9 "
      "Char;}}\\pard\\s3 First\\par\\pard {\\listtext\\'b7\\tab}one\\par{\\listtext 2.\\tab}two\\par\\pard\\outlinelevel0 "
      "Top\\par\\pard\\s7 text\\par}");
  EXPECT_EQ(d.title, "Plan");
  EXPECT_EQ(d.text, "First\n\n- one\n2. two\n\nTop\n\ntext\n");
  ASSERT_EQ(d.headings.size(), 2u);
  EXPECT_EQ(d.headings[0].level, 2);
  EXPECT_EQ(d.headings[1].level, 1);
}

TEST(Rtf, TablesNotesBoxesAndPageHeads) {
  EXPECT_EQ(
      text("{\\header Office, 031-555-0101\\par}{\\footer - \\chpgn  -\\par}Before{\\footnote {\\super\\chftn} the "
           "note} it.\\par"
           "\\trowd\\clvmgf\\cellx1\\cellx2\\pard\\intbl North\\cell Su\\par won{\\footnote in a cell}\\cell\\row"
           "\\trowd\\clvmrg\\cellx1\\cellx2\\pard\\intbl\\cell Paju\\cell\\row"
           "\\pard After{\\shp{\\*\\shpinst{\\sp{\\sn a}{\\sv b}}{\\shptxt\\pard boxed\\par}}}\\par"),
      "Before it.\n\nthe note\n\nNorth | Su won\nNorth | Paju\n\nin a cell\n\nAfter\n\nboxed\n\nOffice, "
      "031-555-0101\n");
}

TEST(Rtf, DamageAndDepth) {
  const Document cut = read("{\\rtf1 first\\par second {\\b bo");
  EXPECT_EQ(cut.text, "first\n\nsecond bo\n");
  ASSERT_EQ(cut.notes.size(), 1u);
  EXPECT_EQ(text("a}}}}b"), "ab\n");
  try {
    load_bytes("a.rtf", "{\\rtf1" + std::string(50'000, '{'));
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("nests groups deeper than 10000"));
  }
  EXPECT_THROW(load_bytes("a.rtf", "plain text"), Error);
}

}  // namespace
}  // namespace hanok::text
