// The versions of the tables of products for 64-bit ARM with i8mm.
#pragma once

#include "math/byte_gemm_kernels.h"
#include "math/product_kernels.h"

namespace hanok::math {

void fill_byte_gemm_i8mm(ByteGemmKernels& table);
void fill_products_i8mm(ProductKernels& table);

}  // namespace hanok::math
