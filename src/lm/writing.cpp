#include "lm/writing.h"

#include <algorithm>

#include "hanok/error.h"
#include "lm/logprobs.h"

namespace hanok::lm {
namespace {

TextStream::Decode decoder(const text::Tokenizer& tokenizer, bool keep_special) {
  return [&tokenizer, skip = !keep_special](std::span<const int32_t> ids) { return tokenizer.decode(ids, skip); };
}

}  // namespace

Writing::Writing(const WritingModel& model, std::span<const int32_t> prompt, const GenerateOptions& options,
                 std::optional<grammar::Guide> guide, const std::function<bool(std::string_view)>* on_piece)
    : model_(model),
      options_(options),
      on_piece_(on_piece),
      ids_(prompt.begin(), prompt.end()),
      sampler_(options.sampling),
      text_(decoder(model.tokenizer, options.keep_special), options.stop, prompt),
      guide_(std::move(guide)) {
  for (const auto& [id, add] : options.sampling.logit_bias)
    if (id < 0 || static_cast<size_t>(id) >= model.vocabulary)
      throw Error(Code::Invalid, "logit_bias: token id " + std::to_string(id) + " is outside the vocabulary of " +
                                     std::to_string(model.vocabulary) + " tokens (ids of another tokenizer?)");
  out_.prompt_tokens = prompt.size();
}

bool Writing::ends(int32_t id) const { return std::binary_search(model_.end_ids.begin(), model_.end_ids.end(), id); }

size_t Writing::room() const { return std::min(options_.max_tokens - out_.ids.size(), model_.context - ids_.size()); }

/// Nothing where the text is complete.
std::optional<int32_t> Writing::choose(std::span<const float> scores) {
  if (!guide_) return sampler_.next(scores, ids_);
  return guide_->next(sampler_, scores, ids_, room());
}

void Writing::tell(std::span<const float> scores, int32_t id) {
  if (!options_.top_logprobs) return;
  out_.logprobs.push_back(token_logprob(scores, id, *options_.top_logprobs, model_.tokenizer, model_.bytes));
  if (options_.on_logprob) options_.on_logprob(out_.logprobs.back());
}

void Writing::give(const std::string& piece) {
  out_.text += piece;
  if (piece.empty() || !on_piece_ || !*on_piece_ || (*on_piece_)(piece)) return;
  out_.finish = Finish::Cancelled;
  done_ = true;
}

void Writing::end(Finish finish) {
  give(text_.finish());
  if (!done_) out_.finish = finish;
  done_ = true;
}

// A text that is complete has come to its end.
void Writing::end_for_room(Finish finish) { end(guide_ && guide_->complete() ? Finish::Stop : finish); }

void Writing::take(std::span<const float> scores) {
  if (options_.max_tokens == 0) return end_for_room(Finish::Length);
  const auto id = choose(scores);
  if (!id || (ends(*id) && (guide_ || !options_.ignore_end))) return end(Finish::Stop);
  tell(scores, *id);
  out_.ids.push_back(*id);
  ids_.push_back(*id);
  give(text_.add(*id));
  if (text_.stopped()) {
    out_.finish = Finish::Stop;
    done_ = true;
  }
  if (done_) return;
  if (ids_.size() == model_.context) return end_for_room(Finish::Context);
  if (out_.ids.size() == options_.max_tokens) end_for_room(Finish::Length);
}

}  // namespace hanok::lm
