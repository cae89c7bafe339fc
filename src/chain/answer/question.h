// A question read once: its language, what it asks for, and how much each of its words weighs.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chain/answer/calendar.h"
#include "chain/answer/measures.h"
#include "hanok/text.h"

namespace hanok::chain::answer {

/// What kind of thing would answer. Other: no word of the question says.
enum class Asks { Other, Person, Time, Place, Number };
inline constexpr size_t kAsks = 5;
std::string_view asks_name(Asks asks);

/// How much a word tells apart passages of the collection: store::Collection::keyword_ceiling is one. 0: in no passage.
using TermWeight = std::function<double(std::string_view text)>;

/// What a question asks for in its own words: finer than Asks, for the short answer alone.
struct AskedFor {
  std::string word = "none";  // the asking word: "which", "어떤", "누구"; none for "…한 정당은?"
  std::string head;  // the noun asked for: "team" of "Which team …", "정당" of "…한 정당은?"; empty where unclear
  bool has_subject = false, has_object = false;  // Korean: some word before the last is marked as one
};

struct Question {
  std::string text;
  std::vector<text::Term> terms;  // of text, in order
  bool korean = false;
  Asks asks = Asks::Other;
  Measure measure = Measure::None;  // what it measures in, where it says so
  std::vector<std::string> forms;   // distinct terms, in order
  std::vector<double> weights;      // of each form, > 0; they sum to 1
  std::vector<char> named;          // of each form: a number, or capitalised inside the question
  std::vector<double> rarity;       // of each form, of that of a word in no passage: 1
  std::vector<double> rarity_here;  // the same in this collection alone, without the 200 passages more
  std::vector<Calendar> days;       // of each form: the days of the week and months that its word names
  double ceiling = 0;               // what TermWeight gives all forms together
  AskedFor asked_for;
  std::unordered_map<std::string, size_t> by_form;  // form -> its place in forms
};

/// A word in no passage weighs the most. The ending of a Korean question ("되나요?") is left out.
/// terms: text::analyze(text, {.query = true}). passages: how many the collection has; with it the weights are those
/// of a collection that has 200 passages more, without the question's words: in a collection of three
/// passages one word in no passage would otherwise outweigh five that stand in one. 0: as TermWeight gives them.
Question read_question(std::string_view text, std::span<const text::Term> terms, const TermWeight& weight,
                       size_t passages = 0);
inline Question read_question(std::string_view text, const TermWeight& weight) {
  return read_question(text, text::analyze(text, {.query = true}), weight);
}

}  // namespace hanok::chain::answer
