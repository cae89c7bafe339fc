// How much memory work takes, before it is done in full.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace hanok::train {

/// The most bytes that tensors which `work` makes on this thread take at one moment. What libraries take for themselves
/// is not among them.
uint64_t peak_of(const std::function<void()>& work);

/// What a step of `batch` pictures takes, from what steps of 2 and of 6 took: fixed + batch * each.
uint64_t predict(uint64_t of_two, uint64_t of_six, uint64_t batch);

/// Throws Exhausted where `needed` is more than the machine has left, naming both and the batch that would fit.
/// `fixed` of the bytes do not depend on the batch. Nothing happens where the system does not say what it has left.
void check_memory(uint64_t needed, uint64_t fixed, uint64_t batch, uint64_t available);

}  // namespace hanok::train
