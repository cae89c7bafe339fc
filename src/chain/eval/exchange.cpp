#include "chain/eval/exchange.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include "base/ascii.h"
#include "base/random.h"
#include "chain/answer/mentions.h"
#include "hanok/text.h"

namespace hanok::chain {
namespace {

using answer::Asks;
using answer::Word;

enum Kind : size_t { kPerson, kPlace, kName, kLatin, kMonth, kYear, kNumber, kNoun, kKinds };  // kLatin: in Korean

// Names that stand in no usual text, for siblings that no paragraph holds: [language][kind].
using NameList = std::vector<std::string_view>;
const NameList& made_up(bool korean, Kind kind) {
  static const std::array<std::array<NameList, kKinds>, 2> names = {{
      {{{"Oswin Tarrant", "Meredy Kolb", "Ansel Quist", "Brona Maddick", "Tobin Harle", "Ilka Sundell", "Corvin Ashe"},
        {"Tarnby", "Ostrovia", "Quillmouth", "Varnholm", "Pelusk", "Drumbrae", "Kessinland"},
        {"Halvorsen", "Brightwater", "Ondine", "Calder", "Zephyrus", "Marrowby", "Tessaly"},
        {},
        {"January", "February", "March", "April", "June", "July", "August", "October", "November", "December"},
        {},
        {},
        {"marmalade", "trombone", "lighthouse", "porcupine", "saddle", "umbrella", "turnip"}}},
      {{{"황보석현", "남궁도해", "제갈미루", "선우가람", "독고나래", "서문이든", "사공보람"},
        {"새솔마을", "너울포구", "미리내골", "다솜시", "가온누리", "해돋이섬", "여울목"},
        {"한빛나래", "푸른솔", "도담회", "늘봄", "아라누리", "새결", "너나들이"},
        {"Ondine", "Calder", "Tessaly", "QRV", "Marrowby", "Varnholm", "KZX"},
        {"1월", "2월", "3월", "4월", "5월", "6월", "7월", "8월", "9월", "10월", "11월", "12월"},
        {},
        {},
        {"고슴도치", "수세미", "뜨개질", "민들레", "손수레", "부침개", "다듬이"}}},
  }};
  return names[korean][kind];
}

using base::is_digit;
using base::lower;
bool is_letter(char c) { return (c & 0x80) || base::is_letter(c); }
bool all_digits(std::string_view s) { return !s.empty() && std::all_of(s.begin(), s.end(), is_digit); }

size_t syllables(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// True when `name` stands in the text and begins a word; a Latin or number name must end one too.
bool holds(std::string_view text, std::string_view name) {
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    const auto goes_on = [&](char inside, char outside) {
      return is_digit(inside) ? is_digit(outside)
                              : !(inside & 0x80) && is_letter(inside) && !(outside & 0x80) && is_letter(outside);
    };
    const bool begins = at == 0 || !goes_on(name.front(), text[at - 1]);
    const bool ends = end == text.size() || !goes_on(name.back(), text[end]);
    if (begins && ends) return true;
  }
  return false;
}

/// A name of a question: where it stands, and of what kind it is.
struct Mention {
  text::Span span;
  Kind kind = kNoun;
};

/// Kinds of names, from the answers: who is asked for is a person.
class Dictionary {
 public:
  explicit Dictionary(const SquadSet& set) {
    for (const SquadQuestion& q : set.questions) {
      const auto read = answer::read_question(q.question, [](std::string_view) { return 1.0; });
      if (read.asks != Asks::Person && read.asks != Asks::Place) continue;
      for (const std::string& a : q.answers) add(a, read.asks == Asks::Person ? kPerson : kPlace);
    }
    for (const SquadParagraph& p : set.paragraphs) {
      std::string title = p.title.substr(0, p.title.find("_("));
      std::replace(title.begin(), title.end(), '_', ' ');
      if (!title.empty()) kinds_.emplace(text::nfc(title), kName);
    }
    for (const auto& [name, kind] : kinds_) longest_ = std::max(longest_, name.size());
  }

