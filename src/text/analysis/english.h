// English function words.
#pragma once

#include <string_view>

namespace hanok::text::analysis {

/// True for words that carry no topic ("the", "of", "what"). `word` is case-folded and not stemmed.
bool is_english_stop_word(std::string_view word);

}  // namespace hanok::text::analysis
