// A sentence-transformers folder: which modules follow the encoder, prompts, lengths. Nothing heavy is read here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "lm/config.h"
#include "lm/pooling.h"
#include "math/gemm.h"

namespace hanok::lm {

/// A Dense module: out = act(W x + b).
struct DenseModule {
  base::fs::path folder;
  size_t in = 0, out = 0;
  math::Activation activation = math::Activation::Tanh;
};

struct SentenceModel {
  base::fs::path encoder_folder;  // with config.json, tokenizer.json and weights
  Config encoder;                 // config.json
  Pooling pooling;
  std::vector<DenseModule> dense;
  bool normalize = false;
  std::optional<size_t> max_tokens;            // max_seq_length, where a file states it
  bool lower_case = false;                     // texts are lower-cased before the tokenizer sees them
  std::map<std::string, std::string> prompts;  // by name: "query", "passage", "document", ...
  std::string default_prompt;                  // its text; empty = none
  std::string name;                            // "org/name" in a Hub cache, else the folder's name

  /// Without modules.json: the encoder with mean pooling, as sentence-transformers does.
  /// Throws NotFound (no config.json), Corrupt, Unsupported (a module that no file here knows).
  static SentenceModel read(const base::fs::path& folder);

  /// The prompt for queries or passages: from the files, else from the table of known families, else none.
  std::string query_prompt() const;
  std::string passage_prompt() const;
};

/// "org/name" for .../models--org--name/snapshots/HASH, else the last part of the path.
std::string model_name(const base::fs::path& folder);

}  // namespace hanok::lm
