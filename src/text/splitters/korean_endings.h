// Korean sentence ends that need no full stop.
#pragma once

#include <string_view>

namespace hanok::text {

/// True when the word (a run without blanks) ends as a Korean sentence does: "갔습니다", "했다", "좋아요", "그렇죠",
/// "갈까". By the shape of the last syllables, without a dictionary: a bare "-다" or "-요" is not enough, because
/// "보다", "바다", "필요" and "수요" end so too; what stands before must be the tense or the vowel of a verb.
bool ends_korean_sentence(std::string_view word);

/// True when a word after such an end shows that the sentence goes on: "했다 고", "간다 해도", "먹었다 라는".
bool continues_korean_sentence(std::string_view word);

}  // namespace hanok::text
