// Texts of an index that embeds them itself.
#pragma once

#include <span>
#include <string>

#include "server/pinecone/index_model.h"

namespace hanok::server::pinecone {

/// The vectors of texts by the model that the index was made for; Refusal 400 where it is not loaded.
Matrix embed(const Index& index, std::span<const std::string> texts, Prompt prompt, House& house);
/// How many tokens the model sees in them.
size_t count_tokens(const Index& index, std::span<const std::string> texts, House& house);

}  // namespace hanok::server::pinecone
