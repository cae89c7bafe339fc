// Models of Karpathy's llama2.c: stories260K.bin and its like, in the program's first format ("version 0").
//
//   int32 x 7   width, inner, layers, heads, kv_heads, vocabulary (negative: the output matrix is one of its own),
//               positions
//   float32     embedding [V, d]; then each of these for all layers: attention norm [d], wq [d, d], wk and wv [kv, d],
//               wo [d, d], mlp norm [d], w1 (gate) [inner, d], w2 (down) [d, inner], w3 (up) [inner, d]; final norm
//               [d]; 2 x positions x head/2 values that nobody reads; output [V, d] where it is one of its own
// Queries and keys turn in pairs of neighbours. Beside it a tokenizer: tok512.bin, tokenizer.bin:
//   uint32      the longest token's bytes; then for each token float32 score, int32 bytes, the bytes
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lm/model_files.h"

namespace hanok::lm {

/// Whether a file begins as such a model does, and is as long as it says.
bool is_llama2c(const base::fs::path& file);

struct Llama2c {
  Config config;  // under the names of config.json
  std::vector<nn::Tensor> tensors;
};
/// Views into `bytes`. Throws Corrupt (what, expected, found) for sizes that cannot be, or another length.
Llama2c read_llama2c(std::span<const std::byte> bytes, const std::string& what);

/// A tokenizer file of `vocabulary` tokens. Throws Corrupt where it does not hold exactly these.
text::Tokenizer read_llama2c_tokenizer(std::string_view bytes, size_t vocabulary, const std::string& what);

/// The model with the tokenizer of the same number of tokens that lies beside it. Throws NotFound where none does.
ModelFiles read_llama2c_files(const base::fs::path& file);

}  // namespace hanok::lm
