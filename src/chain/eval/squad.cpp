#include "chain/eval/squad.h"

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "hanok/text.h"

namespace hanok::chain {
namespace {

constexpr uint64_t kLargestSet = 1ull << 30;

std::string read(const std::filesystem::path& path) {
  std::string bytes = base::read_file(path, kLargestSet);
  if (path.extension() != ".gz") return bytes;
  auto unpacked = base::run_process({"gzip", "-dc"}, bytes, {.output_bytes = kLargestSet});
  if (unpacked.exit_status != 0 || unpacked.output_cut)
    throw Error(Code::Corrupt, path.string() + ": not a gzip file of at most 1 GiB: " + unpacked.err);
  return std::move(unpacked.out);
}

std::string text_of(const base::Json& object, const char* key, const std::string& where) {
  const auto at = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || at == object.end() || !at->is_string())
    throw Error(Code::Corrupt, where + ": a text '" + key + "' was expected, as in SQuAD's JSON");
  return at->get<std::string>();
}

const base::Json& list_of(const base::Json& object, const char* key, const std::string& where) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_array())
    throw Error(Code::Corrupt, where + ": a list '" + key + "' was expected, as in SQuAD's JSON");
  return object[key];
}

bool is_punctuation(char c) {
  return c > ' ' && c < 0x7F && !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

// The quotes and brackets that KorQuAD's scorer turns into blanks.
std::string without_quotes(std::string text) {
  for (std::string_view mark : {"'", "\"", "《", "》", "<", ">", "〈", "〉", "(", ")", "‘", "’"})
    for (size_t at; (at = text.find(mark)) != std::string::npos;) text.replace(at, mark.size(), " ");
  return text;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (size_t i = 0; i < text.size();) {
    while (i < text.size() && static_cast<unsigned char>(text[i]) <= ' ') ++i;
    const size_t start = i;
    while (i < text.size() && static_cast<unsigned char>(text[i]) > ' ') ++i;
    if (i > start) out.emplace_back(text.substr(start, i - start));
  }
  return out;
}

std::vector<std::string> normal_words(std::string_view text, bool korean) {
  std::string out = korean ? without_quotes(std::string(text)) : std::string(text);
  std::erase_if(out, is_punctuation);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  auto list = words(out);
  if (!korean) std::erase_if(list, [](const std::string& w) { return w == "a" || w == "an" || w == "the"; });
  return list;
}

std::string joined(const std::vector<std::string>& list, std::string_view between) {
  std::string out;
  for (const std::string& w : list) out += (out.empty() ? std::string_view() : between), out += w;
  return out;
}

// Words, or in Korean characters.
std::map<std::string, int> units(std::string_view text, bool korean) {
  std::map<std::string, int> out;
  for (const std::string& word : normal_words(text, korean)) {
    if (!korean) {
      ++out[word];
      continue;
    }
    for (size_t i = 0; i < word.size();) {
      size_t n = 1;
      while (i + n < word.size() && (word[i + n] & 0xC0) == 0x80) ++n;
      ++out[word.substr(i, n)];
      i += n;
    }
  }
  return out;
}

double f1_of(std::string_view answer, std::string_view gold, bool korean) {
  const auto a = units(answer, korean), g = units(gold, korean);
  int same = 0, in_a = 0, in_g = 0;
  for (const auto& [unit, n] : a) {
    in_a += n;
    if (const auto at = g.find(unit); at != g.end()) same += std::min(n, at->second);
  }
  for (const auto& [unit, n] : g) in_g += n;
  return same == 0 ? 0 : 2.0 * same / (in_a + in_g);
}

bool korean_gold(const std::vector<std::string>& gold, std::string_view answer) {
  return text::hangul_share(joined(gold, " ") + std::string(answer)) > 0.1;
}

// An optional one: absent is empty, another kind than text is an error.
std::string title_of(const base::Json& article, const std::string& where) {
  return article.contains("title") ? text_of(article, "title", where) : std::string();
}

bool is_impossible(const base::Json& qa, const std::string& where) {
  const auto at = qa.find("is_impossible");
  if (at == qa.end()) return false;
  if (!at->is_boolean()) throw Error(Code::Corrupt, where + ": 'is_impossible' must be true or false");
  return at->get<bool>();
}

void add_question(const base::Json& qa, size_t paragraph, const std::string& where, SquadSet& set) {
  SquadQuestion q{text_of(qa, "id", where), text_of(qa, "question", where), {}, paragraph};
  if (!is_impossible(qa, where))
    for (const auto& a : list_of(qa, "answers", where)) q.answers.push_back(text_of(a, "text", where));
  set.questions.push_back(std::move(q));
}

}  // namespace

SquadSet load_squad(const std::filesystem::path& path) { return parse_squad(read(path), path.string()); }

SquadSet parse_squad(std::string_view bytes, const std::string& name) {
  const base::Json json = base::parse_json(bytes, name);
  SquadSet set;
  size_t article = 0;
  for (const auto& a : list_of(json, "data", name)) {
    size_t number = 0;
    const std::string in_article = name + ": article " + std::to_string(article);
    const auto& paragraphs = list_of(a, "paragraphs", in_article);
    const std::string title = title_of(a, in_article);
    for (const auto& p : paragraphs) {
      const std::string place = std::to_string(article) + "/" + std::to_string(number++);
      const std::string where = name + ": paragraph " + place;
      set.paragraphs.push_back({place, title, text::nfc(text_of(p, "context", where)), article});
      for (const auto& qa : list_of(p, "qas", where)) add_question(qa, set.paragraphs.size() - 1, where, set);
    }
    ++article;
  }
  return set;
}

double exact_match(std::string_view answer, const std::vector<std::string>& gold) {
  const bool korean = korean_gold(gold, answer);
  const std::string a = joined(normal_words(answer, korean), " ");
  return std::any_of(gold.begin(), gold.end(),
                     [&](const std::string& g) { return joined(normal_words(g, korean), " ") == a; });
}

double f1(std::string_view answer, const std::vector<std::string>& gold) {
  const bool korean = korean_gold(gold, answer);
  double best = 0;
  for (const std::string& g : gold) best = std::max(best, f1_of(answer, g, korean));
  return best;
}

bool holds_answer(std::string_view text, const std::vector<std::string>& gold) {
  const std::string hay = joined(normal_words(text, true), "");
  return std::any_of(gold.begin(), gold.end(), [&](const std::string& g) {
    return hay.find(joined(normal_words(g, true), "")) != std::string::npos;
  });
}

}  // namespace hanok::chain
