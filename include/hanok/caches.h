// Answers and vectors that were made before. Part of the door of room `chain`.
//
//   const auto model = chain::cached(chain::open_chat_model("model.gguf"), store::Journal::open(folder));
#pragma once

#include <cstddef>
#include <memory>

#include "hanok/chain.h"
#include "hanok/chat.h"
#include "hanok/journal.h"

namespace hanok::chain {

struct CacheOptions {
  size_t most = 100'000;  // kept; the oldest go
};

/// A model whose answers are kept: the same messages and options get the same answer without it. Only where the answer
/// is meant to be the same each time: at temperature 0, or with a seed; everything else goes to the model, and so does
/// who asks for log probabilities. A cached reply has cached_tokens == prompt_tokens, and its text and each of its tool
/// calls come in one piece.
std::shared_ptr<const ChatModel> cached(std::shared_ptr<const ChatModel> model, std::shared_ptr<store::Journal> journal,
                                        const CacheOptions& options = {});

/// The same for vectors, by the model's fingerprint. `model` must outlive it.
std::unique_ptr<EmbeddingModel> cached(const EmbeddingModel& model, std::shared_ptr<store::Journal> journal,
                                       const CacheOptions& options = {});

}  // namespace hanok::chain
