#include "chain/answer/question.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "chain/answer/asked_for.h"
#include "chain/answer/letters.h"

namespace hanok::chain::answer {
namespace {

struct Hint {
  std::string_view words;  // " " before or after: a word border
  Asks asks;
};

// The first hint found (in this order) decides. English hints are matched in lower case.
constexpr Hint kEnglish[] = {
    {" how many ", Asks::Number},    {" how much ", Asks::Number},    {" how old ", Asks::Number},
    {" how far ", Asks::Number},     {" how tall ", Asks::Number},    {" how long ", Asks::Number},
    {" how large ", Asks::Number},   {" how big ", Asks::Number},     {" how high ", Asks::Number},
    {" how often ", Asks::Number},   {" what percent", Asks::Number}, {" what number ", Asks::Number},
    {" what amount ", Asks::Number}, {" what year", Asks::Time},      {" which year", Asks::Time},
    {" what date", Asks::Time},      {" what day", Asks::Time},       {" what month", Asks::Time},
    {" what century", Asks::Time},   {" what decade", Asks::Time},    {" when ", Asks::Time},
    {" what city", Asks::Place},     {" what country", Asks::Place},  {" which country", Asks::Place},
    {" which city", Asks::Place},    {" what state", Asks::Place},    {" what place", Asks::Place},
    {" what location", Asks::Place}, {" where ", Asks::Place},        {" who ", Asks::Person},
    {" whom ", Asks::Person},        {" whose ", Asks::Person},       {" who's ", Asks::Person},
    {" which person", Asks::Person}, {" what person", Asks::Person}};

constexpr Hint kKorean[] = {
    {"몇 년도", Asks::Time},       {"몇년도", Asks::Time},   {"몇 년에", Asks::Time},  {"몇년에", Asks::Time},
    {"몇 년 몇", Asks::Time},      {"몇 월", Asks::Time},    {"몇월", Asks::Time},     {"몇 시", Asks::Time},
    {"몇시", Asks::Time},          {"몇 세기", Asks::Time},  {"며칠", Asks::Time},     {"언제", Asks::Time},
    {"연도", Asks::Time},          {"년도는", Asks::Time},   {"날짜", Asks::Time},     {"날은", Asks::Time},
    {"해는", Asks::Time},          {"시기는", Asks::Time},   {"몇", Asks::Number},     {"얼마", Asks::Number},
    {"수는?", Asks::Number},       {"나이는", Asks::Number}, {"비율은", Asks::Number}, {"금액", Asks::Number},
    {"누구", Asks::Person},        {"누가", Asks::Person},   {"인물은", Asks::Person}, {"사람은", Asks::Person},
    {"사람의 이름", Asks::Person}, {"감독은", Asks::Person}, {"어디", Asks::Place},    {"장소", Asks::Place},
    {"곳은", Asks::Place},         {"나라는", Asks::Place},  {"국가는", Asks::Place},  {"도시는", Asks::Place},
    {"지역은", Asks::Place}};

Asks kind_of(std::string_view text, bool korean) {
  std::string padded = " ";
  for (const char c : text) {
    const bool letter =
        (c & 0x80) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'' || (korean && c == '?');
    padded += !letter ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  padded += ' ';
  const auto find = [&](const auto& hints) {
    for (const Hint& hint : hints)
      if (padded.find(hint.words) != std::string::npos) return hint.asks;
    return Asks::Other;
  };
  return korean ? find(kKorean) : find(kEnglish);
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Stands in no passage: its weight shows what such words weigh (BM25 gives them the most).
constexpr std::string_view kNowhere = "qzxvjkwqz";

/// A term of the question on its way to a weight. A Korean word gives several that overlap.
struct Piece {
  std::string form;
  text::Span span;
  double weight = 0;
  double rarity = 1;
  bool unknown = false;  // in no passage
  double rarity_here = 1;
};

// "how much": the first says what is asked for, the second is no word to look for.
bool belongs_to_how(std::string_view text, const text::Span& span) {
  const std::string_view word = text.substr(span.start, span.end - span.start);
  if (word != "much" && word != "many" && word != "often") return false;
  return span.start >= 4 && (text.substr(span.start - 4, 4) == "How " || text.substr(span.start - 4, 4) == "how ");
}

// "몇 개", "몇 명": the counter says what is counted in, and is no word to look for.
bool belongs_to_how_many_in_korean(std::string_view text, const text::Span& span) {
  const std::string_view before = text.substr(0, span.start);
  constexpr size_t kSyllable = 3;  // bytes
  return span.end - span.start == kSyllable && (before.ends_with("몇 ") || before.ends_with("몇"));
}

/// The weight of one form: that of its text, less what the other forms of the same text weigh.
double own_weight(std::string_view word, const TermWeight& weight) {
  double rest = weight(word), same = 0;
  for (const text::Term& part : text::analyze(word)) {
    const bool whole = part.span.start == 0 && part.span.end == word.size();
    same += whole;
    if (!whole) rest -= weight(word.substr(part.span.start, part.span.end - part.span.start));
  }
  return std::max(0.0, rest) / std::max(1.0, same);
}

std::vector<Piece> pieces_of(std::string_view text, std::span<const text::Term> terms, const TermWeight& weight) {
  std::vector<Piece> out;
  const double nowhere = weight(kNowhere) * 0.999;
  for (const text::Term& term : terms) {
    if (belongs_to_how(text, term.span) || belongs_to_how_many_in_korean(text, term.span)) continue;
    const double own = own_weight(text.substr(term.span.start, term.span.end - term.span.start), weight);
    out.push_back({term.form, term.span, own, 1, own <= 0 || (nowhere > 0 && own >= nowhere)});
  }
  return out;
}

/// A word in no passage weighs the most: it is the rarest. Where a word has several
/// pieces, those in no passage share that weight, less the part of it that known pieces cover. A piece across two words
/// that no passage has is no loss.
// "연체하면", "정지되는": after a known noun, 하다 and 되다 only make it a verb.
bool makes_a_verb(std::string_view tail) {
  constexpr std::string_view kStems[] = {"하", "한", "할", "함", "해", "했", "합",
                                         "되", "된", "될", "됨", "돼", "됐", "됩"};
  return std::any_of(std::begin(kStems), std::end(kStems), [&](std::string_view s) { return tail.starts_with(s); });
}

/// most: what a word in no passage weighs, where that is known.
void weigh_unknown(std::string_view text, std::vector<Piece>& pieces, double most) {
  for (const Piece& p : pieces)
    if (!p.unknown) most = std::max(most, p.weight);
  if (most <= 0) most = 1;
  for (Piece& p : pieces)
    if (p.unknown) p.weight = 0;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && !is_blank(text[end])) ++end;
    std::vector<Piece*> unknown;
    std::vector<char> bytes(end - begin, 0);  // 1: of an unknown piece only, 2: of a known one
    for (Piece& p : pieces) {
      if (p.span.start < begin || p.span.end > end) continue;
      if (p.unknown) unknown.push_back(&p);
      for (size_t i = p.span.start - begin; i < p.span.end - begin; ++i) bytes[i] |= p.unknown ? 1 : 2;
    }
    size_t tail = bytes.size();  // what unknown pieces alone hold at the end of the word
    while (tail > 0 && bytes[tail - 1] < 2) --tail;
    if (tail > 0 && makes_a_verb(text.substr(begin + tail, end - begin - tail)))
      std::fill(bytes.begin() + static_cast<ptrdiff_t>(tail), bytes.end(), char(0));
    const auto open = std::count(bytes.begin(), bytes.end(), 1), all = open + std::count(bytes.begin(), bytes.end(), 3);
    for (Piece* p : unknown) p->weight = all == 0 ? 0 : most * double(open) / (double(all) * double(unknown.size()));
    begin = end + 1;
  }
}

// How a Korean question ends; what stands before it is the verb.
constexpr std::string_view kEndings[] = {"습니까", "입니까", "는가요", "인가요", "은가요", "나요", "까요",
                                         "는가",   "인가",   "은가",   "었나",   "이죠",   "니까", "는지"};

/// Pieces that reach into the ending of the question ("되나", "나요") are of its grammar, not of what it is about.
void drop_ending(std::string_view text, std::vector<Piece>& pieces) {
  size_t end = text.size();
  while (end > 0 && (is_blank(text[end - 1]) || text[end - 1] == '?' || text[end - 1] == '.')) --end;
  const std::string_view whole = text.substr(0, end);
  for (const std::string_view ending : kEndings) {
    if (!whole.ends_with(ending)) continue;
    const size_t from = end - ending.size();
    const auto reaches = [&](const Piece& p) { return p.span.end > from; };
    if (!std::all_of(pieces.begin(), pieces.end(), reaches)) std::erase_if(pieces, reaches);
    return;
  }
}

}  // namespace

std::string_view asks_name(Asks asks) {
  constexpr std::array<std::string_view, kAsks> kNames = {"other", "person", "time", "place", "number"};
  return kNames[static_cast<size_t>(asks)];
}

namespace {

// Passages that a collection is thought to have besides its own, so that words weigh alike in small and large ones.
constexpr double kBackground = 200;

/// BM25's inverse document frequency, ln((N + 1) / (holders + .5)), made of a weight that is a multiple of it and of
/// what a word in no passage weighs; then with kBackground passages more that do not hold the word.
double with_background(double weight, double nowhere, size_t passages) {
  if (passages == 0 || nowhere <= 0) return weight;
  const double n = static_cast<double>(passages) + 1;
  const double holders_and_half = n / std::exp(weight / nowhere * std::log(2 * n));
  return std::log((n + kBackground) / holders_and_half);
}

double sum_of_distinct(const std::vector<Piece>& pieces) {
  std::unordered_set<std::string_view> seen;
  double sum = 0;
  for (const Piece& p : pieces)
    if (p.weight > 0 && seen.insert(p.form).second) sum += p.weight;
  return sum;
}

/// What stands between blanks around a piece of it.
std::string_view word_around(std::string_view text, const text::Span& piece) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t before = piece.start == 0 ? std::string_view::npos : text.find_last_of(kBlank, piece.start - 1);
  const size_t start = before == std::string_view::npos ? 0 : before + 1;
  return text.substr(start, text.find_first_of(kBlank, piece.end) - start);
}

}  // namespace

