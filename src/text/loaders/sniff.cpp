#include "text/loaders/sniff.h"

#include <array>

#include "text/charset.h"
#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

struct Magic {
  std::string_view bytes, what, suffix;
};

constexpr std::string_view kOle = "an OLE container (old or encrypted Office, HWP 5)";
constexpr std::string_view kRtf = "an RTF document";
constexpr std::string_view kHwp3 = "an HWP 3 document";

constexpr std::array<Magic, 18> kMagic{
    {{"%PDF-", "a PDF", ".pdf"},
     {"PK\x03\x04", "a zip archive", ".docx, .pptx, .xlsx, .odt, .ods, .odp, .epub or .hwpx"},
     {"PK\x05\x06", "an empty zip archive", ""},
     {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", kOle, ""},
     {"\x89PNG\r\n", "a PNG picture", ""},
     {"\xFF\xD8\xFF", "a JPEG picture", ""},
     {"GIF8", "a GIF picture", ""},
     {"\x1F\x8B\x08", "a gzip file", ""},
     {"BZh9", "a bzip2 file", ""},
     {"\xFD"
      "7zXZ",
      "an xz file", ""},
     {"7z\xBC\xAF\x27\x1C", "a 7-Zip archive", ""},
     {"Rar!\x1A\x07", "a RAR archive", ""},
     {"\x7F"
      "ELF",
      "a program (ELF)", ""},
     {"SQLite format 3", "an SQLite database", ""},
     {"{\\rtf", kRtf, ".rtf"},
     {"OggS", "an Ogg file", ""},
     {"fLaC", "a FLAC file", ""},
     {"HWP Document File", kHwp3, ""}}};

const Magic* magic_of(std::string_view bytes) {
  for (const auto& magic : kMagic)
    if (bytes.starts_with(magic.bytes)) return &magic;
  return nullptr;
}

// Readers accept a PDF header within the first 1024 bytes (ISO 32000-1, annex H.3.4.1).
bool has_pdf_header(std::string_view bytes) { return bytes.substr(0, 1024).find("%PDF-") != std::string_view::npos; }

bool fits(std::string_view bytes, const Magic* magic, Container expected) {
  if (expected == Container::Any) return true;
  if (expected == Container::Pdf) return has_pdf_header(bytes);
  if (expected == Container::Zip) return magic && magic->bytes == "PK\x03\x04";
  if (expected == Container::Rtf) return magic && magic->what == kRtf;
  if (expected == Container::Ole) return magic && magic->what == kOle;
  return magic == nullptr;
}

// What an OLE container is, by the name of a stream that only its kind has (names are in UTF-16LE).
struct OleKind {
  std::string_view stream, suffix;
};
constexpr std::string_view kEncrypted = "encrypted";
constexpr std::array<OleKind, 6> kOleKinds{
    {{"EncryptedPackage", kEncrypted},  // a .docx with a password: MS-OFFCRYPTO 2.3.4
     {"HwpSummaryInformation", ".hwp"},
     {"BodyText", ".hwp"},
     {"WordDocument", ".doc"},
     {"Workbook", ".xls"},
     {"PowerPoint Document", ".ppt"}}};

std::string_view ole_kind(std::string_view bytes) {
  for (const auto& kind : kOleKinds) {
    std::string name;
    for (const char c : kind.stream) name += {c, '\0'};
    if (bytes.find(name) != std::string_view::npos) return kind.suffix;
  }
  return {};
}

// "named .docx", or that there is no suffix.
std::string named(const Source& source) {
  return source.suffix().empty() ? "has no suffix" : "named " + std::string(source.suffix());
}

struct Controls {
  size_t controls = 0, nuls = 0;
};

Controls count_controls(std::string_view utf8) {
  Controls n;
  for (const char c : utf8) {
    n.nuls += c == 0;
    n.controls += (c > 0 && c < ' ' && !is_blank(c) && c != 0x1B && c != 0x08) || c == 0x7F;
  }
  return n;
}

// Text has next to none; random bytes have one in ten; two and a few NULs are forgiven.
bool too_many(const Controls& n, size_t size) {
  constexpr size_t kForgiven = 2, kOneIn = 50;
  return n.controls > kForgiven + size / kOneIn || n.nuls > 16 + size / 4;
}

}  // namespace

std::string_view begins_like(std::string_view bytes) {
  const Magic* magic = magic_of(bytes);
  return magic ? magic->what : std::string_view();
}

void check_container(const Source& source, Container expected) {
  const std::string_view bytes = source.bytes;
  const Magic* magic = magic_of(bytes);
  if (fits(bytes, magic, expected)) return;
  const std::string suffix(source.suffix());
  if (bytes.empty()) source.fail(Code::Corrupt, "the file is empty (0 bytes), a " + suffix + " file was expected");
  if (expected == Container::Zip && magic && magic->what == kOle) {
    const std::string_view kind = ole_kind(bytes);
    if (kind == kEncrypted) source.fail(Code::Unsupported, "is protected by a password; save it without one");
    const std::string renamed = kind.empty() ? std::string() : "rename it to " + std::string(kind) + " or ";
    source.fail(Code::Unsupported,
                "named " + suffix + " but is an old binary Office or HWP 5 file; " + renamed + "save it as " + suffix);
  }
  if (magic && magic->what == kHwp3)
    source.fail(Code::Unsupported,
                "is an HWP 3 document (of Hangul 97 or before); open it in Hangul and save it as HWP 5 or HWPX");
  std::string found = magic ? "begins like " + std::string(magic->what) : "does not begin like one";
  if (!magic && to_utf8(bytes.substr(0, 4096))) found = "begins like plain text";
  std::string remedy = "download or export it again";
  if (magic && !magic->suffix.empty()) remedy = "rename it to " + std::string(magic->suffix);
  source.fail(Code::Corrupt, named(source) + " but " + found + "; " + remedy);
}

bool looks_like_text(std::string_view start) {
  if (start.empty() || magic_of(start)) return false;
  // The start may end within a character: the last line is left out.
  const size_t line = start.size() < kStart ? start.npos : start.rfind('\n');
  const auto decoded = to_utf8(start.substr(0, line));
  return decoded && !decoded->text.empty() && !too_many(count_controls(decoded->text), decoded->text.size());
}

void check_is_text(const Source& source, std::string_view utf8) {
  const Controls n = count_controls(utf8);
  if (too_many(n, utf8.size()))
    source.fail(Code::Corrupt, named(source) + " but is not text: " + std::to_string(n.controls + n.nuls) + " of " +
                                   std::to_string(utf8.size()) + " characters are control characters");
}

std::string decode_text(const Source& source, std::string_view declared) {
  auto decoded = to_utf8(source.bytes, declared);
  if (!decoded)
    source.fail(Code::Corrupt, "not text in a charset that is known (UTF-8, UTF-16, CP949, ...); save it as UTF-8");
  check_is_text(source, decoded->text);
  return std::move(decoded->text);
}

}  // namespace hanok::text
