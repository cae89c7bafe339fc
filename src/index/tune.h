// What a search looks at by default, found by measuring (trial.h), and the promise that goes with it.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "hanok/index.h"
#include "index/trial.h"

namespace hanok::index {

/// The setting that reaches `recall` of the k nearest, and what it reached. questions: [n, dim], what searches will
/// ask; without any, the index is built once more without some of its vectors, which are the questions then, as they
/// are and moved away from the others. Throws Invalid for fewer than two vectors (eight without questions), for
/// questions of another length, and what building throws. The index is only read, and nobody may change it meanwhile.
Tuned tune_index(const Index& index, double recall, size_t k, std::span<const float> questions, uint64_t seed,
                 size_t threads);

/// Searches use it from now on where they say nothing, and files keep it with its promise.
void keep_tuned(Index& index, const Tuned& tuned);

/// What was measured for the setting that searches use; nullopt: nothing was, or kind flat, which is exact.
std::optional<Promise> promise_of(const Index& index);

}  // namespace hanok::index
