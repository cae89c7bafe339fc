#include "chain/answer/foreign.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "chain/answer/letters.h"
#include "chain/answer/loanwords.h"
#include "chain/answer/mentions.h"
#include "chain/answer/shown.h"
#include "chain/answer/translated.h"
#include "chain/answer/units.h"
#include "chain/answer/weights.h"
#include "chain/search/exact.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kMostEmbedded = 64;  // sentences: those of the first passages
constexpr double kNearnessScale = 2, kManyDeviations = 4, kLong = 60, kManySounds = 2;
constexpr size_t kPassagesCompared = 3, kMostCompared = 6000;  // bytes: some thousand words to embed
// Of the word that is found least: below a half it was not found. Such words are mostly names, of which the vectors
// know little, so the means say too little then.
constexpr double kFound = 0.5;
constexpr double kHoldsCode = 3;    // has a code that a short question names (AX-77B): the same in every language
constexpr double kHeadingCost = 4;  // as in evidence.cpp: says where the answer is

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Runs of digits without the commas between them ("18,400"), and of Latin letters in lower case, two or more.
struct Crossing {
  std::set<std::string> numbers, words;

  explicit Crossing(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
      std::string run;
      if (is_digit(text[i])) {
        for (;
             i < text.size() && (is_digit(text[i]) || (text[i] == ',' && i + 1 < text.size() && is_digit(text[i + 1])));
             ++i)
          if (text[i] != ',') run += text[i];
        numbers.insert(std::move(run));
      } else if (is_letter(text[i])) {
        for (; i < text.size() && is_letter(text[i]); ++i) run += static_cast<char>(text[i] | 0x20);
        if (run.size() > 1) words.insert(std::move(run));
      } else {
        ++i;
      }
    }
  }
};

double shared_sounds(const Sounds& asked, std::string_view text, const Question& q) {
  return std::min(1.0, static_cast<double>(asked.shared_with(Sounds(text, q))) / kManySounds);
}

/// Share of `wanted` that `there` has; `without` where nothing is wanted.
double share(const std::set<std::string>& wanted, const std::set<std::string>& there, double without) {
  if (wanted.empty()) return without;
  const auto held = std::count_if(wanted.begin(), wanted.end(), [&](const auto& w) { return there.contains(w); });
  return static_cast<double>(held) / static_cast<double>(wanted.size());
}

bool asks_for_number(const Question& q) {
  return q.asks == Asks::Number || q.asks == Asks::Time || q.measure != Measure::None;
}

class ForeignRanker {
 public:
  ForeignRanker(const Question& question, const std::vector<Passage>& passages, const ForeignFeatures& weights)
      : q_(question),
        passages_(passages),
        weights_(weights),
        asked_(question.text),
        sounds_(question.text, question),
        codes_(read_exact(question.text).codes) {}

