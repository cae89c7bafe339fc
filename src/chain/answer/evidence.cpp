#include "chain/answer/evidence.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "chain/answer/calendar.h"
#include "chain/answer/letters.h"
#include "chain/answer/mentions.h"
#include "chain/answer/short_answer.h"
#include "chain/answer/shown.h"
#include "chain/answer/units.h"
#include "chain/answer/weights.h"

namespace hanok::chain::answer {
namespace {

// Sentences given to the embedder: one further down the lexical order is the answer in fewer than one question of
// fifty.
constexpr size_t kEmbedded = 24;
constexpr uint32_t kNear = 3;       // terms apart at most to count as neighbours
constexpr double kAnswerRange = 8;  // a short answer that scores so much below the best one counts nothing
constexpr double kManyNews = 10, kLong = 60;
constexpr double kManyDeviations = 4;
constexpr size_t kLeastToHalve = 6;  // terms; a shorter question has no later half
constexpr double kOfHeading = 0.7;   // a word of the question in the headings counts so much of one in the sentence
constexpr double kNeeded = 0.15;  // so much of the question's weight in the sentences before, and it is read with them
// Chosen by hand, since the sets learned from have neither: a heading says where the answer is, and rows of a timetable
// differ in the day alone.
constexpr double kHeadingCost = 4, kOnDay = 2;

/// Which terms of the question a stretch of text holds, and where.
struct Found {
  std::vector<std::vector<uint32_t>> positions;  // for each form of the question
  size_t terms = 0, news = 0;

  explicit Found(size_t forms) : positions(forms) {}
  bool has(size_t form) const { return !positions[form].empty(); }
};

double coverage(const Question& q, const std::vector<const Found*>& parts) {
  double sum = 0;
  for (size_t f = 0; f < q.forms.size(); ++f)
    if (std::any_of(parts.begin(), parts.end(), [&](const Found* p) { return p->has(f); })) sum += q.weights[f];
  return sum;
}

// Each term's weight is shared by all the stretches that hold it.
double alone(const Question& q, const Found& found, const std::vector<Found>& all) {
  double sum = 0;
  for (size_t f = 0; f < q.forms.size(); ++f) {
    if (!found.has(f)) continue;
    const auto holders = std::count_if(all.begin(), all.end(), [&](const Found& other) { return other.has(f); });
    sum += q.weights[f] / static_cast<double>(holders);
  }
  return sum;
}

double late(const Question& q, const Found& found) {
  if (!q.korean || q.forms.size() < kLeastToHalve) return 0;
  double sum = 0, all = 0;
  for (size_t f = q.forms.size() / 2; f < q.forms.size(); ++f) {
    all += q.weights[f];
    if (found.has(f)) sum += q.weights[f];
  }
  return all > 0 ? sum / all : 0;
}

/// What two stretches hold together.
Found joined(Found a, const Found& b) {
  for (size_t f = 0; f < a.positions.size(); ++f)
    a.positions[f].insert(a.positions[f].end(), b.positions[f].begin(), b.positions[f].end());
  return a;
}

bool near(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  for (const uint32_t x : a)
    for (const uint32_t y : b)
      if ((x > y ? x - y : y - x) <= kNear) return true;
  return false;
}

double pairs(const Question& q, const Found& found) {
  double sum = 0, all = 0;
  for (size_t f = 0; f + 1 < q.forms.size(); ++f) {
    const double w = std::min(q.weights[f], q.weights[f + 1]);
    all += w;
    if (found.has(f) && found.has(f + 1) && near(found.positions[f], found.positions[f + 1])) sum += w;
  }
  return all > 0 ? sum / all : 0;
}

// "Tuesday to Friday" holds Wednesday, too.
void look_for_days(const Question& q, std::string_view text, uint32_t position, Found& found) {
  if (std::all_of(q.days.begin(), q.days.end(), [](Calendar days) { return days == 0; })) return;
  const Calendar here = calendar_in(text);
  for (size_t f = 0; f < q.forms.size(); ++f)
    if (q.days[f] != 0 && (here & q.days[f]) == q.days[f] && !found.has(f)) found.positions[f].push_back(position);
}

void look(const Question& q, const text::Term& term, Found& found) {
  ++found.terms;
  const auto at = q.by_form.find(term.form);
  if (at == q.by_form.end()) {
    ++found.news;
  } else if (found.positions[at->second].size() < 8) {  // more of the same word adds nothing, and bounds near()
    found.positions[at->second].push_back(term.position);
  }
}

class Ranker {
 public:
  Ranker(const Question& q, const std::vector<Passage>& passages, const SentenceFeatures& weights,
         const ShortAnswerWeights& short_answers)
      : q_(q), passages_(passages), weights_(weights), short_answers_(short_answers), days_(calendar_in(q.text)) {
    for (const Passage& p : passages) best_keyword_ = std::max(best_keyword_, p.keyword);
    heaviest_ = static_cast<size_t>(std::max_element(q.weights.begin(), q.weights.end()) - q.weights.begin());
  }

