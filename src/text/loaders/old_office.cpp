// .doc, .xls and .ppt, the binary formats of Office before 2007: LibreOffice, where it is installed, converts them to
// OpenDocument as a child process with limits. antiword cuts Korean cells in two by their width, catdoc loses which
// rows a cell spans.
#include <algorithm>

#include "base/ascii.h"
#include "base/file.h"
#include "base/process.h"
#include "text/loaders/ole.h"
#include "text/loaders/sniff.h"

namespace hanok::text {
namespace {

struct Kind {
  std::string_view suffix, target, package;
  Document (*modern)(const Source&);  // for files that are of the new format and kept the old name
};
constexpr Kind kWord{".doc", "odt", "libreoffice-writer", &load_docx};
constexpr Kind kSheet{".xls", "ods", "libreoffice-calc", &load_xlsx};
constexpr Kind kSlides{".ppt", "odp", "libreoffice-impress", &load_pptx};

// LibreOffice maps far more than it uses: with 2 GiB it does not start.
constexpr uint64_t kChildMemory = 8ull << 30;

// Word: a bit of the file's head (MS-DOC 2.5.2). Excel: a FILEPASS record behind the first (MS-XLS 2.4.117).
// PowerPoint: another mark of the current user (MS-PPT 2.3.2).
bool has_password(const Source& source) {
  Ole ole(source);
  if (ole.has("EncryptedPackage")) return true;
  if (const auto word = ole.find("WordDocument")) return (le16(*word, 10) & 0x0100) != 0;
  if (const auto book = ole.find("Workbook")) return le16(*book, size_t{4} + le16(*book, 2)) == 0x2F;
  if (const auto user = ole.find("Current User")) return le32(*user, 12) == 0xF3D1C4DF;
  return false;
}

std::string convert(const Source& source, const Kind& kind) {
  const base::TempFolder folder;
  const std::string in = (folder.path() / ("in" + std::string(kind.suffix))).string();
  const auto out = folder.path() / ("in." + std::string(kind.target));
  base::write_file_atomic(in, source.bytes);
  // A profile of its own: two at once would wait for each other, and the user's own settings stay out of it.
  const std::vector<std::string> argv{"soffice",
                                      "-env:UserInstallation=file://" + (folder.path() / "profile").string(),
                                      "--headless",
                                      "--norestore",
                                      "--convert-to",
                                      std::string(kind.target),
                                      "--outdir",
                                      folder.path().string(),
                                      in};
  const std::string what = "is read through LibreOffice, ";
  base::ProcessResult result;
  try {
    result = base::run_process(argv, "", {.seconds = source.options.timeout_seconds, .memory_bytes = kChildMemory});
  } catch (const Error& e) {
    if (e.code() != Code::NotFound) throw;
    source.fail(Code::Unavailable, what + "which is not installed; install the package " + std::string(kind.package) +
                                       ", or save it in a newer format (" + std::string(kind.suffix) + "x)");
  }
  if (result.timed_out)
    source.fail(Code::Exhausted,
                what + "which took longer than " + std::to_string(source.options.timeout_seconds) + " seconds");
  std::error_code error;
  if (!std::filesystem::exists(out, error))
    source.fail(Code::Corrupt,
                what + "which could not open it: damaged, or the package " + std::string(kind.package) + " is missing");
  return base::read_file(out, source.options.max_unpacked_bytes);
}

// Programs that export "to Excel" or "to Word" write HTML under these names.
bool begins_like_html(std::string_view bytes) {
  const std::string start = base::lower(bytes.substr(0, 1024));
  return start.find("<html") != start.npos || start.find("<!doctype html") != start.npos ||
         start.find("<table") != start.npos;
}

Document load_old(const Source& source, const Kind& kind) {
  const std::string_view bytes = source.bytes;
  if (bytes.starts_with("PK\x03\x04")) return kind.modern(source);
  if (bytes.starts_with("{\\rtf")) return load_rtf(source);
  if (begins_like_html(bytes)) return load_html(source);
  check_container(source, Container::Ole);
  if (has_password(source)) source.fail(Code::Unsupported, "is protected by a password; save it without one");
  const std::string converted = convert(source, kind);
  return load_odf(Source{source.name, converted, source.options});
}

}  // namespace

Document load_doc(const Source& source) { return load_old(source, kWord); }
Document load_xls(const Source& source) { return load_old(source, kSheet); }
Document load_ppt(const Source& source) { return load_old(source, kSlides); }

}  // namespace hanok::text
