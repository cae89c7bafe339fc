// What every Document promises; the tests and the fuzz programs ask it after every load.
#pragma once

#include <string>

#include "hanok/text.h"
#include "text/utf8.h"

namespace hanok::text {

inline bool on_boundary(const std::string& text, size_t at) {
  return at <= text.size() && (at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80);
}

/// Empty when all promises of Document are kept, or the one that is broken.
inline std::string broken_promise(const Document& d) {
  if (!valid_utf8(d.text)) return "the text is not UTF-8";
  if (nfc(d.text) != d.text) return "the text is not NFC";
  if (d.text.find('\0') != std::string::npos) return "the text has a NUL";
  if (d.text.find('\r') != std::string::npos) return "the text has a carriage return";
  if (!valid_utf8(d.title) || nfc(d.title) != d.title) return "the title is not clean";
  size_t last = 0;
  for (const auto& page : d.pages) {
    if (page.span.start < last || page.span.end < page.span.start) return "pages overlap or are out of order";
    if (!on_boundary(d.text, page.span.start) || !on_boundary(d.text, page.span.end))
      return "a page ends outside the text";
    last = page.span.end;
  }
  last = 0;
  for (const auto& heading : d.headings) {
    if (heading.start < last || !on_boundary(d.text, heading.start)) return "a heading is out of order";
    if (d.text.compare(heading.start, heading.title.size(), heading.title) != 0)
      return "a heading is not where it says";
    if (heading.title.empty() || heading.level < 1) return "a heading is empty or has no level";
    last = heading.start;
  }
  return {};
}

}  // namespace hanok::text
