// What every loader gets and gives. A new format is one file with one function here, and one line in table.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hanok/text.h"

namespace hanok::text {

struct Source {
  std::string_view name;   // for messages and the suffix
  std::string_view bytes;  // the whole file
  const LoadOptions& options;

  std::string_view suffix() const;  // with the dot, as written: ".PDF"; empty where there is none
  /// Throws Error(code, "<name>: <message>").
  [[noreturn]] void fail(Code code, const std::string& message) const;
};

/// What the first bytes of a file have to be.
enum class Container { Text, Zip, Pdf, Ole, Rtf, Any };

struct Loader {
  std::string_view format;    // Document::format
  std::string_view suffixes;  // ".htm .html", lower case
  Container container;
  Document (*load)(const Source&);
};

/// All loaders; see table.cpp.
std::span<const Loader> loaders();
/// By suffix, any case; nullptr when no loader takes the name. A name without a suffix is taken for text.
const Loader* find_loader(std::string_view name);

/// The bytes as UTF-8 with line ends as they are. Throws Corrupt when they are not text in a charset that is known.
std::string decode_text(const Source& source, std::string_view declared = {});

// One per format, each in its own file.
Document load_txt(const Source&);
Document load_markdown(const Source&);
Document load_html(const Source&);
Document load_csv(const Source&);
Document load_json(const Source&);
Document load_jsonl(const Source&);
Document load_pdf(const Source&);
Document load_docx(const Source&);
Document load_pptx(const Source&);
Document load_xlsx(const Source&);
Document load_epub(const Source&);
Document load_hwpx(const Source&);
Document load_hwp(const Source&);
Document load_subtitles(const Source&);
Document load_mail(const Source&);
Document load_mbox(const Source&);
Document load_ipynb(const Source&);
Document load_rtf(const Source&);
Document load_odf(const Source&);
Document load_doc(const Source&);
Document load_xls(const Source&);
Document load_ppt(const Source&);
Document load_picture(const Source&);

}  // namespace hanok::text