  std::vector<Sentence> run(const Meaning& meaning) {
    for (size_t p = 0; p < passages_.size(); ++p) add_passage(p);
    for (Sentence& s : out_) s.score = score(s);
    sort();
    if (!out_.empty()) add_answers();
    if (meaning && !out_.empty()) add_meaning(meaning);
    give_way();
    softmax();
    return std::move(out_);
  }

 private:
  void add_passage(size_t p) {
    const Passage& passage = passages_[p];
    const auto units = units_of(passage.text);
    std::vector<Found> found(units.size(), Found(q_.forms.size()));
    Found heading(q_.forms.size());
    for (const text::Term& term : text::analyze(passage.heading)) look(q_, term, heading);
    size_t s = 0;
    for (const text::Term& term : text::analyze(passage.text)) {
      while (s < units.size() && units[s].span.end <= term.span.start) ++s;
      if (s == units.size() || term.span.end > units[s].span.end) continue;
      if (found[s].terms == 0) look_for_days(q_, part(passage.text, units[s].span), term.position, found[s]);
      look(q_, term, found[s]);
    }
    std::vector<const Found*> whole = {&heading};
    for (const Found& f : found) whole.push_back(&f);
    const double passage_coverage = coverage(q_, whole);
    const bool rarest =
        q_.forms.empty() || std::any_of(whole.begin(), whole.end(), [&](auto* f) { return f->has(heaviest_); });
    bool first = true;
    for (size_t i = 0; i < units.size(); ++i) {
      const text::Span& span = units[i].span;
      const std::string_view text = std::string_view(passage.text).substr(span.start, span.end - span.start);
      if (found[i].terms == 0 || !seen_.emplace(text).second) continue;
      std::vector<const Found*> under = {&found[i], &heading};
      for (const size_t c : units[i].context) under.push_back(&found[c]);
      // On a short line the sentences before it count as headings do, and other lines are about other things.
      const bool record = units[i].line || (i + 1 < units.size() && units[i + 1].line == i);
      Found line = found[i];
      for (size_t l = units[i].line.value_or(i); l < i; ++l) line = joined(std::move(line), found[l]);
      std::vector<const Found*> around = under;
      around.push_back(&line);
      if (i > 0 && !record) around.push_back(&found[i - 1]);
      if (i + 1 < units.size() && (!record || units[i + 1].line)) around.push_back(&found[i + 1]);
      const double own = coverage(q_, {&found[i]});
      Sentence out{.passage = p, .span = span, .heading = units[i].heading};
      auto& f = out.features;
      read_context(passage.text, units, i, out);
      out.on_day = days_ != 0 && (days_of(passage.text, out) & days_) == days_;
      std::vector<const Found*> with_lead = under;
      for (size_t l = first_lead(units, i); l < i; ++l) with_lead.push_back(&found[l]);
      const double lead = coverage(q_, with_lead) - coverage(q_, under);
      out.leans = units[i].leans || lead >= kNeeded;
      if (units[i].line) under.push_back(&line);
      f[kLead] = std::max(0.0, coverage(q_, with_lead) - coverage(q_, under));
      f[kLeans] = units[i].leans ? f[kLead] : 0;
      f[kCoverage] = own + kOfHeading * (coverage(q_, under) - own);
      out.own = own;
      const auto partly = [&](auto&& of) { return of(found[i]) + kOfHeading * (of(line) - of(found[i])); };
      f[kAround] = coverage(q_, around);
      f[kPassageCoverage] = passage_coverage;
      f[kRelative] = best_keyword_ > 0 ? passage.keyword / best_keyword_ : 0;
      f[kKeyword] = passage.keyword;
      f[kPairs] = pairs(q_, found[i]);
      f[kAlone] = partly([&](const Found& here) { return alone(q_, here, found); });
      f[kLate] = partly([&](const Found& here) { return late(q_, here); });
      f[kKindWanted] = q_.asks != Asks::Other;
      f[kKind] = f[kKindWanted] > 0 && holds_kind(said_of_kind(out, passage.text, q_), q_);
      f[kNews] = std::min(1.0, static_cast<double>(found[i].news) / kManyNews);
      f[kLength] = std::min(1.0, static_cast<double>(found[i].terms) / kLong);
      f[kFirst] = first && !units[i].heading;
      first &= units[i].heading;
      f[kBestPassage] = p == 0;
      f[kPassageMeaning] = passage.meaning / kManyDeviations;
      f[kRarest] = rarest;
      f[kHeaviestMissing] = heaviest_missing(whole);
      f[kNamesMissing] = names_missing(whole);
      out_.push_back(out);
    }
  }

