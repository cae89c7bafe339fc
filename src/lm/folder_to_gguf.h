// A Hugging Face folder as the settings and tensors of a GGUF file, as llama.cpp's converter lays them out.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "nn/gguf_head.h"
#include "nn/weights.h"

namespace hanok::lm {

struct GgufSource {
  std::vector<nn::Tensor> tensors;  // under GGUF names; views into `weights` and `made`
  uint32_t layers = 0;
  nn::Weights weights;
  std::deque<std::vector<std::byte>> made;  // rows in another order, tables that the folder has no tensor for
};

/// Sets what the folder says in `head`: sizes, tokenizer, chat template. Families llama (SmolLM2 and 3 among them),
/// qwen2 and qwen3 with byte-level BPE. Throws Unsupported for another family, tokenizer, pre-tokenizer or
/// rope_scaling, and for a tensor that GGUF has no name for; else as the readers of folders do.
GgufSource read_folder_as_gguf(const base::fs::path& folder, nn::GgufHead& head);

}  // namespace hanok::lm
