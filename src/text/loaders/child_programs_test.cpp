// Loaders that need a program: where it is missing they say which, and what to do. With it (a machine of the test need
// not have LibreOffice or tesseract) they are tried on real files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/process.h"
#include "text/loaders/document_checks.h"
#include "text/loaders/ole_maker.h"

namespace hanok::text {
namespace {

using testing::HasSubstr;

const LoadOptions kOcr{.ocr_languages = "kor+eng"};

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

// A PATH on which nothing is installed, or only the programs given: shell scripts.
using Scripts = std::vector<std::pair<std::string, std::string>>;
class OnlyPrograms {
 public:
  explicit OnlyPrograms(const Scripts& scripts = {}) : before_(std::getenv("PATH")) {
    for (const auto& [name, script] : scripts) {
      base::write_file_atomic(folder_.path() / name, "#!/bin/sh\n" + script + "\n");
      std::filesystem::permissions(folder_.path() / name, std::filesystem::perms::owner_all);
    }
    setenv("PATH", folder_.path().c_str(), 1);
  }
  ~OnlyPrograms() { setenv("PATH", before_.c_str(), 1); }

 private:
  base::TempFolder folder_;
  std::string before_;
};

std::string old_word() {
  std::string head(64, '\0');
  return make_ole({{"WordDocument", head}});
}

bool installed(const std::string& program) {
  try {
    base::run_process({program, "--version"}, "", {.seconds = 60, .memory_bytes = 8ull << 30});
  } catch (const Error&) {
    return false;
  }
  return true;
}

TEST(OldOffice, WithoutLibreOfficeTheRemedyIsNamed) {
  const OnlyPrograms none;
  EXPECT_THAT(why("a.doc", old_word(), Code::Unavailable),
              HasSubstr("install the package libreoffice-writer, or save"));
  EXPECT_THAT(why("a.xls", make_ole({{"Workbook", std::string(64, '\0')}}), Code::Unavailable),
              HasSubstr("libreoffice-calc"));
  EXPECT_THAT(why("a.ppt", make_ole({{"PowerPoint Document", "x"}}), Code::Unavailable),
              HasSubstr("libreoffice-impress"));
}

TEST(OldOffice, FilesOfOtherFormatsUnderOldNamesAreReadAsWhatTheyAre) {
  const OnlyPrograms none;
  EXPECT_EQ(load_bytes("a.doc", "{\\rtf1 letter}").text, "letter\n");
  EXPECT_THAT(load_bytes("a.xls", "<html><table><tr><td>지역</td><td>요금</td></tr></table>").text, HasSubstr("요금"));
  EXPECT_THAT(why("a.doc", "just text", Code::Corrupt), HasSubstr("named .doc but begins like plain text"));
}

TEST(OldOffice, PasswordsAndFailuresSaySo) {
  std::string head(64, '\0');
  head[11] = 1;  // fEncrypted
  EXPECT_THAT(why("a.doc", make_ole({{"WordDocument", head}}), Code::Unsupported), HasSubstr("password"));
  const std::string book = le_bytes(0x809, 2) + le_bytes(4, 2) + "1234" + le_bytes(0x2F, 2) + std::string(8, '\0');
  EXPECT_THAT(why("a.xls", make_ole({{"Workbook", book}}), Code::Unsupported), HasSubstr("password"));
  const OnlyPrograms fails(Scripts{{"soffice", "exit 0"}});  // it ends well and writes nothing
  EXPECT_THAT(why("a.doc", old_word(), Code::Corrupt), HasSubstr("could not open it"));
}

TEST(Ocr, IsOffUnlessAskedFor) {
  EXPECT_FALSE(loadable("a.png"));
  EXPECT_TRUE(loadable("a.PNG", kOcr));
  EXPECT_THAT(why("a.png", "\x89PNG\r\n", Code::Unsupported), HasSubstr("hanok ingest --ocr reads"));
}

TEST(Ocr, WithoutTesseractTheRemedyIsNamed) {
  const OnlyPrograms none;
  EXPECT_THAT(why("a.png", "\x89PNG\r\n", Code::Unavailable, kOcr), HasSubstr("install the packages tesseract-ocr"));
}

TEST(Ocr, LanguagesAreChecked) {
  const OnlyPrograms one(Scripts{{"tesseract", "echo 'List of available languages (1):'; echo eng"}});
  EXPECT_NO_THROW(check_ocr("eng"));
  try {
    check_ocr("kor+eng");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unavailable);
    EXPECT_THAT(e.what(), HasSubstr("install the package tesseract-ocr-kor"));
  }
  for (const char* bad : {"", "--help", "kor eng", "../x"}) EXPECT_THROW(check_ocr(bad), Error) << bad;
}

TEST(Ocr, PagesOfAPictureFileAndATimeOut) {
  const std::string path = std::getenv("PATH");
  {
    const OnlyPrograms fake(Scripts{{"tesseract", "/bin/cat >/dev/null; printf '첫 쪽\\n\\f둘째 쪽\\n\\f'"},
                                    {"env", "shift; exec /bin/sh \"$(dirname \"$0\")/tesseract\" \"$@\""},
                                    {"dirname", "exec /usr/bin/dirname \"$@\""}});
    const Document d = load_bytes("a.tif", "II*", kOcr);
    EXPECT_EQ(broken_promise(d), "");
    EXPECT_EQ(d.text, "첫 쪽\n\n둘째 쪽\n");
    EXPECT_EQ(d.pages.size(), 2u);
  }
  const OnlyPrograms slow(Scripts{{"env", "exec /bin/sleep 20"}});
  LoadOptions brief = kOcr;
  brief.timeout_seconds = 0.2;
  EXPECT_THAT(why("a.png", "\x89PNG\r\n", Code::Exhausted, brief), HasSubstr("took longer"));
}

// A page of a book as a scanner makes it: the words are a picture.
TEST(Ocr, APageThatIsAPictureIsReadAndTheOthersAreNot) {
  if (!installed("tesseract")) GTEST_SKIP() << "tesseract is not installed";
  const std::string file = base::read_file(HANOK_SOURCE_DIR "/tests/data/scanned.pdf");
  const Document without = load_bytes("scanned.pdf", file);
  EXPECT_THAT(without.notes, testing::ElementsAre(HasSubstr("1 of 2 pages have no text")));
  const Document with = load_bytes("scanned.pdf", file, {.ocr_languages = "eng"});
  EXPECT_EQ(broken_promise(with), "");
  EXPECT_THAT(with.text, HasSubstr("The pool opens at seven"));
  EXPECT_THAT(with.text, HasSubstr("This page has words."));
  EXPECT_TRUE(with.notes.empty());
  ASSERT_EQ(with.pages.size(), 2u);
}

}  // namespace
}  // namespace hanok::text
