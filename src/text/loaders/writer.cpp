#include "text/loaders/writer.h"

#include <algorithm>

#include "text/utf8.h"

namespace hanok::text {
namespace {

std::string_view end_of(const std::string& s, size_t n) {
  return std::string_view(s).substr(s.size() - std::min(n, s.size()));
}

void drop_trailing_blanks(std::string& s) {
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.pop_back();
}

}  // namespace

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string collapse_blanks(std::string_view utf8) {
  std::string out;
  for (const char c : trim(utf8)) {
    if (!is_blank(c))
      out.push_back(c);
    else if (out.back() != ' ')
      out.push_back(' ');
  }
  return out;
}

std::string clean_text(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size(); ++i) {
    const char c = utf8[i];
    if (c == '\0' || (c == '\r' && i + 1 < utf8.size() && utf8[i + 1] == '\n')) continue;
    out.push_back(c == '\r' ? '\n' : c);
  }
  return nfc(out);
}

void Writer::text(std::string_view utf8) {
  const uint64_t most = source_.options.max_text_bytes;
  if (utf8.size() > most || raw_.size() > most - utf8.size())
    source_.fail(Code::Exhausted, "more than " + std::to_string(most) +
                                      " bytes of text in it; split the file or raise the limit (max_text_bytes)");
  raw_.append(utf8);
}

void Writer::space() {
  if (!raw_.empty() && !is_blank(raw_.back())) text(" ");
}

void Writer::line() {
  const size_t floor = marks_.empty() ? 0 : marks_.back().at;
  while (raw_.size() > floor && (raw_.back() == ' ' || raw_.back() == '\t')) raw_.pop_back();
  if (!raw_.empty() && raw_.back() != '\n') text("\n");
}

void Writer::paragraph() {
  line();
  if (!raw_.empty() && end_of(raw_, 2) != "\n\n") text("\n");
}

void Writer::heading(int level, std::string_view title) {
  const std::string flat = collapse_blanks(clean_text(title));
  if (flat.empty()) return;
  paragraph();
  marks_.push_back({raw_.size(), 0, level, flat});
  text(flat);
  paragraph();
}

void Writer::page(int number) {
  paragraph();
  marks_.push_back({raw_.size(), number, 0, {}});
}

void Writer::title(std::string_view utf8) {
  if (title_.empty()) title_ = collapse_blanks(clean_text(utf8));
}

void Writer::note(std::string what) {
  constexpr size_t kMost = 100;  // a file may be broken in a million places
  if (notes_.size() < kMost && std::find(notes_.begin(), notes_.end(), what) == notes_.end())
    notes_.push_back(std::move(what));
}

Document Writer::finish() {
  while (!raw_.empty() && is_blank(raw_.back()) && (marks_.empty() || marks_.back().at < raw_.size())) raw_.pop_back();
  if (!raw_.empty() && raw_.back() != '\n') raw_.push_back('\n');
  drop_trailing_blanks(raw_);
  Document document;
  document.notes = std::move(notes_);
  size_t from = 0;
  for (Mark& mark : marks_) {
    document.text += clean_text(std::string_view(raw_).substr(from, mark.at - from));
    from = mark.at;
    const size_t at = document.text.size();
    if (mark.page == 0) {
      document.headings.push_back({mark.level, std::move(mark.title), at});
      continue;
    }
    if (!document.pages.empty()) document.pages.back().span.end = at;
    document.pages.push_back({mark.page, {at, at}});
  }
  document.text += clean_text(std::string_view(raw_).substr(from));
  if (!document.pages.empty()) document.pages.back().span.end = document.text.size();
  document.title = !title_.empty()             ? title_
                   : document.headings.empty() ? std::string()
                                               : document.headings.front().title;
  return document;
}

}  // namespace hanok::text
