// What a model's vectors have in common for being in one language.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hanok/chain.h"
#include "hanok/text.h"

namespace hanok::chain {

/// Measured on a few plain texts (plain_texts.h) in the language of a script.
struct LanguageOffset {
  std::vector<float> passages, questions;  // [dim], the means of their vectors at length 1 each
  double trust = 0;                        // EmbeddingModel::trust of the passages
};

/// Embeds sixteen sentences at the first call for a fingerprint and script, then none. nullptr for Script::Other. May
/// be called from several threads.
const LanguageOffset* language_offset(const EmbeddingModel& model, text::Script script);

constexpr double kTrusted = 0.5;  // below: the model does not know the language

/// The texts of one language in a collection.
struct LanguageMean {
  double texts = 0;              // how many
  std::span<const float> mean;   // [dim], of their vectors at length 1 each
  std::span<const float> plain;  // [dim], of the plain texts
};
/// What each language adds to its texts' vectors, in the order of `languages`, [dim] each: where a language has many
/// texts their mean, where it has few what the plain texts say, put where the collection is. The plain texts count as
/// `prior` texts: four texts say more of their subject than of their language.
std::vector<std::vector<double>> shrunk_means(std::span<const LanguageMean> languages, double prior);

/// Rows of length 1 without what their languages add, so that a text lies nearest to those that mean the same, not to
/// those in its language. rows: [texts.size(), dim], made of these texts with `prompt`. They come back unchanged where
/// all texts are in one script, or the model knows the language of one only.
Matrix without_languages(const EmbeddingModel& model, std::span<const std::string> texts, Matrix rows, Prompt prompt);

}  // namespace hanok::chain
