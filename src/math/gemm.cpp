#include "math/gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <utility>

#include "base/threads.h"
#include "math/rows.h"

namespace hanok::math {
namespace {

constexpr size_t kDepthBlock = 384;  // a panel of 384 x 16 floats is 24 KiB: it stays in L1 while rows pass by
constexpr size_t kRowsPerTask =
    96;  // 96 x 384 floats of the left side are 144 KiB: they stay in L2; 6 and 12 divide it
constexpr size_t kSmallWork = 1 << 20;  // multiply-adds below which waking a second thread costs more than it saves
constexpr size_t kPanelsToGather = 8;   // uses of a copied block that pay for the copy
constexpr size_t kAlign = 64;

void scalar_panel(size_t m, size_t depth, const float* a, size_t lda, const float* panel, const float* bias,
                  bool accumulate, float* c, size_t ldc, size_t cols) {
  constexpr size_t kWidth = 16;
  for (size_t i = 0; i < m; ++i) {
    float sum[kWidth];
    for (size_t j = 0; j < kWidth; ++j) sum[j] = bias ? bias[j] : 0;
    for (size_t k = 0; k < depth; ++k)
      for (size_t j = 0; j < kWidth; ++j) sum[j] += a[i * lda + k] * panel[k * kWidth + j];
    for (size_t j = 0; j < cols; ++j) c[i * ldc + j] = accumulate ? c[i * ldc + j] + sum[j] : sum[j];
  }
}

using Four = float __attribute__((vector_size(16)));

inline Four load_four(const float* p) {
  Four out;
  std::memcpy(&out, p, sizeof out);
  return out;
}

// to[k * ldt + j] = from[j * ldf + k] for 4 x 4.
inline void transpose_four(const float* from, size_t ldf, float* to, size_t ldt) {
  const Four a = load_four(from), b = load_four(from + ldf), c = load_four(from + 2 * ldf),
             d = load_four(from + 3 * ldf);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Four rows[4] = {
      __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
      __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  for (size_t k = 0; k < 4; ++k) std::memcpy(to + k * ldt, &rows[k], sizeof rows[k]);
}

// to[k * ldt + j] = from[j * ldf + k], j below `have`, k below `deep`.
void transpose(const float* from, size_t ldf, size_t have, size_t deep, float* to, size_t ldt) {
  const size_t fours = have / 4 * 4, deep_fours = deep / 4 * 4;
  for (size_t j = 0; j < fours; j += 4) {
    for (size_t k = 0; k < deep_fours; k += 4) transpose_four(from + j * ldf + k, ldf, to + k * ldt + j, ldt);
    for (size_t k = deep_fours; k < deep; ++k)
      for (size_t i = j; i < j + 4; ++i) to[k * ldt + i] = from[i * ldf + k];
  }
  for (size_t j = fours; j < have; ++j)
    for (size_t k = 0; k < deep; ++k) to[k * ldt + j] = from[j * ldf + k];
}

}  // namespace

void fill_gemm_scalar(GemmKernel& table) { table = {1, 16, scalar_panel}; }

void Scratch::Free::operator()(float* p) const { ::operator delete[](p, std::align_val_t(kAlign)); }

float* Scratch::reserve(size_t n) {
  if (n > size_) {
    data_.reset();
    size_ = 0;
    data_.reset(static_cast<float*>(::operator new[](n * sizeof(float), std::align_val_t(kAlign))));
    size_ = n;
  }
  return data_.get();
}

void PackedMatrix::shape(size_t width, size_t depth) {
  width_ = width;
  depth_ = depth;
  blocks_ = std::max<size_t>(1, (depth + kDepthBlock - 1) / kDepthBlock);
  step_ = (depth + blocks_ - 1) / blocks_;
  bias_.clear();
  data_.reserve(panels() * kernel_.width * std::max<size_t>(depth, 1));
}

size_t PackedMatrix::block_depth(size_t block) const {
  const size_t begin = std::min(depth_, block * step_);
  return std::min(depth_, begin + step_) - begin;
}

const float* PackedMatrix::panel(size_t block, size_t p) const {
  return data_.data() + std::min(depth_, block * step_) * panels() * kernel_.width +
         p * kernel_.width * block_depth(block);
}

float* PackedMatrix::panel(size_t block, size_t p) { return const_cast<float*>(std::as_const(*this).panel(block, p)); }

void PackedMatrix::pack_rows(size_t width, size_t depth, const std::function<void(size_t, float*)>& fill,
                             std::vector<float> bias) {
  shape(width, depth);
  const size_t n = kernel_.width;
  base::parallel_for(panels(), 1, [&](size_t begin, size_t end, size_t) {
    std::vector<float> rows(n * depth);
    for (size_t p = begin; p < end; ++p) {
      std::fill(rows.begin(), rows.end(), 0.0f);
      for (size_t j = 0; j < n && p * n + j < width; ++j) fill(p * n + j, rows.data() + j * depth);
      for (size_t b = 0; b < blocks_; ++b) {
        float* to = panel(b, p);
        for (size_t k = 0; k < block_depth(b); ++k)
          for (size_t j = 0; j < n; ++j) *to++ = rows[j * depth + b * step_ + k];
      }
    }
  });
  if (!bias.empty()) {
    bias_ = std::move(bias);
    bias_.resize(panels() * n, 0.0f);
  }
}

void PackedMatrix::pack_transposed(const float* w, size_t ldw, size_t width, size_t depth) {
  shape(width, depth);
  const size_t n = kernel_.width;
  for (size_t b = 0; b < blocks_; ++b)
    for (size_t p = 0; p < panels(); ++p) {
      float* to = panel(b, p);
      const size_t have = std::min(n, width - p * n), deep = block_depth(b);
      const float* from = w + p * n * ldw + b * step_;
      transpose(from, ldw, have, deep, to, n);
      for (size_t j = have; j < n; ++j)
        for (size_t k = 0; k < deep; ++k) to[k * n + j] = 0;
    }
}

void PackedMatrix::pack(const float* b, size_t ldb, size_t depth, size_t width) {
  shape(width, depth);
  const size_t n = kernel_.width;
  for (size_t block = 0; block < blocks_; ++block)
    for (size_t p = 0; p < panels(); ++p) {
      float* to = panel(block, p);
      const size_t have = std::min(n, width - p * n), deep = block_depth(block);
      const float* from = b + block * step_ * ldb + p * n;
      for (size_t k = 0; k < deep; ++k, to += n) {
        std::copy_n(from + k * ldb, have, to);
        std::fill(to + have, to + n, 0.0f);
      }
    }
}

void activate(Activation activation, float* x, size_t n) {
  switch (activation) {
    case Activation::None:
      return;
    case Activation::Gelu:
      return rows().gelu(x, n);
    case Activation::GeluTanh:
      return rows().gelu_tanh(x, n);
    case Activation::Silu:
      return rows().silu(x, n);
    case Activation::Relu:
      return rows().relu(x, n);
    case Activation::Tanh:
      for (size_t i = 0; i < n; ++i) x[i] = std::tanh(x[i]);
      return;
  }
}

// One product, cut in tasks: blocks of rows; where these are fewer than threads, each is cut into chunks of panels too.
struct GemmTask {
  const float* a;  // the left side,
  size_t lda;
  const LeftSide* left;  // or what writes it
  size_t m;
  const PackedMatrix& w;
  float* c;
  size_t ldc;
  GemmOptions options;

