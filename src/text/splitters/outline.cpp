#include "text/splitters/outline.h"

#include <algorithm>

#include "text/splitters/code_points.h"

namespace hanok::text {
namespace {

constexpr int kDeepest = 8;            // levels of a heading path; deeper ones replace the last
constexpr size_t kLongestTitle = 200;  // bytes of a title in a path

std::string short_title(std::string_view title) {
  if (title.size() <= kLongestTitle) return std::string(title);
  return std::string(title.substr(0, scan::snap_back(title, kLongestTitle))) + "…";
}

// Titles from the outermost level down to the one in hand.
class Path {
 public:
  void enter(const Heading& heading) {
    const int level = std::clamp(heading.level, 1, kDeepest);
    while (!open_.empty() && open_.back().first >= level) open_.pop_back();
    if (!heading.title.empty()) open_.emplace_back(level, short_title(heading.title));
  }
  std::string text() const {
    std::string out;
    for (const auto& [level, title] : open_) out += (out.empty() ? "" : " > ") + title;
    return out;
  }

 private:
  std::vector<std::pair<int, std::string>> open_;
};

// The end of the heading's line when the text shows the title there (after marks such as "## "), else `start`.
size_t heading_line_end(std::string_view text, const Heading& heading) {
  constexpr size_t kMarks = 16;
  const std::string_view rest = text.substr(heading.start, heading.title.size() + kMarks);
  const size_t at = heading.title.empty() ? std::string_view::npos : rest.find(heading.title);
  if (at == std::string_view::npos || rest.substr(0, at).find('\n') != std::string_view::npos) return heading.start;
  const size_t title_end = heading.start + at + heading.title.size();
  const size_t newline = text.substr(title_end, kMarks).find('\n');
  return newline == std::string_view::npos ? title_end : title_end + newline + 1;
}

}  // namespace

Outline::Outline(const Document& document) : pages_(document.pages) {
  std::stable_sort(pages_.begin(), pages_.end(),
                   [](const Page& a, const Page& b) { return a.span.start < b.span.start; });
  add_sections(document.text, document.headings);
}

void Outline::add_sections(std::string_view text, std::vector<Heading> headings) {
  std::erase_if(headings, [&](const Heading& h) { return h.start >= text.size(); });
  std::stable_sort(headings.begin(), headings.end(),
                   [](const Heading& a, const Heading& b) { return a.start < b.start; });
  Path path;
  sections_.push_back({{0, text.size()}, 0, ""});
  for (Heading& h : headings) {
    h.start = scan::snap_back(text, h.start);
    path.enter(h);
    sections_.back().span.end = h.start;
    sections_.back().body = std::min(sections_.back().body, h.start);
    sections_.push_back({{h.start, text.size()}, heading_line_end(text, h), path.text()});
  }
}

size_t Outline::page_at(size_t at) {
  while (page_ + 1 < pages_.size() && pages_[page_ + 1].span.start <= at) ++page_;
  return page_;
}

}  // namespace hanok::text
