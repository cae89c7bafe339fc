#include "text/loaders/pdf_continued.h"

#include <algorithm>

namespace hanok::text {
namespace {

constexpr size_t kMarginLines = 2;  // above or below a table that fills the page: a running head, a page number

float top_of(const PdfPage& page, const PdfTable& table) {
  float top = page[table.lines.front()].top;
  for (const size_t i : table.lines) top = std::min(top, page[i].top);
  return top;
}

float bottom_of(const PdfPage& page, const PdfTable& table) {
  float bottom = page[table.lines.front()].bottom;
  for (const size_t i : table.lines) bottom = std::max(bottom, page[i].bottom);
  return bottom;
}

bool begins_the_page(const PdfPage& page, const PdfTable& table) {
  const float top = top_of(page, table);
  return std::count_if(page.begin(), page.end(), [&](const PdfLine& line) { return line.bottom <= top; }) <=
         static_cast<long>(kMarginLines);
}

bool ends_the_page(const PdfPage& page, const PdfTable& table) {
  const float bottom = bottom_of(page, table);
  return std::count_if(page.begin(), page.end(), [&](const PdfLine& line) { return line.top >= bottom; }) <=
         static_cast<long>(kMarginLines);
}

// A first row names the columns where all have a name, none of which is a number. Two columns of words may as well be
// names and what they stand for, one a row.
bool has_names(const PdfTable& table) {
  const auto& first = table.rows.front();
  const bool numbers =
      std::any_of(table.columns.begin(), table.columns.end(), [](const PdfColumn& c) { return c.number; });
  return table.rows.size() >= 2 && (numbers || table.columns.size() >= 3) && first.size() == table.columns.size() &&
         std::none_of(first.begin(), first.end(), [](const auto& cell) { return cell.empty() || is_numeric(cell); });
}

// A row with words over every column of numbers: the names of another table.
bool names_anew(const std::vector<std::string>& row, const std::vector<PdfColumn>& columns) {
  bool numbers = false;
  for (size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].number) continue;
    numbers = true;
    if (row[c].empty() || is_numeric(row[c])) return false;
  }
  return numbers;
}

}  // namespace

bool TablesOverPages::go_on(const PdfPage& page, PdfTable& first) const {
  if (!open_ || !begins_the_page(page, first) || !same_columns(open_->columns, first.columns)) return false;
  if (first.rows.front() == open_->names) return true;
  if (names_anew(first.rows.front(), open_->columns)) return false;
  first.rows.insert(first.rows.begin(), open_->names);
  return true;
}

std::vector<PdfTable> TablesOverPages::next(const PdfPage& page) {
  auto tables = find_tables(page, open_ ? &open_->columns : nullptr);
  std::erase_if(tables, [](const PdfTable& table) { return table.lines.empty() || table.rows.empty(); });
  if (tables.empty()) {
    open_.reset();
    return tables;
  }
  const bool goes_on = go_on(page, tables.front());
  const PdfTable& last = tables.back();
  const bool still_open = goes_on && tables.size() == 1;
  if (!ends_the_page(page, last) || (!still_open && !has_names(last)))
    open_.reset();
  else if (!still_open)
    open_ = {last.rows.front(), last.columns};
  return tables;
}

}  // namespace hanok::text
