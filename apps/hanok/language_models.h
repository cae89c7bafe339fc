// Language models of this process for a subcommand: which one, and the flags of how it writes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "hanok/generate.h"

namespace hanok::app {

/// A model of this process by the name of a flag, or where that is empty of the setting: chain::find_language_model.
std::shared_ptr<const LanguageModel> open_language_model(const Session& session, const std::string& name,
                                                         const LanguageModelOptions& options = {});

/// A file with token ids as JSON, [1, 2, 3]. Throws Invalid.
std::vector<int32_t> read_ids(const std::string& file);

inline constexpr const char* kModelHelp =
    "language model: a .gguf file, a folder, or ORG/NAME of the Hub's cache (HANOK_MODEL)";
inline constexpr const char* kExactHelp =
    "float32 throughout: nothing is rounded to 8 bits or half precision; slower, larger";

/// --kv f16|bf16|q8 of a subcommand.
struct KvFlag {
  std::string name = "f16";
  void add_to(Command& command);
  KvPrecision precision() const;
};

/// "stop", "length", "context", "cancelled".
const char* finish_name(Finish finish);

}  // namespace hanok::app
