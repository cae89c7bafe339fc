// Collects the text of a document with its pages and headings; all loaders write through it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/loaders/loader.h"

namespace hanok::text {

/// Loaders append raw UTF-8 in reading order; finish() cleans it once (NFC, no NUL, "\n" line ends, invalid bytes as
/// U+FFFD) and moves the marks along, so that every span is a byte range of the clean text.
/// Pages and headings begin on a line of their own: normalising can then never join text across a mark.
class Writer {
 public:
  explicit Writer(const Source& source) : source_(source) {}

  /// Appends as it is. Throws Exhausted when the text grows over LoadOptions::max_text_bytes.
  void text(std::string_view utf8);
  /// A space, unless the text ends with a blank.
  void space();
  /// Begins a new line, unless the text is at the start of one.
  void line();
  /// Leaves one blank line, unless the text is empty or has one.
  void paragraph();
  /// A paragraph of its own that is also a heading; an empty title is skipped.
  void heading(int level, std::string_view title);
  /// Begins page `number`; it lasts until the next one.
  void page(int number);
  /// The document's title; only the first that is not blank counts.
  void title(std::string_view utf8);

  /// Something of the file that could not be read, while the rest could (Document::notes); the same is kept once.
  void note(std::string what);

  bool empty() const { return raw_.empty(); }
  /// What was written so far, not yet cleaned.
  std::string_view written() const { return raw_; }
  /// The finished document, without path and format. Where no title was given, the first heading is the title.
  Document finish();

 private:
  struct Mark {
    size_t at;
    int page = 0;  // 0: a heading
    int level = 0;
    std::string title;
  };
  const Source& source_;
  std::string raw_;
  std::string title_;
  std::vector<Mark> marks_;
  std::vector<std::string> notes_;
};

/// Clean text as finish() makes it.
std::string clean_text(std::string_view utf8);
/// Runs of blanks and line ends become one space; none at the ends.
std::string collapse_blanks(std::string_view utf8);
std::string_view trim(std::string_view text);
bool is_blank(char c);

}  // namespace hanok::text
