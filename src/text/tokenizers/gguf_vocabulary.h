// The tokenizer that a GGUF file describes, written as the tokenizer.json that means the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::text::tokenizers {

/// The settings tokenizer.ggml.*, as they stand in the file.
struct GgufVocabulary {
  std::string_view model;  // "gpt2": byte-level BPE; "llama": SentencePiece; "bert": WordPiece
  std::string_view pre;    // which pre-tokenizer of "gpt2"; empty = "default"
  std::vector<std::string_view> tokens;
  std::vector<float> scores;   // of "llama"
  std::vector<int32_t> types;  // 1 normal, 2 unknown, 3 control, 4 the user's, 5 unused, 6 a byte; empty = all normal
  std::vector<std::string_view> merges;  // "left right", of "gpt2"
  std::optional<int64_t> bos, eos, unknown, separator, cls;
  std::optional<bool> add_bos, add_eos, add_space_prefix;
  bool blanks_after_control = true;  // false: blanks behind a control token belong to it (Phi-3)
};

/// GPT-2's expression for words.
extern const char* const kGpt2Words;
/// tokenizer.ggml.pre of a byte-level BPE whose pre-tokenizer cuts by these expressions, one after the other;
/// whole_words: words that the vocabulary has are not put together by merges. Nothing where no name is known.
std::optional<std::string> gguf_pre_name(const std::vector<std::string>& cuts, bool whole_words);

/// Throws Unsupported for a model or pre-tokenizer that is not known, naming it and those that are; Corrupt where sizes
/// or ids do not fit. `what` names the file in errors.
std::string tokenizer_json(const GgufVocabulary& vocabulary, const std::string& what);

}  // namespace hanok::text::tokenizers
