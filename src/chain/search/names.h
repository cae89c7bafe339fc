// Names of a question in Latin letters, as passages in Korean write them.
#pragma once

#include <string_view>
#include <vector>

#include "hanok/store.h"

namespace hanok::chain {

/// Terms to search for beside those of the question: the Hangul readings of its names that are words of the collection
/// ("Kim Young-sam" -> 김영삼 and its bigrams). Empty for a question in another script, and for a collection without
/// Korean passages.
std::vector<text::Term> names_in_hangul(const store::Snapshot& snapshot, std::string_view question);

}  // namespace hanok::chain
