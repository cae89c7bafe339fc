#include "chain/answer/key_words.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_set>

#include "chain/answer/asked_for.h"
#include "chain/answer/letters.h"
#include "chain/answer/mentions.h"
#include "text/splitters/code_points.h"

namespace hanok::chain::answer {
namespace {

using text::scan::code_point_at;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_latin(std::string_view s) { return std::any_of(s.begin(), s.end(), is_letter); }

using Words = std::unordered_set<std::string_view>;

// Words that a question has because it asks, and that its answer's sentence need not have.
const Words& general_english() {
  static const Words words = {
      "name",   "names",      "type",    "kind",          "called",  "many",   "much",     "person",
      "people", "term",       "example", "used",          "use",     "main",   "reason",   "way",
      "year",   "known",      "was",     "number",        "amount",  "happen", "happened", "mentioned",
      "follow", "following",  "one",     "two",           "another", "word",   "other",    "group",
      "first",  "done",       "did",     "considered",    "made",    "refer",  "referred", "found",
      "make",   "percentage", "percent", "approximately", "about",   "well",   "most",     "become",
      "became", "go",         "went",    "come",          "came",    "get",    "like"};
  return words;
}

const Words& general_korean() {
  static const Words words = {"이름", "것",   "때",   "후",   "날짜", "연도", "당시", "이유", "사람", "인물",
                              "곳",   "중",   "해",   "뜻",   "명칭", "말",   "무엇", "경우", "방법", "가장",
                              "처음", "최초", "다음", "위해", "통해", "대해", "그",   "당",   "전",   "현재",
                              "의",   "수",   "몇",   "시기", "장소", "어떤", "정도", "현상"};
  return words;
}

const Words& sure_particles() {
  static const Words particles = {"을",     "를",     "의",     "에서", "에게", "과",     "와",     "이",
                                  "가",     "으로",   "로",     "에",   "에는", "에도",   "과의",   "와의",
                                  "로부터", "이라는", "라는",   "이란", "란",   "부터",   "까지",   "보다",
                                  "처럼",   "에서의", "에서는", "이나", "라고", "이라고", "에게서", "으로부터"};
  return particles;
}

/// The words of a question in one language, each with what it is.
class Kinds {
 public:
  Kinds(const Question& question, const std::vector<Word>& words)
      : text_(question.text), korean_(question.korean), words_(words), head_(question.asked_for.head) {}

  WordKind of(size_t i) const {
    const std::string_view core = this->core(i);
    if (has_digit(core)) return WordKind::Number;
    if (!head_.empty() && lower(core) == head_) return WordKind::General;
    return korean_ ? korean(i, core) : english(i, core);
  }

  std::string_view core(size_t i) const {
    return text_.substr(words_[i].span.start, words_[i].span.end - words_[i].span.start);
  }

 private:
  std::string_view full(size_t i) const {
    return text_.substr(words_[i].full.start, words_[i].full.end - words_[i].full.start);
  }

  WordKind korean(size_t i, std::string_view core) const {
    constexpr size_t kSyllable = 3;  // bytes
    if (is_latin(core)) return WordKind::Name;
    if (i + 1 == words_.size() || core.size() <= kSyllable || general_korean().count(core)) return WordKind::General;
    const std::string_view after = words_[i].after;
    if (sure_particles().count(after)) return WordKind::Noun;
    if (after == "은" || after == "는") {
      constexpr std::string_view kStems = "하되있없받않같많낮높지키맞얻";
      return kStems.find(last_letter(core)) == std::string_view::npos ? WordKind::Topic : WordKind::Other;
    }
    if (is_korean_verb(full(i), core, !after.empty())) return WordKind::Other;
    return after.empty() ? WordKind::Bare : WordKind::Noun;
  }

  WordKind english(size_t i, std::string_view core) const {
    static const Words before_nouns = {"the",  "a",  "an",   "of",  "in", "on",      "for",   "by",
                                       "with", "at", "from", "and", "or", "between", "about", "many"};
    if (general_english().count(lower(core))) return WordKind::General;
    if (words_[i].capital && i > 0) return WordKind::Name;
    if (i == 0 || core.ends_with("ed") || core.ends_with("ing")) return WordKind::Other;
    return before_nouns.count(lower(full(i - 1))) ? WordKind::Noun : WordKind::Other;
  }

