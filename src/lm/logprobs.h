// How likely the tokens of a text are, as OpenAI's API tells it.
#pragma once

#include <span>

#include "hanok/generate.h"
#include "lm/grammar/vocabulary.h"

namespace hanok::lm {

/// Of token `id` among all scores (any finite ones), with the `top` likeliest: by the softmax of the scores as they
/// are; equally likely ones by their ids.
TokenLogprob token_logprob(std::span<const float> scores, int32_t id, size_t top, const text::Tokenizer& tokenizer,
                           const grammar::TokenBytes& bytes);

}  // namespace hanok::lm
