// A scan by codes of eight bits (row_codes.h). What threads ask of the same codes at the same time is read once: the
// codes of a hundred thousand rows take longer to come from memory than to be compared with.
#pragma once

#include <span>

#include "store/better.h"
#include "store/bitmap.h"
#include "store/row_codes.h"
#include "store/row_query.h"
#include "store/vector_file.h"

namespace hanok::store {

/// What one caller looks for. Everything is the caller's and stays until the scan is over.
struct CodeScan {
  const VectorRows& rows;  // those of the codes
  const RowQuery& query;   // no longer than RowCodes::kLongest
  const Bitmap* allowed;   // nullptr: all
  const Bitmap& skip;
  Best& best;        // what was found elsewhere; better ones are put in
  size_t coded = 0;  // the first so many rows were looked at
};

/// Does the scans of all, whose codes are the same, in one pass over the rows that have codes now.
void scan_codes(const RowCodes& codes, std::span<CodeScan* const> scans);

}  // namespace hanok::store
