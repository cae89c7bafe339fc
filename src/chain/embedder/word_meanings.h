// Words of two languages compared by what they mean, each embedded alone: 토요일 is nearer to Saturday than to any
// other word of a timetable.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "hanok/chain.h"
#include "hanok/text.h"

namespace hanok::chain {

/// The words of a text as they are compared: between blanks, without punctuation; in Han and Kana, which are written
/// without blanks, the terms of keyword search.
std::vector<std::string> plain_words(std::string_view text, text::Script script);
/// True for scripts that put blanks between words.
bool has_blanks(text::Script script);

/// Embeds each word once, without a prompt. Not for several threads.
class WordMeanings {
 public:
  /// The model must outlive it.
  explicit WordMeanings(const EmbeddingModel& model) : model_(model) {}
  /// How alike each of `asked` is to each of `there`: [asked.size()][there.size()], the cosine without what their
  /// languages add, in standard deviations of that of words with nothing in common (those of plain_texts.h). Above 5 is
  /// likely a translation. Words in scripts without plain texts are like none.
  std::vector<std::vector<double>> alike(std::span<const std::string> asked, std::span<const std::string> there);

 private:
  struct Row {
    text::Script script = text::Script::Other;
    std::vector<float> vector;  // [dim], of length 1; empty where the script has no plain texts
  };
  void embed(std::span<const std::string> words);

  const EmbeddingModel& model_;
  std::map<std::string, Row, std::less<>> rows_;
};

}  // namespace hanok::chain
