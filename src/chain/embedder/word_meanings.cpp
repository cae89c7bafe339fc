#include "chain/embedder/word_meanings.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <set>

#include "chain/embedder/plain_texts.h"

namespace hanok::chain {
namespace {

using text::Script;

double dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void normalise(std::span<float> v) {
  const double length = std::sqrt(dot(v, v));
  if (length > 0)
    for (float& x : v) x = static_cast<float>(x / length);
}

/// What is measured once of a model and a script: the mean of its plain words' vectors, and they without it.
struct PlainWords {
  std::vector<float> mean;                // [dim], of vectors of length 1
  std::vector<std::vector<float>> words;  // [dim] each, of length 1
};

std::vector<float> without(std::span<const float> row, std::span<const float> mean) {
  std::vector<float> out(row.begin(), row.end());
  normalise(out);
  for (size_t d = 0; d < out.size(); ++d) out[d] -= mean[d];
  normalise(out);
  return out;
}

PlainWords measure(const EmbeddingModel& model, const PlainTexts& texts) {
  std::set<std::string> words;
  for (const auto passage : texts.passages)
    for (auto& word : plain_words(passage, texts.script)) words.insert(std::move(word));
  const std::vector<std::string> list(words.begin(), words.end());
  const Matrix rows = model.embed(list, Prompt::None);
  PlainWords out{std::vector<float>(rows.dim), {}};
  for (size_t i = 0; i < rows.rows; ++i) {
    const double scale = 1 / (std::sqrt(dot(rows.row(i), rows.row(i))) * static_cast<double>(rows.rows));
    for (size_t d = 0; d < rows.dim; ++d) out.mean[d] += static_cast<float>(rows.row(i)[d] * scale);
  }
  for (size_t i = 0; i < rows.rows; ++i) out.words.push_back(without(rows.row(i), out.mean));
  return out;
}

const PlainWords* plain_words_of(const EmbeddingModel& model, Script script) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, Script>, PlainWords> known;
  const PlainTexts* texts = plain_texts(script);
  if (!texts) return nullptr;
  const std::lock_guard lock(mutex);
  const std::pair key{model.space().fingerprint, script};
  auto at = known.find(key);
  if (at == known.end()) at = known.emplace(key, measure(model, *texts)).first;
  return &at->second;
}

/// Of the cosines of words that mean different things; nearly all pairs of two lists do.
double deviation(const PlainWords& a, const PlainWords& b) {
  double squares = 0, pairs = 0;
  for (const auto& x : a.words)
    for (const auto& y : b.words) {
      const double cosine = dot(x, y);
      if (&a == &b && cosine > 0.999) continue;  // the same word
      squares += cosine * cosine, ++pairs;
    }
  return pairs > 0 ? std::sqrt(squares / pairs) : 0;  // their mean is 0
}

bool is_edge(char c) { return !(c & 0x80) && !std::isalnum(static_cast<unsigned char>(c)); }

}  // namespace

bool has_blanks(Script script) { return script != Script::Han && script != Script::Kana; }

std::vector<std::string> plain_words(std::string_view text, Script script) {
  std::vector<std::string> out;
  if (!has_blanks(script)) {
    for (const text::Term& term : text::analyze(text))
      out.emplace_back(text.substr(term.span.start, term.span.end - term.span.start));
    return out;
  }
  constexpr std::string_view kBlank = " \t\r\n";
  for (size_t at = text.find_first_not_of(kBlank); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kBlank, at), text.size());
    std::string_view word = text.substr(at, end - at);
    while (!word.empty() && is_edge(word.front())) word.remove_prefix(1);
    while (!word.empty() && is_edge(word.back())) word.remove_suffix(1);
    if (!word.empty()) out.emplace_back(word);
    at = text.find_first_not_of(kBlank, end);
  }
  return out;
}

void WordMeanings::embed(std::span<const std::string> words) {
  std::vector<std::string> fresh;
  for (const std::string& word : words) {
    const auto [row, is_new] = rows_.try_emplace(word);
    if (!is_new) continue;
    row->second.script = text::script_of(word);
    if (plain_texts(row->second.script)) fresh.push_back(word);
  }
  if (fresh.empty()) return;
  const Matrix made = model_.embed(fresh, Prompt::None);
  for (size_t i = 0; i < fresh.size(); ++i) {
    Row& row = rows_.find(fresh[i])->second;
    row.vector = without(made.row(i), plain_words_of(model_, row.script)->mean);
  }
}

std::vector<std::vector<double>> WordMeanings::alike(std::span<const std::string> asked,
                                                     std::span<const std::string> there) {
  embed(asked);
  embed(there);
  std::map<std::pair<Script, Script>, double> deviations;
  const auto deviation_of = [&](Script a, Script b) {
    const auto [place, fresh] = deviations.try_emplace({a, b});
    if (fresh) place->second = deviation(*plain_words_of(model_, a), *plain_words_of(model_, b));
    return place->second;
  };
  std::vector<std::vector<double>> out(asked.size(), std::vector<double>(there.size()));
  for (size_t i = 0; i < asked.size(); ++i) {
    const Row& a = rows_.find(asked[i])->second;
    for (size_t j = 0; j < there.size(); ++j) {
      const Row& b = rows_.find(there[j])->second;
      if (a.vector.empty() || b.vector.empty()) continue;
      const double d = deviation_of(a.script, b.script);
      out[i][j] = d > 0 ? dot(a.vector, b.vector) / d : 0;
    }
  }
  return out;
}

}  // namespace hanok::chain