  const Kind* find(const std::string& name) const {
    const auto at = kinds_.find(name);
    return at == kinds_.end() ? nullptr : &at->second;
  }
  size_t longest() const { return longest_; }

 private:
  void add(const std::string& answer, Kind kind) {
    constexpr size_t kLongestName = 40;  // bytes; a longer answer is a phrase
    const bool digits = std::any_of(answer.begin(), answer.end(), is_digit);
    if (answer.size() > kLongestName || digits || answer.empty()) return;
    const bool capital = answer[0] >= 'A' && answer[0] <= 'Z';
    if (!capital && (!(answer[0] & 0x80) || syllables(answer) < 2)) return;
    kinds_.emplace(answer, kind);
    const size_t last = answer.rfind(' ');  // "Martin Luther" is called Luther too
    if (capital && last != std::string::npos) kinds_.emplace(answer.substr(last + 1), kind);
  }

  std::map<std::string, Kind> kinds_;
  size_t longest_ = 0;
};

class Reader {
 public:
  Reader(std::string_view text, const Dictionary& names) : text_(text), names_(names) {
    answer::Question none;
    none.korean = korean_ = text::hangul_share(text) > 0.3;
    words_ = answer::words_of(text, none);
  }

  bool korean() const { return korean_; }

  std::vector<Mention> run() {
    for (size_t i = 0; i < words_.size(); ++i) korean_ ? read_korean(i) : read_english(i);
    return std::move(out_);
  }

 private:
  std::string_view of(const text::Span& s) const { return text_.substr(s.start, s.end - s.start); }

  bool number(const text::Span& span) {
    const std::string_view word = of(span);
    size_t n = 0;
    while (n < word.size() && (is_digit(word[n]) || (n > 0 && (word[n] == ',' || word[n] == '.')))) ++n;
    if (n == 0) return false;
    const bool year = n == 4 && (word[0] == '1' || word[0] == '2') && all_digits(word.substr(0, 4));
    out_.push_back({{span.start, span.start + n}, year ? kYear : kNumber});
    return true;
  }

  void read_english(size_t& i) {
    const Word& w = words_[i];
    if (number(w.span)) return;
    const std::string_view word = of(w.span);
    if (w.month && w.capital) return out_.push_back({w.span, kMonth});
    const std::string before = i > 0 ? lower(of(words_[i - 1].full)) : "";
    if (w.capital && !w.stop && i > 0) {
      text::Span span = w.span;
      while (i + 1 < words_.size() && words_[i + 1].capital && !words_[i].breaks_after) span.end = words_[++i].span.end;
      if (of(span).ends_with("'s")) span.end -= 2;
      const Kind* kind = names_.find(std::string(of(span)));
      const bool place = before == "in" || before == "at" || before == "near" || before == "to" || before == "from";
      return out_.push_back({span, kind ? *kind : place ? kPlace : kName});
    }
    // A noun stands alone between an article or preposition and a little word, or it might be half of one.
    static const std::set<std::string> kBefore = {"the", "a", "an", "of", "for", "many", "in", "by", "with"};
    static const std::set<std::string> kNoNouns = {"most", "each", "first", "last",  "same", "name",  "number",
                                                   "kind", "type", "what",  "order", "term", "other", "year"};
    const bool ends = i + 1 == words_.size() || words_[i + 1].stop || words_[i].breaks_after;
    if (!w.capital && !w.stop && !w.number && word.size() >= 4 && all_of_letters(word) && kBefore.count(before) &&
        ends && !kNoNouns.count(std::string(word)) && !word.ends_with("ed") && !word.ends_with("ing"))
      out_.push_back({w.span, kNoun});
  }

  static bool all_of_letters(std::string_view word) { return std::all_of(word.begin(), word.end(), is_letter); }

