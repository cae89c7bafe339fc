#include "text/analysis/particles.h"

#include <array>
#include <string_view>

namespace hanok::text::analysis {
namespace {

using std::u32string_view;

// Longest first within each number of syllables; what stands alone as a noun ending is left out on purpose.
constexpr std::array kParticles{
    U"으로부터", U"에서부터", U"이라고는", U"에서까지", U"으로서의", U"으로써의",
    U"에서는", U"에서도", U"에서의", U"에게서", U"으로서", U"으로써", U"으로는", U"으로도", U"으로의", U"이라는", U"이라고",
    U"이라도", U"이었던", U"이었다", U"입니다", U"에게는", U"에게도", U"께서는", U"까지의", U"까지는", U"까지도", U"부터의",
    U"부터는", U"만으로", U"라고는", U"로부터", U"이지만", U"이면서", U"로서의", U"이나마", U"보다는", U"보다도", U"처럼은",
    U"에서", U"에게", U"한테", U"께서", U"으로", U"로서", U"로써", U"로는", U"로도", U"로의", U"에는", U"에도", U"에만",
    U"에의", U"까지", U"부터", U"마다", U"조차", U"마저", U"보다", U"처럼", U"만큼", U"이나", U"이며", U"이고", U"이란",
    U"이라", U"라는", U"라고", U"라도", U"이다", U"이던", U"였던", U"였다", U"하고", U"와의", U"과의", U"와는", U"과는",
    U"와도", U"과도", U"만이", U"만을", U"만은", U"만의", U"밖에", U"들이", U"들은", U"들을", U"들의", U"들과", U"들에",
    U"인가", U"이자", U"대로", U"뿐만",
    U"은", U"는", U"이", U"가", U"을", U"를", U"의", U"에", U"와", U"과", U"도", U"로", U"만", U"들", U"나", U"며", U"란",
    U"인", U"께",
};

constexpr std::array kQuestions{
    U"무엇", U"누구", U"어디", U"언제", U"어느", U"어떤", U"무슨", U"얼마", U"어떻게", U"몇", U"누가", U"뭐",
};

bool ends(std::span<const Letter> word, u32string_view suffix) {
  if (word.size() < suffix.size()) return false;
  const auto tail = word.last(suffix.size());
  for (size_t i = 0; i < suffix.size(); ++i)
    if (tail[i].code != suffix[i]) return false;
  return true;
}

}  // namespace

size_t without_particles(std::span<const Letter> word, size_t keep) {
  for (const u32string_view particle : kParticles) {
    if (word.size() < particle.size() + keep || !ends(word, particle)) continue;
    return word.size() - particle.size();
  }
  return word.size();
}

size_t question_tail(std::span<const Letter> word) {
  constexpr size_t kLongestTail = 8;
  for (size_t at = word.size() > kLongestTail ? word.size() - kLongestTail : 0; at < word.size(); ++at)
    for (const u32string_view question : kQuestions)
      if (word.size() - at >= question.size() && ends(word.subspan(0, at + question.size()), question))
        return word.size() - at;
  return 0;
}

}  // namespace hanok::text::analysis