  // What a sentence goes on from: its short line, else the one before it, and where that one leans on another, that
  // too.
  static size_t first_lead(const std::vector<Unit>& units, size_t i) {
    constexpr size_t kFurthest = 3;
    if (units[i].line) return *units[i].line;
    size_t first = units[i].lead.value_or(i);
    while (first < i && i - first < kFurthest && units[first].leans && units[first].lead) first = *units[first].lead;
    return first;
  }

  static void read_context(std::string_view text, const std::vector<Unit>& units, size_t i, Sentence& out) {
    for (const size_t c : units[i].context) {
      out.under.push_back(units[c].span);
      const auto row = [&](const text::Span& s) { return is_table_row(text.substr(s.start, s.end - s.start)); };
      if (row(units[c].span) && row(units[i].span)) out.columns = units[c].span;
    }
    if (units[i].lead) out.lead = {units[first_lead(units, i)].span.start, units[*units[i].lead].span.end};
    out.read = {units[units[i].line.value_or(i)].span.start, units[i].span.end};
  }

  // Of the sentence and what it stands under.
  static Calendar days_of(std::string_view text, const Sentence& s) {
    Calendar out = calendar_in(part(text, s.span));
    for (const text::Span& c : s.under) out |= calendar_in(part(text, c));
    return out;
  }

  double heaviest_missing(const std::vector<const Found*>& whole) const {
    double most = 0;
    for (size_t f = 0; f < q_.forms.size(); ++f)
      if (std::none_of(whole.begin(), whole.end(), [&](auto* p) { return p->has(f); }))
        most = std::max(most, q_.weights[f]);
    return q_.forms.empty() ? 0 : most / q_.weights[heaviest_];
  }

  double names_missing(const std::vector<const Found*>& whole) const {
    double names = 0, missing = 0;
    for (size_t f = 0; f < q_.forms.size(); ++f) {
      if (!q_.named[f]) continue;
      ++names;
      missing += std::none_of(whole.begin(), whole.end(), [&](auto* p) { return p->has(f); });
    }
    return names > 0 ? missing / names : 0;
  }

  // The best sentences so far get the score of their best short answer, and are ordered anew.
  void add_answers() {
    const size_t n = std::min(out_.size(), kEmbedded);
    double most = -1e300;
    for (size_t i = 0; i < n; ++i) {
      out_[i].answer = best_short_answer(text_of(out_[i]), q_, short_answers_).score;
      most = std::max(most, out_[i].answer);
    }
    for (size_t i = 0; i < out_.size(); ++i) {
      out_[i].features[kAnswer] = i < n ? std::max(0.0, 1 - (most - out_[i].answer) / kAnswerRange) : 0;
      out_[i].score = score(out_[i]);
    }
    sort();
  }

  std::string text_of(const Sentence& s) const {
    return passages_[s.passage].text.substr(s.span.start, s.span.end - s.span.start);
  }

  double score(const Sentence& s) const {
    return std::inner_product(s.features.begin(), s.features.end(), weights_.begin(),
                              (s.on_day ? kOnDay : 0) - (s.heading ? kHeadingCost : 0));
  }

  void sort() {
    std::stable_sort(out_.begin(), out_.end(), [](const Sentence& a, const Sentence& b) { return a.score > b.score; });
  }