  const std::string_view text_;
  const bool korean_;
  const std::vector<Word>& words_;
  const std::string head_;
};

/// Of what the text says, and of the question's days that it means ("Tuesday to Friday").
std::set<std::string> forms_of(std::string_view text, const Question& question) {
  std::set<std::string> out;
  for (text::Term& term : text::analyze(text)) out.insert(std::move(term.form));
  for (size_t f = 0; f < question.forms.size(); ++f)
    if (const Calendar days = question.days[f]; days != 0 && (calendar_in(text) & days) == days)
      out.insert(question.forms[f]);
  return out;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  constexpr std::string_view kBetween = " \t\n\r,.;:!?()[]\"'/|-";
  for (size_t at = 0; at < text.size();) {
    const size_t start = text.find_first_not_of(kBetween, at);
    if (start == std::string_view::npos) break;
    at = std::min(text.find_first_of(kBetween, start), text.size());
    out.push_back(text.substr(start, at - start));
  }
  return out;
}

std::u32string code_points(std::string_view text) {
  std::u32string out;
  for (size_t i = 0; i < text.size();) {
    const auto c = code_point_at(text, i);
    out += c.value;
    i += c.bytes;
  }
  return out;
}

/// "SITA", "K-12": every letter of it counts.
bool is_all_capitals(std::string_view word) {
  return word.size() > 1 &&
         std::none_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c & 0x80); });
}

/// How much of a word a passage has in one of its own: the letters that both begin with, of the longer one (the
/// passage's may have an ending of three letters more). 1 where it is an acronym of the passage's words.
double similar(std::string_view word, bool korean, const std::vector<std::string_view>& passage) {
  constexpr size_t kShort = 4, kEnding = 3;
  if (is_all_capitals(word)) return 0;
  const std::u32string own = code_points(lower(word));
  if (own.size() < (korean ? 2 : kShort) && !is_upper(word.front())) return 0;
  double best = 0;
  for (const std::string_view other : passage) {
    const std::u32string theirs = code_points(lower(other));
    size_t same = 0;
    while (same < std::min(own.size(), theirs.size()) && own[same] == theirs[same]) ++same;
    if (own.size() < (korean ? 2 : kShort)) same = 0;
    best = std::max(best, double(same) / double(std::max(own.size(), std::min(theirs.size(), own.size() + kEnding))));
  }
  return best;
}

// "EU" where the passage says "European Union"; little words in between count nothing.
bool is_acronym(std::string_view word, const std::vector<std::string_view>& passage) {
  std::string letters(word);
  std::erase(letters, '&');
  if (letters.size() < 2 || !std::all_of(letters.begin(), letters.end(), is_upper)) return false;
  static const Words little = {"of", "and", "the", "for"};
  for (size_t first = 0; first < passage.size(); ++first) {
    size_t at = 0;
    for (size_t i = first; i < passage.size() && at < letters.size(); ++i) {
      if (little.count(passage[i]) && at > 0) continue;
      if (passage[i].front() != letters[at]) break;
      ++at;
    }
    if (at == letters.size()) return true;
  }
  return false;
}

/// True for a Korean person's name, surname and two syllables, where the passage has the two under another surname:
/// 박민지 is not 김민지, although two thirds of the name are there.
bool is_of_another_family(std::string_view word, const std::vector<std::string_view>& passage) {
  constexpr std::string_view kSurnames =
      "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염여추도";
  constexpr size_t kSyllable = 3;  // bytes
  const auto surname = [&](std::string_view name) {
    const size_t at = kSurnames.find(name.substr(0, kSyllable));
    return at != std::string_view::npos && at % kSyllable == 0;
  };
  if (word.size() != 3 * kSyllable || !surname(word)) return false;
  const std::string_view given = word.substr(kSyllable);
  bool another = false;
  for (const std::string_view other : passage) {
    if (other.starts_with(word)) return false;
    another |= other.size() >= word.size() && other.substr(kSyllable, given.size()) == given && surname(other);
  }
  return another;
}

