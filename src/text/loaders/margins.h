// What stands at the head or the foot of every page: the letterhead's address, a document's number.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "text/loaders/writer.h"

namespace hanok::text {

/// It belongs to no place in the text, so that it is kept for the end, every line once. Lines without a letter or digit
/// (what is left of "- 3 -" without its page number) are dropped.
class Margins {
 public:
  void add(std::string_view text) {
    std::string line = collapse_blanks(text);
    const bool says_something = std::any_of(line.begin(), line.end(), [](char c) {
      return (c & 0x80) != 0 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    });
    constexpr size_t kMost = 1000;  // more are no page heads, and every new one is compared with all
    if (says_something && lines_.size() < kMost && std::find(lines_.begin(), lines_.end(), line) == lines_.end())
      lines_.push_back(std::move(line));
  }

  void write(Writer& out) const {
    out.paragraph();
    for (const auto& line : lines_) out.line(), out.text(line), out.line();
  }

 private:
  std::vector<std::string> lines_;
};

}  // namespace hanok::text
