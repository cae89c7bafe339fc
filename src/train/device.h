// Where nets are computed: the CPU, or a GPU where libtorch has CUDA.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace hanok::train {

/// "auto" (a GPU where there is one, else the CPU), "cpu", "cuda", "cuda:1". Without a number the GPU is that of
/// LOCAL_RANK, which torchrun sets, else the first. Throws Unsupported where a GPU is asked for and there is none,
/// naming what is missing; Invalid for other words, and numbers of GPUs that are not there.
c10::Device choose_device(const std::string& name);

/// Returns when all that the device was given to do is done: for who looks at the clock.
void finish(const c10::Device& device);

}  // namespace hanok::train
