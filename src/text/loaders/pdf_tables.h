// Tables on a page, found by where words stand: PDF has no tables, only words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/loaders/pdf.h"

namespace hanok::text {

struct PdfColumn {
  float left = 0, right = 0;
  bool number = false;  // most of its cells are numbers
};

struct PdfTable {
  std::vector<size_t> lines;                   // of the page, sorted: those that the table is made of
  std::vector<std::vector<std::string>> rows;  // its cells
  std::vector<PdfColumn> columns;
};

/// 12 350 1,900 45% 3.5kg $20 2026-03-15 5,000원: begins with a digit, and has not more letters than digits.
bool is_numeric(std::string_view text);

/// The words of a line with spaces where there are gaps; superscripts and subscripts by their height.
std::string line_text(const std::vector<PdfWord>& words);

/// Two or more columns over several rows that a reader would read across. Columns of prose, an index in columns and
/// notes in a margin are not: they are read downwards.
/// goes_on: the columns of a table that may go on at the top of this page, where few rows are enough; nullptr: none.
std::vector<PdfTable> find_tables(const PdfPage& page, const std::vector<PdfColumn>* goes_on = nullptr);

/// As many columns, each over its own and beside the others.
bool same_columns(const std::vector<PdfColumn>& a, const std::vector<PdfColumn>& b);

}  // namespace hanok::text
