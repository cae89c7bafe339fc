// Where headings and pages lie in a document, made safe: sorted, inside the text, on code point boundaries.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hanok/text.h"

namespace hanok::text {

/// The text from one heading to the next. The first section may have no heading.
struct Section {
  Span span;
  size_t body = 0;   // where the text below the heading's own line begins; span.start when the text does not hold it
  std::string path;  // "Chapter > Section"
};

class Outline {
 public:
  explicit Outline(const Document& document);
  const std::vector<Section>& sections() const { return sections_; }
  const std::string& path(size_t section) const { return sections_[section].path; }
  /// The index of the page that holds `at`; calls must not go backwards in the text (a cursor makes them O(1)).
  size_t page_at(size_t at);
  /// The number of a page by its index; 0 when the document has no pages.
  int page_number(size_t index) const { return index < pages_.size() ? pages_[index].number : 0; }

 private:
  void add_sections(std::string_view text, std::vector<Heading> headings);
  std::vector<Section> sections_;
  std::vector<Page> pages_;
  size_t page_ = 0;
};

}  // namespace hanok::text