Question read_question(std::string_view text, std::span<const text::Term> terms, const TermWeight& weight,
                       size_t passages) {
  Question q{
      .text = std::string(text), .terms = {terms.begin(), terms.end()}, .korean = text::hangul_share(text) > 0.3};
  q.asks = kind_of(text, q.korean);
  q.measure = asked_measure(text, q.korean);
  std::vector<Piece> pieces = pieces_of(text, terms, weight);
  if (q.korean) drop_ending(text, pieces);
  const double nowhere = weight(kNowhere), most = with_background(nowhere, nowhere, passages);
  std::vector<Piece> own = pieces;
  weigh_unknown(text, own, nowhere);
  q.ceiling = sum_of_distinct(own);
  for (Piece& p : pieces) {
    if (!p.unknown && nowhere > 0) p.rarity_here = p.weight / nowhere;
    p.weight = with_background(p.weight, nowhere, passages);
    if (!p.unknown && most > 0) p.rarity = p.weight / most;
  }
  weigh_unknown(text, pieces, most);
  for (const Piece& piece : pieces) {
    if (piece.weight <= 0 || !q.by_form.emplace(piece.form, q.forms.size()).second) continue;
    const std::string_view word = text.substr(piece.span.start, piece.span.end - piece.span.start);
    q.forms.push_back(piece.form);
    q.named.push_back(!word.empty() && (is_digit(word[0]) || (piece.span.start > 0 && is_upper(word[0]))));
    q.weights.push_back(piece.weight);
    q.days.push_back(calendar_in(word_around(text, piece.span)));
    q.rarity.push_back(piece.rarity);
    q.rarity_here.push_back(piece.rarity_here);
  }
  const double sum = std::accumulate(q.weights.begin(), q.weights.end(), 0.0);
  for (double& w : q.weights) w /= sum;
  q.asked_for = read_asked_for(q);
  return q;
}

}  // namespace hanok::chain::answer
