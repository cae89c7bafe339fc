// Where both caches are in a journal.
#pragma once

#include <string_view>

namespace hanok::chain {

inline constexpr std::string_view kAnswers = "cache/chat/", kVectors = "cache/vector/";

}  // namespace hanok::chain
