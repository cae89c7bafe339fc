// Tiles in memory, for panels as byte_gemm_scalar.cpp has them.
#include "math/tiles_emulated.h"

namespace hanok::math {
namespace {

constexpr size_t kWidth = 16;

}  // namespace
}  // namespace hanok::math

#include "math/byte_gemm_tiles.h"

namespace hanok::math {

void fill_byte_gemm_emulated(ByteGemmKernels& table) { table.panel = panel_rows; }

}  // namespace hanok::math
