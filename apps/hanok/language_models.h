// Language models of this process for a subcommand: which one, and the flags of how it writes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "hanok/generate.h"

namespace hanok::app {

/// A .gguf file, a folder, or ORG/NAME in the Hub's cache. Throws NotFound with what to do.
std::shared_ptr<const LanguageModel> open_language_model(const std::string& name,
                                                         const LanguageModelOptions& options = {});

/// --temperature, --top-k, ... of a subcommand.
struct SamplingFlags {
  double temperature = 0.8, top_p = 0.95, min_p = 0.05, repeat_penalty = 1;
  size_t top_k = 40, seed = 0, max_tokens = 256;
  std::vector<std::string> stop;

  void add_to(Command& command);
  GenerateOptions options() const;
};

/// "stop", "length", "context", "cancelled".
const char* finish_name(Finish finish);

}  // namespace hanok::app
