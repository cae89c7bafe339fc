#include "text/splitters/korean_endings.h"

#include <algorithm>
#include <array>

#include "text/splitters/code_points.h"

namespace hanok::text {
using namespace scan;
namespace {

// Vowels of Hangul by their number in Unicode's order.
enum Vowel {
  kA = 0,
  kAe = 1,
  kYa = 2,
  kEo = 4,
  kE = 5,
  kYeo = 6,
  kYe = 7,
  kWa = 9,
  kWae = 10,
  kOe = 11,
  kWeo = 14,
  kI = 20
};

// "-다" after a past tense (았 었 했 겠 있: final ㅆ), after ㅂ니 (습니다) or after final ㄴ (한다, 는다, 이란다).
bool ends_with_da(char32_t before, char32_t before_that) {
  if (before == U'니') return is_hangul(before_that) && hangul_coda(before_that) == kCodaB;
  if (before == U'이' || before == U'없' || before == U'같' || before == U'않') return true;  // 이다 없다 같다 않다
  return hangul_coda(before) == kCodaSs || hangul_coda(before) == kCodaN;
}

// "-요" after the open vowel of a verb (어요 해요 세요 와요 지요) or 군, 든, 걸.
bool ends_with_yo(char32_t before, char32_t before_that) {
  if (before == U'개' || !is_hangul(before_that)) return false;  // nouns and names: 개요, 가요, 라요
  if (before == U'군' || before == U'든' || before == U'걸' || before == U'지' || before == U'구' || before == U'고')
    return true;
  if (hangul_coda(before) != 0) return false;
  constexpr std::array<int, 10> kOpen = {kA, kAe, kEo, kE, kYeo, kYe, kWa, kWae, kOe, kWeo};
  return std::find(kOpen.begin(), kOpen.end(), hangul_vowel(before)) != kOpen.end();
}

// "-까" as a question: ㅂ니까, ㄹ까 (갈까). "하니까" (because) is none.
bool ends_with_kka(char32_t before, char32_t before_that) {
  if (before == U'니') return is_hangul(before_that) && hangul_coda(before_that) == kCodaB;
  return hangul_coda(before) == kCodaL;
}

}  // namespace

bool ends_korean_sentence(std::string_view word) {
  char32_t last[3] = {};
  size_t end = word.size();
  for (int i = 0; i < 3 && end > 0; ++i) {
    const CodePoint c = code_point_before(word, end);
    last[i] = c.value;
    end -= c.bytes;
  }
  if (last[0] == U'죠') return true;
  if (!is_hangul(last[1])) return false;
  if (last[0] == U'다') return ends_with_da(last[1], last[2]);
  if (last[0] == U'요') return ends_with_yo(last[1], last[2]);
  if (last[0] == U'까') return ends_with_kka(last[1], last[2]);
  if (last[0] == U'음') return last[1] == U'없' || hangul_coda(last[1]) == kCodaSs;  // 했음, 있음; not 마음, 다음
  if (last[0] == U'임') return last[1] == U'것' || last[1] == U'거';
  return false;
}

bool continues_korean_sentence(std::string_view word) {
  // Quotation and condition (고 라고 는 며 면 해도), and verbs that take the sentence as their object (한다 할 수, 한다
  // 하여).
  constexpr std::string_view kStarts[] = {
      "고 ",  "고,",  "라고", "라는",  "라며", "라면", "란 ",  "는 ",  "며 ",  "며,",  "면 ",  "면서",
      "해도", "하더", "할 ",  "할지",  "하여", "하고", "하며", "하는", "해서", "하면", "했",   "만 ",
      "지만", "시피", "싶",   "손 치", "치더", "보니", "가 ",  "든지", "거나", "는데", "니까", "라도",
      "든가", "던 ",  "기보", "뿐",    "말 ",  "두려", "봐",   "걱정", "생각", "믿"};
  return std::any_of(std::begin(kStarts), std::end(kStarts),
                     [&](std::string_view start) { return word.starts_with(start); });
}

}  // namespace hanok::text
