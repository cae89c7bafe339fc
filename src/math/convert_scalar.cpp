#include "math/convert_kernels.h"
#include "math/half.h"

namespace hanok::math {
namespace {

template <typename In, typename Out, Out (*convert_one)(In)>
void each(const In* in, Out* out, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = convert_one(in[i]);
}

}  // namespace

void fill_convert_scalar(ConvertKernels& table) {
  table.f32_to_f16 = each<float, uint16_t, float_to_half>;
  table.f16_to_f32 = each<uint16_t, float, half_to_float>;
  table.f32_to_bf16 = each<float, uint16_t, float_to_bf16>;
  table.bf16_to_f32 = each<uint16_t, float, bf16_to_float>;
}

}  // namespace hanok::math
