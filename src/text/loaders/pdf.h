// The part of the PDF loader that works on what pdftotext printed: words with their places on the page.
#pragma once

#include <string_view>
#include <vector>

#include "text/loaders/hyphens.h"
#include "text/loaders/writer.h"

namespace hanok::text {

struct PdfWord {
  float left = 0, top = 0, right = 0, bottom = 0;  // points, from the upper left corner of the page
  std::string text;
};

/// A line of the page, as pdftotext found it; columns of a page are different lines. `flow` counts the pieces of text
/// that belong together (a column, a caption), in reading order.
struct PdfLine {
  float left = 0, top = 0, right = 0, bottom = 0;
  size_t flow = 0;
  std::vector<PdfWord> words;
};

using PdfPage = std::vector<PdfLine>;

/// Reads the output of `pdftotext -bbox-layout`. Anything else gives no pages.
std::vector<PdfPage> read_layout(std::string_view printed);

/// Writes pages from number `first` on: lines in reading order, flows apart, the rows of tables as "a | b | c"
/// (pdf_tables.h, pdf_continued.h), words whole that a line end cut.
void write_pages(const std::vector<PdfPage>& pages, int first, const Hyphens& hyphens, Writer& out);

}  // namespace hanok::text
