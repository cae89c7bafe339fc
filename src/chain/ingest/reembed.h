// Chunks without a vector of the model in use: new ones, and those that another model embedded, or none.
#pragma once

#include <functional>

#include "hanok/chain.h"

namespace hanok::chain {

/// True while the vectors of another model than that of `space` answer, and those of `space` are being made.
bool another_model_answers(const store::Collection& collection, const store::VectorSpace& space);

/// Called before every block, and once more when all is done. False ends the work; it may throw.
using GoOn = std::function<bool(const Reembedding::Progress& progress)>;
/// Embeds what has no vector in embedder.space(), a block a transaction, so that it can be ended (or killed) between
/// two blocks and goes on from there another time. Documents may come and go meanwhile. With the last block the store
/// lets the new vectors answer, and the result is true. Throws what the embedder and go_on throw, and Invalid where the
/// collection has been given another vector space.
bool embed_missing(store::Collection& collection, const EmbeddingModel& embedder, const GoOn& go_on);

}  // namespace hanok::chain