  size_t threads = 1, row_blocks = 0, chunks = 0, chunk = 0;

  void cut() {
    threads = options.threads ? options.threads : base::default_threads();
    if (m * w.width_ * w.depth_ < kSmallWork) threads = 1;
    row_blocks = (m + kRowsPerTask - 1) / kRowsPerTask;
    chunks = std::clamp<size_t>((threads + row_blocks - 1) / row_blocks, 1, w.panels());
    chunk = (w.panels() + chunks - 1) / chunks;
  }

  void run(size_t index) const {
    const size_t width = w.kernel_.width;
    const size_t row = index / chunks * kRowsPerTask, count = std::min(kRowsPerTask, m - row);
    const size_t first = index % chunks * chunk, last = std::min(w.panels(), first + chunk);
    if (first >= last) return;
    // Long rows lie on more pages than the first TLB level holds; a block of them is copied together if it is used
    // often.
    const bool gather = left || (w.blocks_ > 1 && last - first >= kPanelsToGather);
    const std::unique_ptr<float[]> gathered(gather ? new float[count * w.step_] : nullptr);
    for (size_t b = 0; b < w.blocks_; ++b) {
      const size_t depth = w.block_depth(b);
      const float* from = gather ? gathered.get() : a + row * lda + b * w.step_;
      if (left)
        (*left)(row, count, b * w.step_, depth, gathered.get());
      else if (gather)
        for (size_t i = 0; i < count; ++i)
          std::copy_n(a + (row + i) * lda + b * w.step_, depth, gathered.get() + i * depth);
      for (size_t p = first; p < last; ++p)
        w.kernel_.panel(count, depth, from, gather ? depth : lda, w.panel(b, p),
                        b == 0 && !w.bias_.empty() ? w.bias_.data() + p * width : nullptr, b > 0 || options.accumulate,
                        c + row * ldc + p * width, ldc, std::min(width, w.width_ - p * width));
    }
    if (options.activation == Activation::None) return;
    const size_t columns = std::min(w.width_, last * width) - first * width;
    for (size_t i = 0; i < count; ++i) activate(options.activation, c + (row + i) * ldc + first * width, columns);
  }

  void run_all() {
    if (m == 0 || w.width_ == 0) return;
    cut();
    const auto some = [this](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) run(i);
    };
    if (threads == 1)
      some(0, row_blocks * chunks, 0);
    else
      base::parallel_for(row_blocks * chunks, 1, some, threads);
  }
};

void gemm(const float* a, size_t lda, size_t m, const PackedMatrix& w, float* c, size_t ldc, GemmOptions options) {
  GemmTask{a, lda, nullptr, m, w, c, ldc, options}.run_all();
}

void gemm(const LeftSide& a, size_t m, const PackedMatrix& w, float* c, size_t ldc, GemmOptions options) {
  GemmTask{nullptr, 0, &a, m, w, c, ldc, options}.run_all();
}

}  // namespace hanok::math