  void read_korean(size_t& i) {
    const Word& w = words_[i];
    if (known_name(i)) return;
    if (number(w.span)) return;
    const std::string_view word = of(w.span);
    if (w.capital) {
      if (word.size() > 1 && all_of_letters(word)) out_.push_back({w.span, kLatin});
      return;
    }
    constexpr std::array<std::string_view, 13> kAsking = {"무엇", "무슨", "어떤", "어느",   "어디", "누구", "누가",
                                                          "언제", "얼마", "이름", "어떻게", "왜",   "몇"};
    const bool asks = std::any_of(kAsking.begin(), kAsking.end(), [&](auto a) { return word.starts_with(a); });
    // The last word is what is asked for, and one without a particle, or with 은 or 는, may be a verb.
    const bool noun = !w.after.empty() && w.after != "은" && w.after != "는" && w.after != "다";
    if (asks || w.stop || w.number || !noun || syllables(word) < 2 || i + 1 == words_.size()) return;
    out_.push_back({w.span, kNoun});
  }

  // The longest known name that begins with this word and ends a word, but for a particle.
  bool known_name(size_t& i) {
    const size_t start = words_[i].span.start;
    for (size_t last = std::min(words_.size(), i + 5); last-- > i;) {
      for (const size_t end : {words_[last].full.end, words_[last].span.end}) {
        const Kind* kind = end - start <= names_.longest() ? names_.find(std::string(of({start, end}))) : nullptr;
        if (!kind) continue;
        out_.push_back({{start, end}, *kind});
        i = last;
        return true;
      }
    }
    return false;
  }

  std::string_view text_;
  const Dictionary& names_;
  bool korean_ = false;
  std::vector<Word> words_;
  std::vector<Mention> out_;
};

/// The particle after a Korean noun by the noun's last sound: 0 vowel, 1 consonant, 2 the consonant ㄹ.
int last_sound(std::string_view noun) {
  if (noun.size() < 3) return 0;
  const auto* b = reinterpret_cast<const unsigned char*>(noun.data() + noun.size() - 3);
  const uint32_t c = (b[0] & 0x0Fu) << 12 | (b[1] & 0x3Fu) << 6 | (b[2] & 0x3Fu);
  if ((b[0] & 0xF0) != 0xE0 || c < 0xAC00 || c > 0xD7A3) return 0;
  const uint32_t final = (c - 0xAC00) % 28;
  return final == 0 ? 0 : final == 8 ? 2 : 1;
}

std::string put_in(std::string_view question, const text::Span& span, std::string_view sibling, bool korean) {
  std::string out(question.substr(0, span.start));
  out += sibling;
  std::string_view rest = question.substr(span.end);
  if (korean) {
    struct Pair {
      std::string_view consonant, vowel;
    };
    constexpr Pair kPairs[] = {{"이라는", "라는"}, {"이라고", "라고"}, {"으로", "로"}, {"은", "는"},
                               {"이", "가"},       {"을", "를"},       {"과", "와"}};
    const int sound = last_sound(sibling);
    for (const Pair& p : kPairs) {
      const std::string_view found = rest.starts_with(p.consonant) ? p.consonant : p.vowel;
      const size_t n = found.size();
      const bool border = rest.size() == n || (rest.size() > n && (rest[n] == ' ' || rest[n] == ',' || rest[n] == '?'));
      if (!rest.starts_with(found) || !border) continue;
      const bool vowel = sound == 0 || (sound == 2 && p.vowel == "로");
      out += vowel ? p.vowel : p.consonant;
      rest.remove_prefix(n);
      break;
    }
  }
  return out.append(rest);
}

class Exchange {
 public:
  explicit Exchange(const SquadSet& set) : set_(set), names_(set) {
    for (const SquadParagraph& p : set.paragraphs) {
      lowered_.push_back(lower(p.text));
      articles_[p.article] += lowered_.back() + "\n";
    }
  }

  std::vector<std::optional<ExchangedQuestion>> run() {
    std::vector<std::optional<Mention>> keys;
    for (const SquadQuestion& q : set_.questions) {
      keys.push_back(q.answers.empty() ? std::nullopt : key_of(q));
      if (keys.back()) add_to_pool(q, *keys.back());
    }
    std::vector<std::optional<ExchangedQuestion>> out(keys.size());
    for (size_t i = 0; i < keys.size(); ++i)
      if (keys[i]) out[i] = exchange(i, *keys[i]);
    return out;
  }

