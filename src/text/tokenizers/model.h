// The step that knows the vocabulary: one pre-tokenised piece -> token ids.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "text/tokenizers/json_view.h"
#include "text/tokenizers/vocabulary.h"

namespace hanok::text::tokenizers {

/// Safe to call from several threads.
class Model {
 public:
  virtual ~Model() = default;
  /// Appends the ids of one piece (valid UTF-8, not empty).
  virtual void encode(std::string_view piece, std::vector<TokenId>& ids) const = 0;
  const Vocabulary& vocabulary() const { return vocabulary_; }
  /// The id for what the vocabulary does not know; -1 where the model has none.
  TokenId unknown() const { return unknown_; }

 protected:
  Vocabulary vocabulary_;
  TokenId unknown_ = -1;
};

/// WordPiece, Unigram or BPE by "type" (or by their fields, as old files leave it out).
std::unique_ptr<Model> make_model(const JsonView& json);

std::unique_ptr<Model> make_wordpiece(const JsonView& json);
std::unique_ptr<Model> make_unigram(const JsonView& json);
std::unique_ptr<Model> make_bpe(const JsonView& json);
/// {"type": "SentencePiece", "pieces": [[piece, score, usable], ...], "unk_id"}: ours, for vocabularies out of GGUF
/// files.
std::unique_ptr<Model> make_sentence_piece(const JsonView& json);

/// Reads {"token": id, ...}.
void read_vocabulary(const JsonView& json, Vocabulary& vocabulary);
/// Ids of "<0x00>" .. "<0xFF>", 256 of them; -1 for one that the vocabulary lacks.
std::vector<TokenId> byte_tokens(const Vocabulary& vocabulary);

}  // namespace hanok::text::tokenizers
