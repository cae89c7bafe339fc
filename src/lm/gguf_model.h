// A GGUF file as the families' files want to see it: settings under the names of config.json, tensors under those of
// Hugging Face's files.
#pragma once

#include "lm/config.h"
#include "nn/gguf.h"
#include "nn/weights.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok::lm {

/// {"model_type", "hidden_size", ...}. Besides: "rope_neighbours" where queries and keys lie in pairs (llama files),
/// "norms_have_one" where Gemma's gains have their 1 added. Throws Unsupported for an architecture that is not known,
/// naming those that are, Corrupt for a setting that is missing or of the wrong type.
Config gguf_config(const nn::Gguf& gguf);

/// The tokenizer that the file describes, with what its settings add before and after a text.
text::Tokenizer gguf_tokenizer(const nn::Gguf& gguf);

/// The parts that a tensor becomes: one under its new name; a stack of experts one each.
std::vector<nn::Tensor> renamed(const nn::Tensor& tensor, const std::string& model_type);

}  // namespace hanok::lm