/// True for somebody's office, "도서관장", where a passage has only what it is the office of: 도서관. The last syllable
/// says who is asked about, and weighs least of the word's pieces.
bool is_office_that_is_missing(std::string_view word, const std::vector<std::string_view>& passage) {
  constexpr std::string_view kHead = "장";
  constexpr size_t kSyllable = 3;  // bytes
  if (word.size() < 3 * kSyllable || !word.ends_with(kHead)) return false;
  const std::string_view office = word.substr(word.size() - 2 * kSyllable);  // 관장
  return std::none_of(passage.begin(), passage.end(),
                      [&](auto other) { return other.find(office) != std::string_view::npos; });
}

bool is_topical(const KeyWord& w) { return w.kind != WordKind::General && w.kind != WordKind::Other; }

std::string without(const std::string& text, const std::string& word) {
  const size_t at = text.find(word);
  return at == std::string::npos ? text : text.substr(0, at) + text.substr(at + word.size());
}

/// What a text lacks of one word.
struct Lack {
  double part = 0;       // of its forms in the passage, by weight
  double sure = 0;       // the same, less what is likely there in other letters
  double here = 0;       // of its forms in the sentence and what it stands under
  double heaviness = 0;  // its weight over that of the heaviest word
  double rarity = 0;
  bool nowhere = false;
};

class Comparison {
 public:
  Comparison(const Question& question, std::string_view here, std::string_view passage)
      : q_(question),
        words_(key_words(question)),
        here_(forms_of(here, question)),
        passage_(forms_of(passage, question)),
        text_(split(passage)) {}

  std::vector<double> features() const {
    constexpr double kNowhere = 0.95;  // of the rarity of a word in no passage
    double heaviest = 0;
    for (const KeyWord& w : words_) heaviest = std::max(heaviest, w.weight);
    std::vector<double> out;
    std::array<std::vector<Lack>, kWordKinds> lacks;
    for (const KeyWord& w : words_) {
      Lack lack{absent(w, passage_), 0, absent(w, here_), w.weight / heaviest, w.rarity, w.rarity > kNowhere};
      const bool other = is_another(w);
      if (other) lack.part = lack.here = 1;
      lack.sure = other ? 1 : lack.part * (1 - likeness(w, lack.part));
      lack.here = std::min(lack.here, lack.here - lack.part + lack.sure);
      lacks[static_cast<size_t>(w.kind)].push_back(lack);
    }
    for (const auto& of_kind : lacks) {
      const auto most = [&](auto number) {
        double best = 0;
        for (const Lack& l : of_kind) best = std::max(best, number(l));
        out.push_back(best);
      };
      most([](const Lack& l) { return l.part; });
      most([](const Lack& l) { return l.sure; });
      most([](const Lack& l) { return l.sure * l.heaviness; });
      most([](const Lack& l) { return l.sure * l.rarity; });
      most([](const Lack& l) { return l.here * l.rarity; });
      most([](const Lack& l) { return l.nowhere ? l.sure : 0; });
      most([](const Lack& l) { return l.sure * l.rarity * l.rarity; });
    }
    add_counts(lacks, out);
    return out;
  }

  /// The word that says what the question is about and that the passage lacks most.
  MissingWord missing_most() const {
    constexpr double kLacked = 0.3;
    const KeyWord* best = nullptr;
    double most = 0;
    for (const KeyWord& w : words_) {
      if (!is_topical(w)) continue;
      double lack = absent(w, passage_);
      lack = is_another(w) ? 1 : lack * (1 - likeness(w, lack));
      if (lack < kLacked || lack * w.rarity <= most) continue;
      most = lack * w.rarity;
      best = &w;
    }
    if (!best) return {};
    return {without(q_.text, best->text), best->rarity, best->rarity_here,
            q_.korean && is_of_another_family(best->text, text_)};
  }

 private:
  double absent(const KeyWord& word, const std::set<std::string>& forms) const {
    double sum = 0;
    for (const size_t f : word.forms)
      if (!forms.count(q_.forms[f])) sum += q_.weights[f];
    return sum / word.weight;
  }

  /// A person or an office of whom the passage has a part of the name, and who is not there.
  bool is_another(const KeyWord& word) const {
    if (!q_.korean) return false;
    return is_of_another_family(word.text, text_) ||
           (q_.asks == Asks::Person && is_office_that_is_missing(word.text, text_));
  }

  // 0 below two fifths of the letters, 1 for all of them.
  double likeness(const KeyWord& word, double missing) const {
    constexpr double kWorthLooking = 0.3, kUnlike = 0.4;
    if (missing <= kWorthLooking || has_digit(word.text)) return 0;
    const double s = is_acronym(word.text, text_) ? 1 : similar(word.text, q_.korean, text_);
    return std::max(0.0, (s - kUnlike) / (1 - kUnlike));
  }