 private:
  static std::string_view of(std::string_view text, const Mention& m) {
    return text.substr(m.span.start, m.span.end - m.span.start);
  }

  std::optional<Mention> key_of(const SquadQuestion& q) {
    std::optional<Mention> best;
    size_t best_seen = 0;
    for (const Mention& m : Reader(q.question, names_).run()) {
      const std::string name = lower(of(q.question, m));
      if (!holds(lowered_[q.paragraph], name)) continue;
      const size_t seen = paragraphs_with(name);
      const auto better = [&] {
        if ((m.kind == kNoun) != (best->kind == kNoun)) return m.kind != kNoun;
        return seen < best_seen;
      };
      if (!best || better()) best = m, best_seen = seen;
    }
    return best;
  }

  size_t paragraphs_with(const std::string& name) {
    const auto [at, fresh] = seen_.try_emplace(name, 0);
    if (fresh)
      at->second = static_cast<size_t>(
          std::count_if(lowered_.begin(), lowered_.end(), [&](const std::string& p) { return holds(p, name); }));
    return at->second;
  }

  void add_to_pool(const SquadQuestion& q, const Mention& m) {
    const bool korean = text::hangul_share(q.question) > 0.3;
    const std::string name(of(q.question, m));
    auto& pool = pools_[korean][m.kind];
    if (std::find(pool.begin(), pool.end(), name) == pool.end()) pool.push_back(name);
  }

  bool fits(const SquadQuestion& q, const std::string& sibling) const {
    const std::string low = lower(sibling);
    if (low.empty() || holds(articles_.at(set_.paragraphs[q.paragraph].article), low) || holds(lower(q.question), low))
      return false;
    return !holds_answer(sibling, q.answers);
  }

  std::optional<ExchangedQuestion> exchange(size_t i, const Mention& key) {
    const SquadQuestion& q = set_.questions[i];
    const bool korean = text::hangul_share(q.question) > 0.3;
    const std::string name(of(q.question, key));
    base::Random random(i + 1);
    constexpr int kTries = 60;
    for (int t = 0; t < kTries; ++t) {
      std::string sibling;
      if (key.kind == kYear || key.kind == kNumber) {
        sibling = other_number(name, key.kind == kYear, random);
      } else {
        const bool nowhere = i % 2 == 1 && !made_up(korean, key.kind).empty();
        const auto& pool = pools_[korean][key.kind];
        if (!nowhere && !pool.empty()) sibling = pool[random.below(pool.size())];
        const auto& list = made_up(korean, key.kind);
        if (nowhere) sibling = list[random.below(list.size())];
      }
      if (fits(q, sibling))
        return ExchangedQuestion{put_in(q.question, key.span, sibling, korean), name, sibling,
                                 key.kind == kNoun && !korean};
    }
    return std::nullopt;
  }

  // As many digits; a year within thirty of the one that stands there.
  static std::string other_number(const std::string& name, bool year, base::Random& random) {
    if (year) {
      const int step = 1 + static_cast<int>(random.below(30));
      return std::to_string(std::stoi(name) + (random.below(2) ? step : -step));
    }
    std::string out = name;
    for (size_t i = 0; i < out.size(); ++i)
      if (is_digit(out[i])) out[i] = static_cast<char>((i == 0 ? '1' : '0') + random.below(i == 0 ? 9 : 10));
    return out;
  }

  const SquadSet& set_;
  Dictionary names_;
  std::vector<std::string> lowered_;        // of each paragraph
  std::map<size_t, std::string> articles_;  // all its paragraphs, lowered
  std::unordered_map<std::string, size_t> seen_;
  std::array<std::array<std::vector<std::string>, kKinds>, 2> pools_;
};

}  // namespace

std::vector<std::optional<ExchangedQuestion>> exchange_names(const SquadSet& set) { return Exchange(set).run(); }

}  // namespace hanok::chain
