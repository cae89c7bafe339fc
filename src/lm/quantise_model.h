// Models in fewer bits: a GGUF file with the same settings and tokenizer, its matrices quantised. From a GGUF file, or
// from a Hugging Face folder (folder_to_gguf.h says which).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/file.h"

namespace hanok::lm {

struct QuantiseReport {
  size_t tensors = 0, quantised = 0;
  uint64_t bytes_before = 0, bytes_after = 0;  // of the tensors
  std::map<std::string, size_t> formats;       // tensors of each
};

/// `recipe`: one of quant_recipes(). Vectors, norms, RoPE's factors and the routers of experts stay as they are; a
/// matrix whose rows are no whole blocks gets the next format up that fits (Q4_K: Q5_0, Q6_K: Q8_0, else F16), as in
/// llama.cpp. Progress counts bytes of tensors. Throws NotFound, Unsupported (a folder of another kind),
/// Invalid (an unknown recipe, or `to` is `from`), and as readers do. Uses the threads of the context.
QuantiseReport quantise_model(const base::fs::path& from, std::string_view recipe, const base::fs::path& to);

}  // namespace hanok::lm