  std::vector<ForeignSentence> run(const Across& across) {
    for (size_t p = 0; p < passages_.size() && out_.size() < kMostEmbedded; ++p)
      if (passages_[p].foreign) add_passage(p);
    if (out_.empty()) return {};
    const std::vector<double> near = across.nearness(texts_);
    for (size_t i = 0; i < out_.size(); ++i) out_[i].meaning = near[i];
    compare();
    if (across.words) add_words(Translated(q_, across.words));
    for (ForeignSentence& s : out_)
      s.score = std::inner_product(s.foreign.begin(), s.foreign.end(), weights_.begin(),
                                   (s.holds_code ? kHoldsCode : 0) - (s.heading ? kHeadingCost : 0));
    std::stable_sort(out_.begin(), out_.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    double sum = 0;
    for (ForeignSentence& s : out_) sum += s.probability = std::exp(s.score - out_.front().score);
    for (ForeignSentence& s : out_) s.probability /= sum;
    return std::move(out_);
  }

 private:
  void add_passage(size_t p) {
    const Passage& passage = passages_[p];
    const auto units = units_of(passage.text);
    for (size_t i = 0; i < units.size() && out_.size() < kMostEmbedded; ++i) {
      const std::string_view text = part(passage.text, units[i].span);
      const auto words = words_of(text, q_);
      if (words.empty() || !seen_.emplace(text).second) continue;
      ForeignSentence s;
      s.passage = p;
      s.span = units[i].span;
      s.heading = units[i].heading;
      read_context(passage.text, units, i, s);
      auto& f = s.foreign;
      f[kForeignPassageNearness] = kNearnessScale * passage.nearness;
      f[kForeignFirstPassage] = rank_ == 0;
      f[kForeignRank] = 1 / (1 + rank_);
      f[kForeignKindMissing] = asks_for_number(q_) && !holds_kind(said_of_kind(s, passage.text, q_), q_);
      f[kForeignKeyword] = passage.keyword;
      s.holds_code = holds_code(text);
      const Crossing here(text);
      f[kForeignNumbers] = share(asked_.numbers, here.numbers, 0);
      f[kForeignNames] = q_.korean ? share(asked_.words, here.words, 0) : 0;
      f[kForeignSounds] = shared_sounds(sounds_, text, q_);
      f[kForeignLength] = std::min(1.0, static_cast<double>(words.size()) / kLong);
      out_.push_back(std::move(s));
    }
    ++rank_;
  }

  bool holds_code(std::string_view text) const {
    if (codes_.empty()) return false;
    const ExactText exact(text);
    return std::any_of(codes_.begin(), codes_.end(), [&](const auto& code) { return exact.holds_code(code); });
  }

  /// Also what is given to the embedder: the sentence below what it stands under or leans on.
  void read_context(const std::string& text, const std::vector<Unit>& units, size_t i, ForeignSentence& s) {
    const Unit& unit = units[i];
    std::string whole;
    for (const size_t c : unit.context) {
      s.under.push_back(units[c].span);
      if (is_table_row(part(text, units[c].span)) && is_table_row(part(text, unit.span)))
        s.columns = units[c].span;
      else
        whole.append(part(text, units[c].span)).append("\n");
    }
    if (unit.lead) s.lead = {units[unit.line.value_or(*unit.lead)].span.start, units[*unit.lead].span.end};
    s.leans = unit.leans;
    if (s.lead && (s.leans || unit.line)) whole.append(part(text, *s.lead)).append(" ");
    const std::string own(part(text, unit.span));
    texts_.push_back(whole + (s.columns ? shown(own, part(text, *s.columns)) : own));
  }

  void compare() {
    const auto n = static_cast<double>(out_.size());
    double sum = 0, squares = 0;
    std::vector<double> nearest(passages_.size(), -1e300);
    for (const ForeignSentence& s : out_) {
      sum += s.meaning, squares += s.meaning * s.meaning;
      nearest[s.passage] = std::max(nearest[s.passage], s.meaning);
    }
    const double mean = sum / n, deviation = std::sqrt(std::max(0.0, squares / n - mean * mean));
    for (ForeignSentence& s : out_) {
      s.foreign[kForeignNearness] = kNearnessScale * s.meaning;
      s.foreign[kForeignAmong] = deviation > 0 ? (s.meaning - mean) / deviation / kManyDeviations : 0;
      s.foreign[kForeignNearest] = s.meaning >= nearest[s.passage];
    }
  }

  /// The passages whose words are worth comparing: those that are nearest, themselves and by their best sentence.
  std::vector<size_t> nearest_passages() const {
    std::vector<double> nearness(passages_.size(), -1e300);
    for (const ForeignSentence& s : out_)
      nearness[s.passage] = std::max(nearness[s.passage], s.meaning + passages_[s.passage].nearness);
    std::vector<size_t> out;
    for (size_t p = 0; p < passages_.size(); ++p)
      if (nearness[p] > -1e300) out.push_back(p);
    std::stable_sort(out.begin(), out.end(), [&](size_t a, size_t b) { return nearness[a] > nearness[b]; });
    size_t bytes = 0, kept = 0;
    while (kept < std::min(out.size(), kPassagesCompared) && (kept == 0 || bytes < kMostCompared))
      bytes += passages_[out[kept++]].text.size();
    out.resize(kept);
    return out;
  }

  void add_words(const Translated& translated) {
    const auto passages = nearest_passages();
    std::vector<std::string> texts;  // of sentences, as they are embedded, then what each passage stands under
    std::vector<size_t> sentences;
    for (size_t i = 0; i < out_.size(); ++i) {
      if (std::find(passages.begin(), passages.end(), out_[i].passage) == passages.end()) continue;
      sentences.push_back(i);
      texts.push_back(texts_[i]);
    }
    for (const size_t p : passages) texts.push_back(passages_[p].heading + "\n" + passages_[p].about);
    const auto present = translated.in(texts);
    for (size_t p = 0; p < passages.size(); ++p) {
      Presence whole = present[sentences.size() + p];
      for (size_t i = 0; i < sentences.size(); ++i)
        if (out_[sentences[i]].passage == passages[p]) whole = together(std::move(whole), present[i]);
      for (size_t i = 0; i < sentences.size(); ++i) {
        ForeignSentence& s = out_[sentences[i]];
        if (s.passage != passages[p]) continue;
        s.foreign[kForeignWords] = translated.mean(present[i]);
        s.foreign[kForeignPassageWords] = translated.mean(whole);
        s.words = {translated.topical_mean(whole), translated.plain_mean(whole),
                   std::min(kFound, translated.topical_least(whole))};
      }
    }
  }

  const Question& q_;
  const std::vector<Passage>& passages_;
  const ForeignFeatures& weights_;
  const Crossing asked_;
  const Sounds sounds_;
  const std::vector<std::string> codes_;
  double rank_ = 0;  // of the foreign passage being read
  std::set<std::string, std::less<>> seen_;
  std::vector<ForeignSentence> out_;
  std::vector<std::string> texts_;
};

}  // namespace

