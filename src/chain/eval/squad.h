// Question answering sets in SQuAD's JSON, and how their answers are compared.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::chain {

struct SquadParagraph {
  std::string path;   // "12/3": article 12, its paragraph 3, from 0; unique, used as the document's path
  std::string title;  // of the article
  std::string text;
  size_t article = 0;
};

struct SquadQuestion {
  std::string id, question;
  std::vector<std::string> answers;  // empty: the set says that there is none (SQuAD 2.0)
  size_t paragraph = 0;
};

struct SquadSet {
  std::vector<SquadParagraph> paragraphs;
  std::vector<SquadQuestion> questions;
};

/// Reads SQuAD 1.1 / 2.0 JSON (also .gz, through gzip). Throws NotFound, or Corrupt naming the place.
SquadSet load_squad(const std::filesystem::path& path);
/// The same from bytes; `name` is for error messages.
SquadSet parse_squad(std::string_view bytes, const std::string& name);

/// SQuAD's comparison for English (lower case, no punctuation, no articles; F1 over words), KorQuAD's for text in
/// Hangul (no punctuation; F1 over characters). The best over the gold answers, 0..1.
double exact_match(std::string_view answer, const std::vector<std::string>& gold);
double f1(std::string_view answer, const std::vector<std::string>& gold);
/// True when the text holds one of the gold answers after the same normalisation without blanks.
bool holds_answer(std::string_view text, const std::vector<std::string>& gold);

}  // namespace hanok::chain
