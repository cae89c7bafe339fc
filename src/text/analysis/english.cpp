#include "text/analysis/english.h"

#include <unordered_set>

namespace hanok::text::analysis {

bool is_english_stop_word(std::string_view word) {
  constexpr size_t kLongest = 10;  // "themselves"
  // Articles, pronouns, prepositions, conjunctions, auxiliaries and question words.
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
  return word.size() <= kLongest && words.count(word) != 0;
}

}  // namespace hanok::text::analysis