  static void add_counts(const std::array<std::vector<Lack>, kWordKinds>& lacks, std::vector<double>& out) {
    double words = 0, rarity = 0;
    std::array<double, 6> sums{};
    for (const WordKind kind : {WordKind::Number, WordKind::Name, WordKind::Noun, WordKind::Topic, WordKind::Bare})
      for (const Lack& l : lacks[static_cast<size_t>(kind)]) {
        ++words;
        rarity += l.rarity;
        sums[0] += l.part;
        sums[2] += l.here;
        sums[3] += l.part * l.rarity;
        sums[4] += l.here * l.rarity;
        sums[5] += l.sure * l.rarity;
      }
    sums[1] = sums[0] / std::max(1.0, words);
    sums[2] /= std::max(1.0, words);
    for (size_t i = 3; i < sums.size(); ++i) sums[i] /= std::max(.01, rarity);
    sums[0] /= 3;  // three words missing are as good as all
    out.insert(out.end(), sums.begin(), sums.end());
  }

  const Question& q_;
  const std::vector<KeyWord> words_;
  const std::set<std::string> here_, passage_;
  const std::vector<std::string_view> text_;
};

}  // namespace

bool is_korean_verb(std::string_view full, std::string_view core, bool particle) {
  constexpr std::string_view kEndings[] = {
      "한",   "된",   "하는", "되는", "하여", "해서", "되어", "하고", "되고",   "하며", "되며", "하던", "되던",
      "했던", "됐던", "였던", "있는", "없는", "있던", "같은", "하게", "되게",   "하기", "되기", "할",   "될",
      "통해", "위해", "대해", "따라", "면서", "려고", "지만", "는데", "아서",   "어서", "다가", "도록", "았던",
      "었던", "지는", "시킨", "받은", "받는", "맡은", "맡는", "적인", "적으로", "어진", "아진", "해진", "하지",
      "되지", "어야", "아야", "다고", "려는", "하였", "했다", "던",   "난",     "운"};
  if (std::any_of(std::begin(kEndings), std::end(kEndings), [&](auto e) { return full.ends_with(e); })) return true;
  if (particle) return false;
  // The last syllable of a verb's stem with the ending -ㄴ or -ㄹ: 지어진, 실린, 나온.
  constexpr std::string_view kAdnominal = "진린온준운던난긴친킨쓴뜬은는된한간본둔룬춘인찬힌낸탄든연할될릴칠킬줄올";
  return kAdnominal.find(last_letter(core)) != std::string_view::npos;
}

bool is_general_korean(std::string_view core) { return general_korean().count(core) != 0; }

std::vector<KeyWord> key_words(const Question& question) {
  const std::vector<Word> words = words_of(question.text, question);
  const Kinds kinds(question, words);
  std::vector<KeyWord> out;
  for (size_t i = 0; i < words.size(); ++i) {
    const Word& w = words[i];
    KeyWord key{std::string(kinds.core(i)), kinds.of(i), {}, 0, 0};
    for (const text::Term& term : question.terms) {
      const auto at = question.by_form.find(term.form);
      if (at == question.by_form.end() || term.span.start < w.full.start || term.span.end > w.full.end) continue;
      if (std::find(key.forms.begin(), key.forms.end(), at->second) != key.forms.end()) continue;
      key.forms.push_back(at->second);
      key.weight += question.weights[at->second];
      key.rarity += question.rarity[at->second];
      key.rarity_here += question.rarity_here[at->second];
    }
    const double forms = std::max<double>(1, static_cast<double>(key.forms.size()));
    key.rarity /= forms;
    key.rarity_here /= forms;
    if (key.weight > 0) out.push_back(std::move(key));
  }
  return out;
}

Missing what_is_missing(const Question& question, std::string_view here, std::string_view passage) {
  const Comparison comparison(question, here, passage);
  Missing out{comparison.features(), comparison.missing_most()};
  const Fillers in_their_place = fillers(question, here, passage);
  out.features.insert(out.features.end(), in_their_place.begin(), in_their_place.end());
  return out;
}

}  // namespace hanok::chain::answer
