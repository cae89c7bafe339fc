// Porter2, the English stemmer of the Snowball project (docs/papers.md).
#pragma once

#include <string>

namespace hanok::text::analysis {

/// Replaces `word` by its stem. The word is in lower case, of letters a-z and apostrophes; others are left as they are.
void porter2(std::string& word);

}  // namespace hanok::text::analysis