  void add_meaning(const Meaning& meaning) {
    const size_t n = std::min(out_.size(), kEmbedded);
    std::vector<std::string> texts;
    for (size_t i = 0; i < n; ++i)
      texts.push_back(
          passages_[out_[i].passage].text.substr(out_[i].read.start, out_[i].read.end - out_[i].read.start));
    const std::vector<double> near = meaning(texts);
    for (size_t i = 0; i < n; ++i) {
      out_[i].measured = true;
      out_[i].meaning = near[i];
      out_[i].features[kMeaning] = near[i] / kManyDeviations;
    }
    compare_meanings(n);
    for (Sentence& s : out_) s.score = score(s);
    sort();
  }

  // The first n by meaning, against each other and against those of their passage.
  void compare_meanings(size_t n) {
    std::vector<double> nearest(passages_.size(), -1e300);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; ++i) {
      sum += out_[i].meaning;
      squares += out_[i].meaning * out_[i].meaning;
      nearest[out_[i].passage] = std::max(nearest[out_[i].passage], out_[i].meaning);
    }
    const double mean = sum / static_cast<double>(n);
    const double deviation = std::sqrt(std::max(0.0, squares / static_cast<double>(n) - mean * mean));
    for (size_t i = 0; i < n; ++i) {
      out_[i].features[kAmong] = deviation > 0 ? (out_[i].meaning - mean) / deviation / kManyDeviations : 0;
      out_[i].features[kNearest] = out_[i].meaning >= nearest[out_[i].passage];
    }
  }

  // A heading says where the answer is: the best sentence under it takes its place.
  void give_way() {
    for (size_t i = 0; i < out_.size(); ++i) {
      if (!out_[i].heading) continue;
      const auto is_under = [&](const Sentence& s) {
        return !s.heading && s.passage == out_[i].passage &&
               std::find(s.under.begin(), s.under.end(), out_[i].span) != s.under.end();
      };
      const auto first = out_.begin() + static_cast<ptrdiff_t>(i);
      const auto best = std::find_if(out_.begin(), out_.end(), is_under);
      if (best < first || best == out_.end()) continue;
      best->score = first->score;
      std::rotate(first, best, best + 1);
      ++i;  // the heading, now behind it
    }
  }

  void softmax() {
    if (out_.empty()) return;
    double sum = 0;
    for (Sentence& s : out_) sum += s.probability = std::exp(s.score - out_.front().score);
    for (Sentence& s : out_) s.probability /= sum;
  }

  const Question& q_;
  const std::vector<Passage>& passages_;
  const SentenceFeatures& weights_;
  const ShortAnswerWeights& short_answers_;
  const Calendar days_;  // that the question names
  size_t heaviest_ = 0;
  double best_keyword_ = 0;
  std::set<std::string, std::less<>> seen_;
  std::vector<Sentence> out_;
};

}  // namespace

std::string_view feature_name(size_t feature) {
  constexpr std::array<std::string_view, kSentenceFeatures> kNames = {"coverage",
                                                                      "around",
                                                                      "passage coverage",
                                                                      "relative",
                                                                      "keyword",
                                                                      "pairs",
                                                                      "kind",
                                                                      "kind wanted",
                                                                      "news",
                                                                      "length",
                                                                      "first",
                                                                      "best passage",
                                                                      "rarest",
                                                                      "heaviest missing",
                                                                      "names missing",
                                                                      "answer",
                                                                      "alone",
                                                                      "lead",
                                                                      "leans",
                                                                      "late",
                                                                      "meaning",
                                                                      "passage meaning",
                                                                      "among",
                                                                      "nearest"};
  return kNames[feature];
}

std::string said_of_kind(const Sentence& s, std::string_view passage, const Question& question) {
  const auto part = [&](const text::Span& span) { return passage.substr(span.start, span.end - span.start); };
  const bool with_columns = s.columns && question.measure != Measure::None;
  return with_columns ? shown(part(s.span), part(*s.columns)) : std::string(part(s.span));
}

std::vector<Sentence> rank_sentences(const Question& question, const std::vector<Passage>& passages,
                                     const Meaning& meaning, const ShortAnswerWeights& short_answers) {
  const SentenceFeatures& weights = kSentenceWeights[row_of(question.korean, bool(meaning))];
  return Ranker(question, passages, weights, short_answers).run(meaning);
}

}  // namespace hanok::chain::answer
