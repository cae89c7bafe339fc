#include "chain/answer/question.h"

#include <algorithm>
#include <array>

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

}  // namespace

std::string_view asks_name(Asks asks) {
  constexpr std::array<std::string_view, kAsks> kNames = {"other", "person", "time", "place", "number"};
  return kNames[static_cast<size_t>(asks)];
}

Question read_question(std::string_view text, const TermWeight& weight) {
  Question q{.text = std::string(text), .korean = text::hangul_share(text) > 0.3};
  q.asks = kind_of(text, q.korean);
  for (const text::Term& term : text::analyze(text, {.query = true})) {
    if (!q.by_form.emplace(term.form, q.forms.size()).second) continue;
    const std::string_view span = text.substr(term.span.start, term.span.end - term.span.start);
    q.forms.push_back(term.form);
    q.named.push_back(!span.empty() && ((span[0] >= '0' && span[0] <= '9') ||
                                        (term.span.start > 0 && span[0] >= 'A' && span[0] <= 'Z')));
    q.weights.push_back(weight(span) / static_cast<double>(std::max<size_t>(1, text::analyze(span).size())));
  }
  const double most = q.weights.empty() ? 0 : *std::max_element(q.weights.begin(), q.weights.end());
  double sum = 0;
  for (double& w : q.weights) sum += w = w > 0 ? w : most > 0 ? most : 1;
  for (double& w : q.weights) w /= sum;
  return q;
}

}  // namespace hanok::chain::answer
