// Prompts of well-known embedding models whose files do not state them.
#pragma once

#include <optional>
#include <string_view>

namespace hanok::lm {

struct KnownPrompts {
  std::string_view query, passage;
};

/// By the model's name, in any case: "intfloat/multilingual-e5-small", "bge-base-en-v1.5". nullopt: not in the table.
std::optional<KnownPrompts> known_prompts(std::string_view model_name);

}  // namespace hanok::lm
