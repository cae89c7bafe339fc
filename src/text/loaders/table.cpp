// The table of loaders, and the doors load, load_bytes, loadable, loadable_suffixes.
#include <algorithm>
#include <array>
#include <new>

#include "base/ascii.h"
#include "base/file.h"
#include "text/loaders/loader.h"
#include "text/loaders/mbox.h"
#include "text/loaders/sniff.h"

namespace hanok::text {
namespace {

constexpr std::string_view kCode =
    ".bash .bat .c .cc .cfg .cmake .conf .cpp .cs .css .cu .cxx .dart .go .gradle .h .hh .hpp .hs .hxx .ini .ipp .java "
    ".jl "
    ".js .jsx .kt .lua .m .mjs .ml .mm .php .pl .pm .proto .ps1 .py .r .rb .rs .scala .sh .sql .swift .toml .ts .tsx "
    ".vue "
    ".xml .yaml .yml .zig .zsh";

// The first reads text of no suffix too: README, Makefile, notes.
constexpr std::array kLoaders{
    Loader{"txt", ".txt .text .log .rst .tex .adoc .org", Container::Text, &load_txt},
    Loader{"md", ".md .markdown", Container::Text, &load_markdown},
    Loader{"html", ".html .htm .xhtml .smi", Container::Text, &load_html},
    Loader{"csv", ".csv .tsv", Container::Text, &load_csv},
    Loader{"json", ".json", Container::Text, &load_json},
    Loader{"jsonl", ".jsonl .ndjson", Container::Text, &load_jsonl},
    Loader{"pdf", ".pdf", Container::Pdf, &load_pdf},
    Loader{"docx", ".docx .docm", Container::Zip, &load_docx},
    Loader{"pptx", ".pptx .pptm", Container::Zip, &load_pptx},
    Loader{"xlsx", ".xlsx .xlsm", Container::Zip, &load_xlsx},
    Loader{"epub", ".epub", Container::Zip, &load_epub},
    Loader{"hwpx", ".hwpx", Container::Zip, &load_hwpx},
    Loader{"hwp", ".hwp .hwt", Container::Ole, &load_hwp},
    Loader{"subtitles", ".srt .vtt", Container::Text, &load_subtitles},
    Loader{"mail", ".eml", Container::Text, &load_mail},
    Loader{"mbox", ".mbox .mbx", Container::Text, &load_mbox},
    Loader{"rtf", ".rtf", Container::Rtf, &load_rtf},
    Loader{"odt", ".odt .ott", Container::Zip, &load_odf},
    Loader{"ods", ".ods .ots", Container::Zip, &load_odf},
    Loader{"odp", ".odp .otp .odg", Container::Zip, &load_odf},
    Loader{"doc", ".doc .dot", Container::Any, &load_doc},
    Loader{"xls", ".xls .xlt", Container::Any, &load_xls},
    Loader{"ppt", ".ppt .pps .pot", Container::Any, &load_ppt},
    Loader{"picture", ".png .jpg .jpeg .tif .tiff .bmp .gif .webp", Container::Any, &load_picture},
    Loader{"ipynb", ".ipynb", Container::Text, &load_ipynb},
    Loader{"code", kCode, Container::Text, &load_txt},
};

// Calls each(suffix) until it returns true.
template <typename F>
bool any_suffix(std::string_view list, F each) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    if (each(list.substr(0, end))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

std::string supported() {
  std::string list;
  for (const auto& loader : kLoaders) list += (list.empty() ? "" : ", ") + std::string(loader.format);
  return list;
}

}  // namespace

std::span<const Loader> loaders() { return kLoaders; }

std::string_view Source::suffix() const {
  const size_t slash = name.rfind('/');
  const std::string_view file = slash == name.npos ? name : name.substr(slash + 1);
  const size_t dot = file.rfind('.');
  if (dot == file.npos || dot == 0) return {};
  // "syslog.1" is numbered and "plan v2.1 final" has a point in it: neither says what it is.
  const std::string_view behind = file.substr(dot + 1);
  const bool number = std::all_of(behind.begin(), behind.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number || behind.find(' ') != behind.npos ? std::string_view() : file.substr(dot);
}

void Source::fail(Code code, const std::string& message) const {
  throw Error(code, std::string(name) + ": " + message);
}

const Loader* find_loader(std::string_view name) {
  const LoadOptions options;
  const std::string suffix = base::lower(Source{name, {}, options}.suffix());
  if (suffix.empty()) return &kLoaders.front();
  for (const auto& loader : kLoaders)
    if (any_suffix(loader.suffixes, [&](std::string_view s) { return s == suffix; })) return &loader;
  return nullptr;
}

Document load_bytes(std::string_view name, std::string_view bytes, const LoadOptions& options) {
  const std::string path = nfc(name);
  const Source source{path, bytes, options};
  const Loader* loader = find_loader(path);
  // Mail programs name a mailbox "Inbox" or "Sent".
  if (source.suffix().empty() && begins_like_mbox(bytes)) loader = find_loader("a.mbox");
  if (!loader)
    source.fail(Code::Unsupported,
                "no loader takes the suffix '" + std::string(source.suffix()) + "'; known formats: " + supported());
  if (bytes.size() > options.max_file_bytes)
    source.fail(Code::Exhausted, "has " + std::to_string(bytes.size()) + " bytes, the limit (max_file_bytes) is " +
                                     std::to_string(options.max_file_bytes));
  check_container(source, loader->container);
  try {
    Document document = loader->load(source);
    document.path = path;
    document.format = loader->format;
    return document;
  } catch (const std::bad_alloc&) {
    source.fail(Code::Exhausted, "not enough memory to read it");
  }
}

Document load(const std::filesystem::path& path, const LoadOptions& options) {
  // A name that no loader takes is refused before a large file is read for nothing.
  if (!find_loader(path.string())) return load_bytes(path.string(), {}, options);
  return load_bytes(path.string(), base::read_file(path, options.max_file_bytes), options);
}

bool loadable(const std::filesystem::path& path, const LoadOptions& options) {
  const Loader* loader = find_loader(path.string());
  if (!loader) return false;
  if (loader->load == &load_picture) return !options.ocr_languages.empty();
  if (!Source{path.native(), {}, options}.suffix().empty()) return true;
  try {
    return looks_like_text(base::read_start(path, kStart));
  } catch (const Error& e) {
    return e.code() == Code::Unavailable;  // reading it says why it cannot be read
  }
}

std::vector<std::string> loadable_suffixes() {
  std::vector<std::string> all;
  for (const auto& loader : kLoaders)
    any_suffix(loader.suffixes, [&](std::string_view s) { return all.emplace_back(s), false; });
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace hanok::text
