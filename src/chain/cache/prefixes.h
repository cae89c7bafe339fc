// Where both caches are in a journal, and how often they look at how many there are.
#pragma once

#include <cstddef>
#include <string_view>

namespace hanok::chain {

inline constexpr std::string_view kAnswers = "cache/chat/", kVectors = "cache/vector/";
inline constexpr size_t kTidyEvery = 256;  // values that are written between two looks

}  // namespace hanok::chain
