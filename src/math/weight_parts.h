// The parts of one block of quantised weights, as PackedForm (product_kernels.h) wants them: what packing reads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "math/product_kernels.h"
#include "math/weight_formats.h"

namespace hanok::math {

struct WeightParts {
  uint8_t code[256];          // one a value, in order
  uint8_t scale[16];          // one for 32 values, or for 16: whole numbers, as the form says
  uint8_t minimum[8];         // one for 32 values
  uint16_t d = 0, least = 0;  // halves: of the block, and of the minima (the minimum itself where there is one alone)
};

/// Where a format is in kPackedForms; kQuantisedForms for plain floats.
size_t packed_form(WeightFormat format);
/// Takes one block apart. `format` is not a plain one.
void take_apart(WeightFormat format, const std::byte* block, WeightParts& out);

}  // namespace hanok::math
