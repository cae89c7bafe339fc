// AMX, for panels as byte_gemm_vnni.cpp has them.
#include "math/tiles_amx.h"

namespace hanok::math {
namespace {

constexpr size_t kWidth = 32;

}  // namespace
}  // namespace hanok::math

#include "math/byte_gemm_tiles.h"

namespace hanok::math {

void fill_byte_gemm_amx(ByteGemmKernels& table) { table.panel = panel_rows; }

}  // namespace hanok::math
