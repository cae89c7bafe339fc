#include "text/analysis/english.h"

#include <array>
#include <cstdint>
#include <unordered_set>

namespace hanok::text::analysis {

namespace {

// Articles, pronouns, prepositions, conjunctions, auxiliaries and question words.
const std::unordered_set<std::string_view>& stop_words() {
  // clang-format off
  static const std::unordered_set<std::string_view> words{
      "a", "an", "the", "this", "that", "these", "those", "such", "i", "me", "my", "mine", "myself", "we", "us", "our",
      "ours", "ourselves", "you", "your", "yours", "yourself", "he", "him", "his", "himself", "she", "her", "hers",
      "herself", "it", "its", "itself", "they", "them", "their", "theirs", "themselves", "who", "whom", "whose",
      "which", "what", "when", "where", "why", "how", "of", "in", "on", "at", "by", "for", "with", "about", "against",
      "between", "into", "through", "during", "to", "from", "as", "and", "or", "but", "if", "because", "until",
      "while", "than", "then", "so", "nor", "not", "no", "only", "own", "same", "too", "very", "both", "each", "some",
      "any", "all", "there", "here", "am", "is", "are", "was", "were", "be", "been", "being", "have", "has", "had",
      "having", "do", "does", "did", "doing", "done", "will", "would", "shall", "should", "can", "could", "may",
      "might", "must", "ought", "just", "also", "it's", "don't", "doesn't", "didn't", "isn't", "aren't", "wasn't",
      "weren't", "can't", "couldn't", "won't", "wouldn't", "shouldn't", "haven't", "hasn't", "hadn't", "i'm", "you're",
      "he's", "she's", "we're", "they're", "i've", "you've", "we've", "they've", "that's", "what's", "who's", "where's",
      "how's", "there's", "let's"};
  // clang-format on
  return words;
}

// For every first letter the lengths of its words, a bit each: most words are told to be none without being hashed.
std::array<uint16_t, 26> lengths_by_letter() {
  std::array<uint16_t, 26> out{};
  for (const std::string_view word : stop_words()) out[static_cast<size_t>(word[0] - 'a')] |= 1 << word.size();
  return out;
}

}  // namespace

bool is_english_stop_word(std::string_view word) {
  static const std::array<uint16_t, 26> lengths = lengths_by_letter();
  if (word.empty() || word.size() > 15 || word[0] < 'a' || word[0] > 'z') return false;
  return (lengths[static_cast<size_t>(word[0] - 'a')] >> word.size() & 1) != 0 && stop_words().count(word) != 0;
}

}  // namespace hanok::text::analysis
