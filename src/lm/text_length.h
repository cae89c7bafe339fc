// What a tokenizer says about texts for a model: how long they may be, and how well it knows their words.
#pragma once

#include <optional>
#include <string_view>

#include "lm/sentence_model.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok::lm {

/// Tokens a text (or a pair) may have: what the model's files state, else model_max_length; never more than the encoder
/// has positions. Throws Invalid when nothing but special tokens would fit.
size_t max_tokens(std::optional<size_t> stated, const text::Tokenizer& tokenizer, size_t max_positions, bool pair);

/// See Embedder::unknown_share.
double unknown_share(const text::Tokenizer& tokenizer, std::string_view text);

/// Throws Unsupported for a model that wants lower-cased texts with a tokenizer that does not lower-case them itself.
void check_lower_case(const SentenceModel& model, const text::Tokenizer& tokenizer);

}  // namespace hanok::lm
