// libtorch, in one place: every file that includes this takes a quarter of a minute to compile, so keep them few.
#pragma once

#include <torch/torch.h>
