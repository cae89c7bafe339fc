#include "math/byte_gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "base/threads.h"

namespace hanok::math {
namespace {

constexpr size_t kRowsPerTask = 96;     // 96 x 1,536 bytes of the left side stay in L2; 6 and 12 divide it
constexpr size_t kGroupsPerBlock = 6;   // of a panel of 32 columns: 14 KiB, which stay in L1 while rows pass by
constexpr size_t kSmallWork = 1 << 21;  // multiply-adds below which waking a second thread costs more than it saves

// The most that four values of one sign which AVX2 adds up together sum up to.
template <typename T>
T most_of_four(const T* w) {
  T up[kByteGroup / 2], down[kByteGroup / 2], most = 0;
  for (size_t b = 0; b < kByteGroup / 8; ++b)
    for (size_t i = 0; i < 4; ++i) {  // what is no number is as good as 0
      up[4 * b + i] = std::max<T>(0, w[8 * b + i]) + std::max<T>(0, w[8 * b + 4 + i]);
      down[4 * b + i] = std::min<T>(0, w[8 * b + i]) + std::min<T>(0, w[8 * b + 4 + i]);
    }
  for (size_t i = 0; i < kByteGroup / 2; i += 2)
    most = std::max(most, std::max<T>(up[i] + up[i + 1], -(down[i] + down[i + 1])));
  return most;
}

// Whole numbers of a group of weights, and the finest scale with which they keep within their bounds.
float round_group(const float* w, int32_t* q) {
  float most = 0;
  for (size_t k = 0; k < kByteGroup; ++k) most = std::max(most, std::fabs(w[k]));
  float scale = most < kSmallestByteScale ? 0 : std::max(most / 127, most_of_four(w) / kMostOfFour);
  constexpr float kNoFraction = 0x1.8p23f;    // added and taken away, it rounds to whole numbers, ties to even
  constexpr float kCoarser = 1 + 1.0f / 128;  // sums of rounded numbers may be above the bound by two
  for (;; scale *= kCoarser) {
    const float by = scale > 0 ? 1 / scale : 0;
    for (size_t k = 0; k < kByteGroup; ++k) {
      const float level = (w[k] * by + kNoFraction) - kNoFraction;  // not a number where a weight is none: then 0
      q[k] = level >= -127 && level <= 127 ? static_cast<int32_t>(level) : 0;
    }
    if (most_of_four(q) <= kMostOfFour) return scale;
  }
}

}  // namespace

// rows [width, groups * 64] floats, zeros where there are none.
void ByteMatrix::pack_panel(const float* rows, uint8_t* to) const {
  const size_t width = kernels_.width, depth = groups() * kByteGroup;
  for (size_t g = 0; g < groups(); ++g, to += byte_group_bytes(width))
    for (size_t j = 0; j < width; ++j) {
      int32_t q[kByteGroup], sum = 0;
      const float scale = round_group(rows + j * depth + g * kByteGroup, q);
      for (size_t k = 0; k < kByteGroup; ++k) {
        to[8 * width + (k / kByteStep * width + j) * kByteStep + k % kByteStep] = static_cast<uint8_t>(q[k]);
        sum += q[k];
      }
      const int32_t less = -kByteZero * sum;
      std::memcpy(to + 4 * j, &scale, 4);
      std::memcpy(to + 4 * (width + j), &less, 4);
    }
}

void ByteMatrix::pack_rows(size_t width, size_t depth, const std::function<void(size_t, float*)>& fill,
                           std::vector<float> bias) {
  width_ = width;
  depth_ = depth;
  const size_t n = kernels_.width, padded = groups() * kByteGroup;
  data_.resize(panels() * groups() * byte_group_bytes(n));
  base::parallel_for(panels(), 1, [&](size_t begin, size_t end, size_t) {
    std::vector<float> rows(n * padded);
    for (size_t p = begin; p < end; ++p) {
      std::fill(rows.begin(), rows.end(), 0.0f);
      for (size_t j = 0; j < n && p * n + j < width; ++j) fill(p * n + j, rows.data() + j * padded);
      pack_panel(rows.data(), data_.data() + p * groups() * byte_group_bytes(n));
    }
  });
  bias_ = std::move(bias);
  if (!bias_.empty()) bias_.resize(panels() * n, 0.0f);
}

void byte_gemm(const float* a, size_t lda, size_t m, const ByteMatrix& w, float* c, size_t ldc, GemmOptions options) {
  if (m == 0 || w.width_ == 0) return;
  const ByteGemmKernels& kernels = w.kernels_;
  const size_t width = kernels.width, panels = w.panels(), groups = w.groups();
  size_t threads = options.threads ? options.threads : base::default_threads();
  if (m * w.width_ * w.depth_ < kSmallWork) threads = 1;
  // Tasks: blocks of rows; where these are fewer than threads, each is cut into chunks of panels too.
  const size_t row_blocks = (m + kRowsPerTask - 1) / kRowsPerTask;
  const size_t chunks = std::clamp<size_t>((threads + row_blocks - 1) / row_blocks, 1, panels);
  const size_t chunk = (panels + chunks - 1) / chunks;

  const auto task = [&](size_t index) {
    const size_t row = index / chunks * kRowsPerTask, count = std::min(kRowsPerTask, m - row);
    const size_t first = index % chunks * chunk, last = std::min(panels, first + chunk);
    const size_t row_bytes = groups * kByteGroup;
    const std::unique_ptr<uint8_t[]> rounded(new uint8_t[count * row_bytes]);
    const std::unique_ptr<float[]> scales(new float[count * groups]);
    for (size_t i = 0; i < count; ++i)
      kernels.quantise(a + (row + i) * lda, w.depth_, rounded.get() + i * row_bytes, scales.get() + i * groups);
    for (size_t p = first; p < last; ++p) {
      const size_t cols = std::min(width, w.width_ - p * width);
      const float* bias = w.bias_.empty() ? nullptr : w.bias_.data() + p * width;
      float* out = c + row * ldc + p * width;
      // Without a group there is still the bias.
      for (size_t g = 0; g == 0 || g < groups; g += kGroupsPerBlock)
        kernels.panel(count, std::min(kGroupsPerBlock, groups - g), rounded.get() + g * kByteGroup, row_bytes,
                      scales.get() + g, groups, w.panel(p) + g * byte_group_bytes(width), g == 0 ? bias : nullptr,
                      g > 0 || options.accumulate, out, ldc, cols);
      if (options.activation != Activation::None)
        for (size_t i = 0; i < count; ++i) activate(options.activation, out + i * ldc, cols);
    }
  };
  if (threads == 1) {
    for (size_t i = 0; i < row_blocks * chunks; ++i) task(i);
    return;
  }
  base::parallel_for(
      row_blocks * chunks, 1,
      [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) task(i);
      },
      threads);
}

}  // namespace hanok::math
