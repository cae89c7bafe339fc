// The same passage in several files: a file in two copies is answered from once.
#pragma once

#include <vector>

#include "chain/search/fusion.h"

namespace hanok::chain {

/// Takes what stands in several documents together: of passages with the same text under the same heading in different
/// documents the best stays, and gets the others as its `copies`. Only passages whose scores are equal are looked at,
/// since the same text has the same; `read` gives the records of some chunks.
void take_copies_together(std::vector<ScoredChunk>& candidates, const ReadChunks& read);

}  // namespace hanok::chain
