#include "chain/answer/shown.h"

#include <algorithm>
#include <vector>

#include "chain/answer/units.h"

namespace hanok::chain::answer {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string with_columns(std::string_view row, std::string_view columns) {
  const auto cells = cells_of(row), names = cells_of(columns);
  std::string out;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].empty()) continue;
    if (!out.empty()) out += "; ";
    if (i < names.size() && !names[i].empty()) out.append(names[i]).append(": ");
    out += cells[i];
  }
  return out;
}

}  // namespace

std::string shown(std::string_view quote, std::string_view columns) {
  const bool row = is_table_row(quote) && quote.find('\n') == std::string_view::npos;
  if (row && !columns.empty()) return with_columns(quote, columns);
  std::string out;
  for (size_t i = 0; i < quote.size(); ++i) {
    if (!is_blank(quote[i])) {
      out += quote[i];
      continue;
    }
    bool line = false;
    size_t end = i;
    for (; end < quote.size() && is_blank(quote[end]); ++end) line |= quote[end] == '\n';
    if (line)
      while (end < quote.size() && (quote[end] == '>' || (is_blank(quote[end]) && quote[end - 1] == '>'))) ++end;
    // Inside a line a tab parts cells, and stays.
    out += line || quote.substr(i, end - i).find('\t') == std::string_view::npos ? " " : "\t";
    i = end - 1;
  }
  return out;
}

std::string_view columns_above(std::string_view document, size_t start) {
  start = std::min(start, document.size());
  std::string_view first;
  std::vector<std::string_view> below;
  const auto line_from = [&](size_t at) { return document.substr(at, document.find('\n', at) - at); };
  if (start < document.size() && is_table_row(line_from(start))) below.push_back(line_from(start));
  for (size_t end = start; end > 0;) {
    const size_t line_end = document[end - 1] == '\n' ? end - 1 : end;
    const size_t before = line_end == 0 ? std::string_view::npos : document.rfind('\n', line_end - 1);
    const size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view line = document.substr(begin, line_end - begin);
    if (!is_table_row(line)) break;
    if (!first.empty()) below.push_back(first);
    first = line;
    end = begin;
  }
  std::reverse(below.begin(), below.end());  // as the lines stand
  return !first.empty() && names_columns(first, below) ? first : std::string_view();
}

}  // namespace hanok::chain::answer
