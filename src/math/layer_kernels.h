// What layers that learn do between their products: batch normalisation, tanh, mean pools. Maps lie in memory with
// channels together: rows of `channels` numbers, a row a pixel. bf16: the upper half of a float32, rounded to nearest
// even; NaN stays NaN. Kept free of library headers, as all tables are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

/// Batch normalisation over rows x channels, forward and backward, with what often follows in the same pass over
/// memory: a shortcut that is added, and relu. Sums are added to what is there, so that blocks of rows can be done
/// apart.
template <typename Number>  // float, or uint16_t for bf16
struct NormKernels {
  /// sum[c] += sum over rows of x - shift[c]; squares[c] += the same of (x - shift[c])^2.
  /// Error: float32 over 128 rows at most, double beyond; a shift near the mean keeps the variance from cancelling.
  void (*moments)(const Number* x, size_t rows, size_t channels, const float* shift, double* sum, double* squares);
  /// y = scale[c] x + offset[c] + shortcut, and 0 for what is below 0 where `relu`. shortcut: nullptr for none.
  void (*apply)(const Number* x, const Number* shortcut, size_t rows, size_t channels, const float* scale,
                const float* offset, bool relu, Number* y);
  /// With d = the gradient g of y, 0 where y <= 0 (y: nullptr where no relu was):
  /// of_offset[c] += sum over rows of d; of_scale[c] += sum of d (x - mean[c]).
  void (*gradient_sums)(const Number* g, const Number* y, const Number* x, size_t rows, size_t channels,
                        const float* mean, double* of_offset, double* of_scale);
  /// of_x = a[c] d + b[c] x + offset[c]; of_shortcut = d, unless it is nullptr.
  void (*gradient)(const Number* g, const Number* y, const Number* x, size_t rows, size_t channels, const float* a,
                   const float* b, const float* offset, Number* of_x, Number* of_shortcut);
};

struct LayerKernels {
  NormKernels<uint16_t> norm_bf16;
  NormKernels<float> norm_f32;
  /// y = tanh(x). Error: one unit in the last place of bf16.
  void (*tanh_bf16)(const uint16_t* x, size_t n, uint16_t* y);
  /// of_x = g (1 - y^2)
  void (*tanh_gradient_bf16)(const uint16_t* g, const uint16_t* y, size_t n, uint16_t* of_x);
  /// One picture [height, width, channels] -> [height / k, width / k, channels], means of fields of k x k side by side;
  /// what is left over at the edges is in none. sums: room for width * channels numbers.
  void (*mean_pool_bf16)(const uint16_t* x, size_t height, size_t width, size_t channels, size_t k, float* sums,
                         uint16_t* y);
  /// of_x [height, width, channels] of g, the gradient of y.
  void (*mean_pool_gradient_bf16)(const uint16_t* g, size_t height, size_t width, size_t channels, size_t k,
                                  uint16_t* of_x);
};

void fill_layers_scalar(LayerKernels& table);
void fill_layers_avx2(LayerKernels& table);
void fill_layers_avx512(LayerKernels& table);

}  // namespace hanok::math
