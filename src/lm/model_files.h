// A language model's files, GGUF or a Hugging Face folder, read into one form.
#pragma once

#include <string>
#include <vector>

#include "lm/config.h"
#include "nn/weights.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok::lm {

struct ModelFiles {
  std::string name;
  Config config;  // under the names of config.json
  nn::Weights weights;
  text::Tokenizer tokenizer;
  std::string chat_template;     // empty where the files bring none
  std::vector<int32_t> end_ids;  // tokens that end a text, ascending
  std::optional<int32_t> bos, eos;
};

/// `path`: a .gguf file, a llama2.c model, or a folder with config.json, tokenizer.json and safetensors (or with one
/// .gguf file).
ModelFiles read_model_files(const base::fs::path& path);

}  // namespace hanok::lm
