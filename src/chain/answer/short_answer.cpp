// Candidates are runs of up to kLongest words that cross no bracket; a linear model ranks them. Its features say what a
// person would: right kind for the question, not in the question, close to the question's words, where the run begins
// and ends. After Rajpurkar et al. 2016, section 5.1 (logistic regression over constituents), without a parser.
#include "chain/answer/short_answer.h"

#include <algorithm>
#include <cstdlib>

#include "chain/answer/mentions.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kLongest = 7;

class Candidates {
 public:
  Candidates(std::string_view sentence, const Question& question)
      : sentence_(sentence), q_(question), words_(words_of(sentence, question)) {
    for (size_t i = 0; i < words_.size(); ++i)
      if (words_[i].asked) asked_.push_back(i);
  }

  std::vector<Candidate> run() {
    for (size_t first = 0; first < words_.size(); ++first) {
      if (words_[first].stop) continue;
      for (size_t last = first; last < words_.size() && last < first + kLongest; ++last) {
        if (!words_[last].stop) add(first, last);
        if (words_[last].breaks_after && !comma_joins(last)) break;
      }
    }
    return std::move(out_);
  }

 private:
  // "1 May, 1945", "Paris, Texas": a single comma may stand inside an answer.
  bool comma_joins(size_t last) const {
    if (last + 1 >= words_.size()) return false;
    return sentence_.substr(words_[last].full.end, words_[last + 1].full.start - words_[last].full.end) == ", ";
  }

  size_t distance(size_t first, size_t last) const {
    size_t best = 99;
    for (const size_t a : asked_) best = std::min(best, a < first ? first - a : a > last ? a - last : best);
    return best;
  }

  std::string word(size_t i) const {
    std::string out(sentence_.substr(words_[i].full.start, words_[i].full.end - words_[i].full.start));
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
  }

  std::string shape(size_t i) const {
    const Word& w = words_[i];
    if (w.asked) return "asked";
    if (w.year) return "year";
    if (w.month) return "month";
    if (w.number) return "number";
    if (w.capital) return "capital";
    if (w.stop) return "stop";
    return w.after.empty() ? "plain" : "noun";
  }

  void add(size_t first, size_t last) {
    Candidate c{{words_[first].span.start, words_[last].span.end}, {}};
    c.features = features(first, last);
    out_.push_back(c);
    if (words_[last].after.empty()) return;
    // The particle may belong to the word ("고양이", "제주도"): the run without cutting is a candidate too.
    c.span.end = words_[last].full.end;
    c.features = features(first, last);
    std::erase_if(c.features, [](const std::string& f) { return f.starts_with("end "); });
    c.features.push_back("uncut");
    out_.push_back(std::move(c));
  }

  std::vector<std::string> features(size_t first, size_t last) const {
    std::vector<std::string> f;
    const std::string asks(asks_name(q_.asks));
    const size_t n = last - first + 1;
    size_t asked = 0, capital = 0, number = 0, kind = 0, time = 0, stop = 0;
    for (size_t i = first; i <= last; ++i) {
      asked += words_[i].asked;
      capital += words_[i].capital;
      number += words_[i].number;
      time += words_[i].year || words_[i].month;
      stop += words_[i].stop;
      kind += is_kind(words_[i], q_.asks) && !words_[i].asked;
    }
    const std::string language = q_.korean ? "ko " : "en ";
    f.push_back(language + "length " + std::to_string(std::min<size_t>(n, 6)));
    f.push_back(asks + " length " + std::to_string(std::min<size_t>(n, 4)));
    if (asked) f.push_back(asked == n ? "all asked" : asked * 2 > n ? "much asked" : "some asked");
    if (asked) f.push_back(language + asks + " asked");
    f.push_back(asks + (kind == n ? " kind all" : kind ? " kind some" : " kind none"));
    if (capital == n) f.push_back(asks + " capitals");
    if (number) f.push_back(asks + (number == n ? " numbers" : " number"));
    if (time) f.push_back(asks + (time == n ? " times" : " time"));
    if (stop) f.push_back("stop inside " + std::to_string(std::min<size_t>(stop, 3)));
    f.push_back(asks + " first " + shape(first));
    f.push_back(asks + " last " + shape(last));
    f.push_back(language + "before " + (first == 0 ? "^" : words_[first].breaks_before ? "mark" : shape(first - 1)));
    f.push_back(language + "after " + (words_[last].breaks_after ? "mark" : shape(last + 1)));
    // The whole of a name or number: not cut out of a longer one.
    if (first > 0 && !words_[first].breaks_before && shape(first - 1) == shape(first))
      f.push_back("cut before " + shape(first));
    if (!words_[last].breaks_after && shape(last + 1) == shape(last)) f.push_back("cut after " + shape(last));
    const size_t d = distance(first, last);
    f.push_back(language + "distance " + std::to_string(d <= 4 ? d : d <= 8 ? 8 : d <= 16 ? 16 : 99));
    if (!words_[last].after.empty())
      f.push_back("end " + std::string(words_[last].after));
    else if (q_.korean)
      f.push_back("end none");
    if (!q_.korean && first > 0 && words_[first - 1].stop) f.push_back("en stop " + word(first - 1));
    if (!q_.korean && first > 0 && words_[first - 1].stop && q_.asks != Asks::Other)
      f.push_back(asks + " stop " + word(first - 1));
    for (size_t i = first; i < last; ++i)
      if (words_[i].breaks_after) {
        f.push_back("comma inside");
        break;
      }
    if (q_.korean)
      for (size_t i = first; i < last; ++i) {
        const std::string_view after = words_[i].after;
        if (!after.empty() && after != "의") {
          f.push_back("particle inside");
          break;
        }
      }
    return f;
  }

  std::string_view sentence_;
  const Question& q_;
  std::vector<Word> words_;
  std::vector<size_t> asked_;
  std::vector<Candidate> out_;
};

}  // namespace

std::vector<Candidate> short_candidates(std::string_view sentence, const Question& question) {
  return Candidates(sentence, question).run();
}

ShortAnswer best_short_answer(std::string_view sentence, const Question& question) {
  ShortAnswer best{{0, sentence.size()}};
  for (const Candidate& c : short_candidates(sentence, question)) {
    double score = 0;
    for (const std::string& f : c.features) score += short_answer_weight(f);
    if (score > best.score) best = {c.span, score};
  }
  return best;
}

}  // namespace hanok::chain::answer
