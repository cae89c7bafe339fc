// A short name for everything that decides a model's numbers.
#pragma once

#include <string>

#include "hanok/lm.h"
#include "lm/sentence_model.h"
#include "nn/weights.h"

namespace hanok::lm {

/// 64 hexadecimal digits: SHA-256 over config.json, tokenizer.json, the weights, pooling, modules, prompts and lengths.
/// Large files would take longer to hash than to load, so they are sampled: of weights the header (names, shapes,
/// types), the size, and 4 x 64 bytes of each tensor, evenly spread; of a tokenizer.json above 1 MiB the size and 64 x
/// 4 KiB. Training moves nearly every weight and a new vocabulary shifts what follows it, so both show; a file changed
/// on purpose in one unsampled place does not. Formats of JSON and the folder's place make no difference to the parts
/// read as JSON.
std::string fingerprint(const SentenceModel& model, const nn::Weights& weights, const nn::Weights* dense,
                        size_t n_dense, size_t max_tokens, size_t dim);

/// The same model's in another precision than float32, from its fingerprint in float32, which stays what it was before
/// there were others.
std::string fingerprint_in(Precision precision, const std::string& in_float32);

}  // namespace hanok::lm
