// Language models of this process for a subcommand: which one, and the flags of how it writes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "hanok/chat.h"
#include "hanok/generate.h"

namespace hanok::app {

/// A model of this process by the name of a flag, or where that is empty of the setting: chain::find_language_model.
std::shared_ptr<const LanguageModel> open_language_model(const Session& session, const std::string& name,
                                                         const LanguageModelOptions& options = {});

/// --kv f16|bf16|q8 of a subcommand.
struct KvFlag {
  std::string name = "f16";
  void add_to(Command& command);
  KvPrecision precision() const;
};

/// --temperature, --top-k, ... of a subcommand.
struct SamplingFlags {
  double temperature = 0.8, top_p = 0.95, min_p = 0.05, repeat_penalty = 1;
  size_t top_k = 40, seed = 0, max_tokens = 256;
  std::vector<std::string> stop;

  void add_to(Command& command);
  GenerateOptions options() const;
  /// The same for a server, which is told no more than what was asked for.
  chain::ChatOptions chat_options() const;
};

/// "stop", "length", "context", "cancelled".
const char* finish_name(Finish finish);

}  // namespace hanok::app
