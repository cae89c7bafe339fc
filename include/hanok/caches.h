// Answers and vectors that were made before. Part of the door of room `chain`.
//
//   const auto model = chain::cached(chain::open_chat_model("model.gguf"), store::Journal::open(folder));
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "hanok/chain.h"
#include "hanok/chat.h"
#include "hanok/journal.h"

namespace hanok::chain {

/// What became of a call.
enum class CacheUse {
  Given,   // the answer was there
  Kept,    // it was made, and is there the next time
  Passed,  // it is meant to vary, or what is asked for is not kept: the model made it
};

struct CacheOptions {
  size_t most = 100'000;  // kept; the oldest go
  /// What else answers depend on beside the model's name, the messages and options: the model's file, its template.
  std::string besides = {};
  bool seeds = true;  // false: a seed says nothing, since whoever asks draws one each time; only temperature 0 does
  std::function<void(CacheUse)> on_use = {};  // of answers; may be called from several threads
  /// What is wrong where the cache cannot be read or written: the model answers all the same, and for a minute the
  /// cache is left alone. May be called from several threads.
  std::function<void(const Error&)> on_fault = {};
};

/// A model whose answers are kept: the same messages and options get the same answer without it. Only where the answer
/// is meant to be the same each time: at temperature 0, or with a seed; everything else goes to the model, and so does
/// who asks for log probabilities. Scores (ChatModel::score) are kept, too. A cached reply has cached_tokens ==
/// prompt_tokens, and its text and each of its tool calls come in one piece.
std::shared_ptr<const ChatModel> cached(std::shared_ptr<const ChatModel> model, std::shared_ptr<store::Journal> journal,
                                        const CacheOptions& options = {});

/// The same for vectors, by the model's fingerprint. `model` must outlive it.
std::unique_ptr<EmbeddingModel> cached(const EmbeddingModel& model, std::shared_ptr<store::Journal> journal,
                                       const CacheOptions& options = {});
/// One that keeps the model alive.
std::shared_ptr<const EmbeddingModel> cached(std::shared_ptr<const EmbeddingModel> model,
                                             std::shared_ptr<store::Journal> journal, const CacheOptions& options = {});

struct CacheContents {
  uint64_t answers = 0, answer_bytes = 0, vectors = 0, vector_bytes = 0;
};
CacheContents cache_contents(const store::Journal& journal);
/// Forgets them; returns how many there were. Space in the file is used again, not given back.
size_t clear_answers(store::Journal& journal);
size_t clear_vectors(store::Journal& journal);

}  // namespace hanok::chain
