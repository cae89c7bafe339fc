// Which tokenizer.json counts for a served model: servers name their models in their own ways.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chain/hub/hub.h"

namespace hanok::chain::hub {

struct TokenizerFile {
  std::string model;  // ORG/NAME, a folder, or the file itself
  fs::path file;      // tokenizer.json
};

/// A tokenizer that was named: the file, a folder with a tokenizer.json, or ORG/NAME in the cache. Throws NotFound with
/// what was looked for.
TokenizerFile resolve_tokenizer(const Settings& settings, const std::string& name);

/// The tokenizer of the cached model that a server's name means: ORG/NAME itself, else the one model whose NAME has the
/// same letters and digits ("qwen3:8b", "Qwen3-8B-Q4_K_M.gguf"). Nothing when none has, or several do.
std::optional<TokenizerFile> tokenizer_of(const Settings& settings, std::string_view served_name);

/// A model's name without organisation, revision, file suffix and quantisation, letters and digits in lower case:
/// "Qwen/Qwen3-8B@main" and "qwen3-8b-q4_k_m.gguf" are both "qwen38b".
std::string plain_model_name(std::string_view served_name);

}  // namespace hanok::chain::hub
