// One text as it is being written: scores in, tokens and text out. What all texts of a model have in common is not
// here, nor who reads what was chosen.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hanok/generate.h"
#include "lm/grammar/guide.h"
#include "lm/sampler.h"
#include "lm/text_stream.h"

namespace hanok::lm {

/// What a text needs of its model; lives as long as the model.
struct WritingModel {
  const text::Tokenizer& tokenizer;
  const grammar::TokenBytes& bytes;
  std::span<const int32_t> end_ids;  // ascending
  size_t context = 0, vocabulary = 0;
};

class Writing {
 public:
  /// `options` and `on_piece` must outlive it. Throws Invalid for settings out of range, and for
  /// biased ids that no token has.
  Writing(const WritingModel& model, std::span<const int32_t> prompt, const GenerateOptions& options,
          std::optional<grammar::Guide> guide, const std::function<bool(std::string_view)>* on_piece);

  /// Chooses the next token by the scores behind ids(), and shows what has become certain of the text. Throws what the
  /// callbacks throw.
  void take(std::span<const float> scores);
  bool done() const { return done_; }
  /// The prompt and what was written.
  std::span<const int32_t> ids() const { return ids_; }
  size_t written() const { return out_.ids.size(); }
  /// Tokens that may still come, as far as room goes.
  size_t room() const;
  /// To be called once, when done.
  Generated result() { return std::move(out_); }

 private:
  std::optional<int32_t> choose(std::span<const float> scores);
  void tell(std::span<const float> scores, int32_t id);
  void give(const std::string& piece);
  void end(Finish finish);
  void end_for_room(Finish finish);
  bool ends(int32_t id) const;

  WritingModel model_;
  const GenerateOptions& options_;
  const std::function<bool(std::string_view)>* on_piece_;
  std::vector<int32_t> ids_;
  Sampler sampler_;
  TextStream text_;
  std::optional<grammar::Guide> guide_;
  Generated out_;
  bool done_ = false;
};

}  // namespace hanok::lm
