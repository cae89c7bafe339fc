// What a reader is shown of a passage: rows with the names of their columns, sentences on one line.
#pragma once

#include <string>
#include <string_view>

namespace hanok::chain::answer {

/// A quote as one line: what a PDF or a mail broke is joined (and the marks "> " of a quoted mail go), a row of a table
/// ("Moon | 2 | 140,000 won") gets the names of its columns ("room: Moon; guests: 2; price: 140,000 won") from the
/// table's first row, where that is known (empty: it is not). A mark of a list item in the middle stays.
std::string shown(std::string_view quote, std::string_view columns = {});

/// The first row of the table that goes on at `start` of a document's text, where it names columns; else empty.
std::string_view columns_above(std::string_view document, size_t start);

}  // namespace hanok::chain::answer
