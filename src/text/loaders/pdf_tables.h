// Tables on a page, found by where words stand: PDF has no tables, only words.
#pragma once

#include <string>
#include <vector>

#include "text/loaders/pdf.h"

namespace hanok::text {

struct PdfTable {
  std::vector<size_t> lines;                   // of the page, sorted: those that the table is made of
  std::vector<std::vector<std::string>> rows;  // its cells
};

/// The words of a line with spaces where there are gaps; superscripts and subscripts by their height.
std::string line_text(const std::vector<PdfWord>& words);

/// Two or more columns over several rows that a reader would read across. Columns of prose, an index in columns and
/// notes in a margin are not: they are read downwards.
std::vector<PdfTable> find_tables(const PdfPage& page);

}  // namespace hanok::text
