// Tables that go on over pages: only the first page names the columns, and every row is to be read with them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "text/loaders/pdf_tables.h"

namespace hanok::text {

/// Pages in their order.
class TablesOverPages {
 public:
  /// The tables of the next page. Where the one at its top goes on from the page before and does not repeat the names
  /// of the columns, they are its first row.
  std::vector<PdfTable> next(const PdfPage& page);

 private:
  struct Open {  // at the end of the last page
    std::vector<std::string> names;
    std::vector<PdfColumn> columns;
  };
  bool go_on(const PdfPage& page, PdfTable& first) const;

  std::optional<Open> open_;
};

}  // namespace hanok::text
