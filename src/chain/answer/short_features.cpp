#include "chain/answer/short_features.h"

#include <algorithm>

namespace hanok::chain::answer {
namespace {

constexpr size_t kNearby = 4;  // words on each side that are a run's company
constexpr size_t kNowhere = 99;

std::string steps(size_t distance) {
  return std::to_string(distance <= 4 ? distance : distance <= 8 ? 8 : distance <= 16 ? 16 : kNowhere);
}

std::string at_most(size_t n, size_t most) { return std::to_string(std::min(n, most)); }

// Of quotations and titles one name for all marks, of brackets, commas and the like their own.
std::string mark_name(std::string_view mark) {
  constexpr std::string_view kQuotes[] = {"\"", "'",  "“",  "”",  "‘",  "’",  "《", "》",
                                          "〈", "〉", "『", "』", "「", "」", "<",  ">"};
  constexpr std::string_view kOwn[] = {"(", ")", ",", ".", ":", "·"};
  if (std::find(std::begin(kQuotes), std::end(kQuotes), mark) != std::end(kQuotes)) return "quote";
  if (std::find(std::begin(kOwn), std::end(kOwn), mark) != std::end(kOwn)) return std::string(mark);
  return mark == " " || mark.empty() ? "blank" : "other";
}

std::string roles_of(const AskedFor& asked) {
  return std::string("roles") + (asked.has_subject ? " s" : "") + (asked.has_object ? " o" : "") + " end ";
}

}  // namespace

RunFeatures::RunFeatures(std::string_view sentence, const Question& question)
    : sentence_(sentence),
      q_(question),
      words_(words_of(sentence, question)),
      language_(question.korean ? "ko " : "en "),
      asks_(asks_name(question.asks)),
      wh_(language_ + question.asked_for.word),
      head_(question.asked_for.head) {
  if (question.korean) roles_ = roles_of(question.asked_for);
}

std::string_view RunFeatures::core_of(size_t i) const {
  return sentence_.substr(words_[i].span.start, words_[i].span.end - words_[i].span.start);
}

std::string_view RunFeatures::full_of(size_t i) const {
  return sentence_.substr(words_[i].full.start, words_[i].full.end - words_[i].full.start);
}

std::string RunFeatures::lower(size_t i) const {
  std::string out(full_of(i));
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::string RunFeatures::shape(size_t i) const {
  const Word& w = words_[i];
  if (w.asked) return "asked";
  if (w.year) return "year";
  if (w.month) return "month";
  if (w.number) return "number";
  if (w.capital) return "capital";
  if (w.stop) return "stop";
  return w.after.empty() ? "plain" : "noun";
}

std::string RunFeatures::left_mark(size_t first) const {
  return mark_name(last_letter(sentence_.substr(0, words_[first].full.start)));
}

std::string RunFeatures::right_mark(size_t last) const {
  const size_t at = words_[last].full.end;
  size_t end = at + (at < sentence_.size());
  while (end < sentence_.size() && (sentence_[end] & 0xC0) == 0x80) ++end;
  return mark_name(sentence_.substr(at, end - at));
}

// How many words apart the nearest of the question's words is on one side.
size_t RunFeatures::asked_before(size_t first) const {
  for (size_t i = first; i-- > 0;)
    if (words_[i].asked) return first - i;
  return kNowhere;
}

size_t RunFeatures::asked_after(size_t last) const {
  for (size_t i = last + 1; i < words_.size(); ++i)
    if (words_[i].asked) return i - last;
  return kNowhere;
}

// Of the kNearby words on both sides, how many the question has too: 0 none, 1 some, 2 half of them or more.
size_t RunFeatures::company(size_t first, size_t last) const {
  size_t there = 0, asked = 0;
  for (size_t i = first > kNearby ? first - kNearby : 0; i < std::min(words_.size(), last + 1 + kNearby); ++i) {
    if (i >= first && i <= last) continue;
    there += !words_[i].stop;
    asked += words_[i].asked && !words_[i].stop;
  }
  return asked == 0 ? 0 : asked * 2 < there ? 1 : 2;
}

Names RunFeatures::of_first(size_t first) const {
  Names f;
  const std::string own = shape(first);
  const bool open = first > 0 && !words_[first].breaks_before;
  f.push_back(asks_ + " first " + own);
  f.push_back(wh_ + " first " + own);
  f.push_back(language_ + "before " + (first == 0 ? "^" : open ? shape(first - 1) : "mark"));
  f.push_back(language_ + "left " + left_mark(first));
  f.push_back(language_ + "asked before " + steps(asked_before(first)));
  // The whole of a name or number: not cut out of a longer one.
  if (open && shape(first - 1) == own) f.push_back("cut before " + own);
  if (!head_.empty()) {
    f.push_back("head " + head_ + " first " + own);
    if (first > 0 && lower(first - 1).ends_with(head_)) f.push_back(language_ + "head before");
  }
  if (q_.korean) {
    f.push_back("ko first " + std::string(full_of(first)));
    if (first > 0) f.push_back("ko before tail " + std::string(last_letter(full_of(first - 1))));
  } else if (first > 0 && words_[first - 1].stop) {
    f.push_back("en stop " + lower(first - 1));
    if (q_.asks != Asks::Other) f.push_back(asks_ + " stop " + lower(first - 1));
  }
  return f;
}

void RunFeatures::add_head_last(size_t last, Names& f) const {
  f.push_back("head " + head_ + " last " + shape(last));
  if (last + 1 < words_.size() && lower(last + 1).starts_with(head_)) f.push_back(language_ + "head after");
  const std::string_view core = core_of(last);
  const std::string tail(last_letter(core));
  if (core == head_) {
    f.push_back(language_ + "is head");
  } else if (core.ends_with(head_)) {
    f.push_back(language_ + "ends in head");
    f.push_back(asks_ + " ends in head");
  } else if (q_.korean) {
    f.push_back(tail == last_letter(head_) ? "head syllable" : "head differs");
  }
  if (q_.korean) f.push_back("head " + std::string(last_letter(head_)) + " tail " + tail);
}

Names RunFeatures::of_last(size_t last) const {
  Names f;
  const std::string own = shape(last);
  const bool open = !words_[last].breaks_after;
  f.push_back(asks_ + " last " + own);
  f.push_back(wh_ + " last " + own);
  f.push_back(language_ + "after " + (open ? shape(last + 1) : "mark"));
  f.push_back(language_ + "right " + right_mark(last));
  f.push_back(language_ + "asked after " + steps(asked_after(last)));
  if (open && shape(last + 1) == own) f.push_back("cut after " + own);
  if (!head_.empty()) add_head_last(last, f);
  if (!q_.korean) return f;
  const std::string after(words_[last].after);
  if (!after.empty()) f.push_back(asks_ + " end " + after);
  f.push_back(roles_ + after);
  f.push_back("ko tail " + std::string(last_letter(core_of(last))));
  if (last + 1 < words_.size()) f.push_back("ko next " + std::string(core_of(last + 1)));
  return f;
}

std::string RunFeatures::end(size_t last) const {
  return "end " + (words_[last].after.empty() ? "none" : std::string(words_[last].after));
}

void RunFeatures::add_counts(size_t first, size_t last, Names& f) const {
  const size_t n = last - first + 1;
  size_t asked = 0, capital = 0, number = 0, money = 0, kind = 0, time = 0, stop = 0;
  for (size_t i = first; i <= last; ++i) {
    asked += words_[i].asked;
    capital += words_[i].capital;
    number += words_[i].number;
    money += words_[i].money;
    time += words_[i].year || words_[i].month;
    stop += words_[i].stop;
    kind += is_kind(words_[i], q_.asks) && !words_[i].asked;
  }
  if (asked) f.push_back(asked == n ? "all asked" : asked * 2 > n ? "much asked" : "some asked");
  if (asked) f.push_back(language_ + asks_ + " asked");
  f.push_back(asks_ + (kind == n ? " kind all" : kind ? " kind some" : " kind none"));
  if (capital == n) f.push_back(asks_ + " capitals");
  if (number) f.push_back(asks_ + (number == n ? " numbers" : " number"));
  if (money) f.push_back(asks_ + (money == n ? " moneys" : " money"));
  if (money) f.push_back(wh_ + " money");
  if (time) f.push_back(asks_ + (time == n ? " times" : " time"));
  if (stop) f.push_back("stop inside " + at_most(stop, 3));
}

Names RunFeatures::of_whole(size_t first, size_t last) const {
  Names f;
  const size_t n = last - first + 1;
  f.push_back(language_ + "length " + at_most(n, 6));
  f.push_back(asks_ + " length " + at_most(n, 4));
  f.push_back(wh_ + " length " + at_most(n, 4));
  if (!head_.empty()) f.push_back("head " + head_ + " length " + at_most(n, 4));
  add_counts(first, last, f);
  f.push_back(language_ + "distance " + steps(std::min(asked_before(first), asked_after(last))));
  f.push_back(language_ + "company " + std::to_string(company(first, last)));
  if (left_mark(first) == "quote") f.push_back(language_ + "quoted " + right_mark(last));
  const auto inside = [&](auto has) {
    return std::any_of(words_.begin() + static_cast<ptrdiff_t>(first), words_.begin() + static_cast<ptrdiff_t>(last),
                       has);
  };
  if (inside([](const Word& w) { return w.breaks_after; })) f.push_back("comma inside");
  if (!q_.korean) return f;
  if (inside([](const Word& w) { return !w.after.empty() && w.after != "의"; })) f.push_back("particle inside");
  if (n > 1) f.push_back("ko first tail " + std::string(last_letter(full_of(first))));
  return f;
}

}  // namespace hanok::chain::answer