ForeignFeatures learned_foreign_weights() {
  ForeignFeatures out;
  std::copy_n(kForeignWeights.begin(), out.size(), out.begin());
  return out;
}

std::vector<ForeignSentence> rank_foreign(const Question& question, const std::vector<Passage>& passages,
                                          const Across& across, const ForeignFeatures& weights) {
  return across ? ForeignRanker(question, passages, weights).run(across) : std::vector<ForeignSentence>();
}

std::vector<double> foreign_confidence_features(const Question& question, const std::vector<Passage>& passages,
                                                const std::vector<ForeignSentence>& foreign,
                                                const std::vector<Sentence>& own) {
  const ForeignSentence& top = foreign.front();
  const Passage& passage = passages[top.passage];
  // What else there is: other foreign passages, and those in the question's language.
  double rival_score = top.score - 6, rival_nearness = -.2, rival_passage = -.2, own_nearness = -.2, own_keyword = 0;
  for (const ForeignSentence& s : foreign)
    if (s.passage != top.passage) {
      rival_score = std::max(rival_score, s.score);
      rival_nearness = std::max(rival_nearness, s.meaning);
    }
  for (size_t p = 0; p < passages.size(); ++p) {
    double& most = passages[p].foreign ? rival_passage : own_nearness;
    if (p != top.passage) most = std::max(most, passages[p].nearness);
    if (!passages[p].foreign) own_keyword = std::max(own_keyword, passages[p].keyword);
  }
  double own_coverage = 0;
  for (const Sentence& s : own)
    if (!passages[s.passage].foreign) own_coverage = std::max(own_coverage, s.features[kPassageCoverage]);
  const Crossing asked(question.text), there(passage.text + "\n" + passage.heading + "\n" + passage.about);
  const auto& f = top.foreign;
  return {f[kForeignNearness],
          f[kForeignPassageNearness],
          std::max(f[kForeignNearness], f[kForeignPassageNearness]),
          f[kForeignAmong],
          f[kForeignFirstPassage],
          top.passage == 0 ? 1.0 : 0.0,
          top.probability,
          top.score / 10,
          (top.score - rival_score) / 10,
          kNearnessScale * (top.meaning - rival_nearness),
          kNearnessScale * (passage.nearness - rival_passage),
          kNearnessScale * (passage.nearness - own_nearness),
          own_coverage,
          own_keyword,
          f[kForeignKindMissing],
          asks_for_number(question) ? 1.0 : 0.0,
          f[kForeignKeyword],
          1 - share(asked.numbers, there.numbers, 1),
          question.korean ? 1 - share(asked.words, there.words, 1) : 0,
          question.korean ? share(asked.words, there.words, 0) : 0,
          f[kForeignSounds],
          shared_sounds(Sounds(question.text, question), passage.text, question),
          passage.meaning / kManyDeviations,
          f[kForeignWords],
          top.words[0],
          top.words[1],
          top.words[2]};
}

double foreign_confidence(const Question& question, const std::vector<Passage>& passages,
                          const std::vector<ForeignSentence>& foreign, const std::vector<Sentence>& own) {
  if (foreign.empty()) return 0;
  const auto f = foreign_confidence_features(question, passages, foreign, own);
  const double z =
      std::inner_product(f.begin(), f.end(), kForeignWeights.begin() + kForeignFeatures, kForeignWeights.back());
  return 1 / (1 + std::exp(-z));
}

}  // namespace hanok::chain::answer
