#include "text/analysis/particles.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hanok::text::analysis {
namespace {

using std::u32string_view;

constexpr u32string_view kParticles =
    U"은 는 이 가 을 를 의 에 와 과 도 로 만 들 나 며 란 인 께 에서 에게 한테 께서 으로 로서 로써 로는 로도 로의 에는 "
    U"에도 "
    U"에만 에의 까지 부터 마다 조차 마저 보다 처럼 만큼 이나 이며 이고 이란 이라 라는 라고 라도 이다 이던 였던 였다 "
    U"하고 "
    U"와의 과의 와는 과는 와도 과도 만이 만을 만은 만의 밖에 들이 들은 들을 들의 들과 들에 인가 이자 대로 뿐만 이었 "
    U"에서는 "
    U"에서도 에서의 에게서 으로서 으로써 으로는 으로도 으로의 이라는 이라고 이라도 이었던 이었다 입니다 에게는 에게도 "
    U"께서는 "
    U"까지의 까지는 까지도 부터의 부터는 만으로 라고는 로부터 이지만 이면서 로서의 이나마 보다는 보다도 인가요 일까요 "
    U"인지는 "
    U"일까 인지 적인 적으로 으로부터 에서부터 이라고는 에서까지 으로서의 으로써의";
// What follows a noun that is used as a verb: 연구한, 발표된, 시작했던.
constexpr u32string_view kVerbEndings =
    U"한 된 할 될 해 함 됨 하는 했던 했다 한다 하여 하며 해서 하게 되는 됐던 됐다 된다 되어 되며 시킨 하던 하기 되기 "
    U"하지 "
    U"하자 했을 했는 받은 당한 하였던 하였다 했었던 되었던 되었다 시켰던 하는가 했는가";
constexpr u32string_view kQuestions = U"무엇 누구 어디 언제 어떤 무슨 얼마 어떻게 어느 누가 몇 왜";
constexpr u32string_view kQuestionEndings =
    U"인가 인가요 일까 일까요 인지 이나 이었나 였나 이었는가 였는가 입니까 이었을까 였을까 이라고하는가 라고하는가 "
    U"라고하나 "
    U"은 는 을 를 이 의 에 에서 로 으로 와 과 한 나 지 요 하게 이며";

std::vector<u32string_view> words_of(u32string_view list) {
  std::vector<u32string_view> words;
  while (!list.empty()) {
    const size_t end = std::min(list.find(U' '), list.size());
    words.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

/// Endings by their last syllable, the longest first.
using Endings = std::unordered_map<char32_t, std::vector<u32string_view>>;

Endings endings(std::initializer_list<u32string_view> lists) {
  Endings result;
  for (const u32string_view list : lists)
    for (const u32string_view word : words_of(list)) result[word.back()].push_back(word);
  for (auto& [last, words] : result)
    std::stable_sort(words.begin(), words.end(), [](auto a, auto b) { return a.size() > b.size(); });
  return result;
}

bool ends(std::span<const Letter> word, u32string_view suffix) {
  if (word.size() < suffix.size()) return false;
  return std::equal(suffix.begin(), suffix.end(), word.end() - static_cast<ptrdiff_t>(suffix.size()),
                    [](char32_t code, const Letter& letter) { return code == letter.code; });
}

/// Length of the longest of `endings` that `word` ends with and that leaves `keep` syllables; 0 if there is none.
size_t longest_ending(std::span<const Letter> word, const Endings& endings, size_t keep) {
  if (word.empty()) return 0;
  const auto found = endings.find(word.back().code);
  if (found == endings.end()) return 0;
  for (const u32string_view ending : found->second)
    if (word.size() >= ending.size() + keep && ends(word, ending)) return ending.size();
  return 0;
}

}  // namespace

size_t without_ending(std::span<const Letter> word) {
  static const Endings all = endings({kParticles, kVerbEndings});
  return word.size() - longest_ending(word, all, 1);
}

size_t question_begin(std::span<const Letter> word) {
  static const Endings questions = endings({kQuestions}), tails = endings({kQuestionEndings});
  for (const size_t tail : {size_t{0}, longest_ending(word, tails, 1)}) {
    const auto rest = word.first(word.size() - tail);
    if (const size_t asks = longest_ending(rest, questions, 0); asks > 0) return rest.size() - asks;
  }
  return word.size();
}

}  // namespace hanok::text::analysis
