#include "math/packed_weights.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "base/pages.h"
#include "base/threads.h"
#include "hanok/error.h"
#include "math/half.h"
#include "math/weight_parts.h"

namespace hanok::math {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kGroupBytes = 192 << 10;  // panels that stay in the second-level cache while all tiles pass
constexpr size_t kSmallWork = 1 << 20;     // multiply-adds below which waking a second thread costs more than it saves
constexpr size_t kGroupsPerThread = 4;     // so that a thread that is held up leaves little behind
constexpr size_t kTilesPerTask = 4;
constexpr size_t kStripBlocks = 16;  // 24 KiB taken apart at once; whole groups of `super`
constexpr size_t kStripRows = 256;   // whose sums (32 KiB) are kept while the depth passes
constexpr size_t kTilePiece =
    512;  // values of depth of two panels of bf16: 32 KiB, which stay in the first-level cache

size_t plain_index(WeightFormat format) {
  return format == WeightFormat::F32 ? 0 : format == WeightFormat::F16 ? 1 : 2;
}

void put16(uint8_t* at, size_t i, uint16_t bits) { std::memcpy(at + 2 * i, &bits, 2); }

void or32(uint8_t* at, uint32_t bits) {
  uint32_t x;
  std::memcpy(&x, at, 4);
  x |= bits;
  std::memcpy(at, &x, 4);
}

// The 32 codes of row `row` into a block's codes, four at a time.
template <unsigned bits>
void put_codes(const uint8_t* code, size_t row, uint8_t* codes) {
  constexpr unsigned low = bits == 8 ? 8 : bits >= 4 ? 4 : 2;
  constexpr uint32_t low_mask = low == 4 ? 0x0F0F0F0Fu : 0x03030303u;
  uint8_t* high = codes + 64 * low;
  for (size_t g = 0; g < 8; ++g) {
    uint32_t four;
    std::memcpy(&four, code + 4 * g, 4);
    if constexpr (low == 8) std::memcpy(codes + 64 * g + 4 * row, &four, 4);
    if constexpr (low == 4) or32(codes + 64 * (g % 4) + 4 * row, (four & low_mask) << (4 * (g / 4)));
    if constexpr (low == 2) or32(codes + 64 * (g / 4) + 4 * row, (four & low_mask) << (2 * (g % 4)));
    if constexpr (bits == 6) or32(high + 64 * (g / 4) + 4 * row, (four >> 4 & 0x03030303u) << (2 * (g % 4)));
    if constexpr (bits == 5 || bits == 3) {
      const uint32_t ones = four >> low & 0x01010101u;          // a bit in each byte
      const uint32_t nibble = (ones * 0x01020408u) >> 24 & 15;  // gathered
      high[8 * g + row / 2] = static_cast<uint8_t>(high[8 * g + row / 2] | nibble << (4 * (row % 2)));
    }
  }
}

void put_codes(unsigned bits, const uint8_t* code, size_t row, uint8_t* codes) {
  switch (bits) {
    case 2:
      return put_codes<2>(code, row, codes);
    case 3:
      return put_codes<3>(code, row, codes);
    case 4:
      return put_codes<4>(code, row, codes);
    case 5:
      return put_codes<5>(code, row, codes);
    case 6:
      return put_codes<6>(code, row, codes);
    default:
      return put_codes<8>(code, row, codes);
  }
}

// Scales (and minima) of the 32 values `b` of a block, for row `row`.
void put_scales(const PackedForm& form, const WeightParts& parts, size_t b, size_t row, uint8_t* at) {
  switch (form.scale) {
    case Scale::Half:
      put16(at, row, parts.d);
      break;
    case Scale::Byte:
    case Scale::SignedByte:
    case Scale::Exponent:
      at[row] = parts.scale[b];
      break;
    case Scale::SignedPairs:
    case Scale::Nibbles:
      at[row] = parts.scale[2 * b], at[16 + row] = parts.scale[2 * b + 1];
      break;
  }
  if (form.minimum == Minimum::Half) put16(at + 32, row, parts.least);
  if (form.minimum == Minimum::Byte) at[16 + row] = parts.minimum[b];
}

}  // namespace

void AlignedBytes::Free::operator()(uint8_t* p) const { ::operator delete[](p, std::align_val_t(kAlign)); }

uint8_t* AlignedBytes::reserve(size_t n) {
  if (n > size_) {
    data_.reset();
    size_ = 0;
    data_.reset(static_cast<uint8_t*>(::operator new[](n, std::align_val_t(kAlign))));
    size_ = n;
    // Weights are read from first to last: on large pages addresses are looked up rarely, and memory comes in quickly.
    base::in_large_pages({reinterpret_cast<const std::byte*>(data_.get()), n});
  }
  return data_.get();
}

PackedWeights::PackedWeights(WeightFormat format, const std::byte* rows, size_t width, size_t depth)
    : format_(format), form_(packed_form(format)), width_(width), depth_(depth) {
  const WeightFormatInfo& about = info(format);
  if (depth % about.block != 0)
    throw Error(Code::Invalid, "weights of type " + std::string(about.name) + " with rows of " + std::to_string(depth) +
                                   " values: a multiple of " + std::to_string(about.block) + " was expected");
  if (arithmetic() == Arithmetic::Floats) {
    panel_bytes_ = (format == WeightFormat::Bf16 ? (depth + 1) / 2 * 2 : depth) * kPanelWidth * about.bytes;
  } else {
    const PackedForm& form = kPackedForms[form_];
    const size_t blocks = depth / kDepthOfBlock;
    panel_bytes_ = blocks * block_bytes(form) + blocks / form.super * head_bytes(form);
  }
  data_.reserve(std::max<size_t>(bytes(), 1));
  base::parallel_for(panels(), 4, [&](size_t begin, size_t end, size_t) {
    for (size_t p = begin; p < end; ++p)
      if (arithmetic() == Arithmetic::Floats)
        pack_plain(rows, p);
      else
        pack_quantised(rows, p);
  });
}

void PackedWeights::pack_quantised(const std::byte* rows, size_t panel) {
  const WeightFormatInfo& about = info(format_);
  const PackedForm& form = kPackedForms[form_];
  const size_t head = head_bytes(form), super_bytes = head + form.super * block_bytes(form);
  uint8_t* to = data_.data() + panel * panel_bytes_;
  std::memset(to, 0, panel_bytes_);
  WeightParts parts;
  for (size_t row = 0; row < kPanelWidth && panel * kPanelWidth + row < width_; ++row) {
    const std::byte* from = rows + (panel * kPanelWidth + row) * about.row_bytes(depth_);
    for (size_t s = 0; s < depth_ / about.block; ++s) {
      take_apart(format_, from + s * about.bytes, parts);
      uint8_t* at = to + s * super_bytes;
      if (head >= 32) put16(at, row, parts.d);
      if (head == 64) put16(at + 32, row, parts.least);
      at += head;
      for (size_t b = 0; b < form.super; ++b, at += block_bytes(form)) {
        put_scales(form, parts, b, row, at);
        put_codes(form.bits, parts.code + 32 * b, row, at + scale_bytes(form));
      }
    }
  }
}

namespace {

// Rows of values into [depth, 16], or of pairs of them; rows that are not there become 0.
template <typename T>
void interleave(const std::byte* rows, size_t row_bytes, size_t there, size_t depth, uint8_t* to) {
  if (there < kPanelWidth) std::memset(to, 0, depth * kPanelWidth * sizeof(T));
  constexpr size_t kLine = 64 / sizeof(T);  // of a row at once: whole lines of memory on both sides
  for (size_t from = 0; from < depth; from += kLine)
    for (size_t row = 0; row < there; ++row) {
      T values[kLine];
      const size_t n = std::min(kLine, depth - from);
      std::memcpy(values, rows + row * row_bytes + from * sizeof(T), n * sizeof(T));
      for (size_t k = 0; k < n; ++k)
        std::memcpy(to + ((from + k) * kPanelWidth + row) * sizeof(T), values + k, sizeof(T));
    }
}

}  // namespace

void PackedWeights::pack_plain(const std::byte* rows, size_t panel) {
  const size_t bytes = info(format_).bytes, row_bytes = depth_ * bytes;
  uint8_t* to = data_.data() + panel * panel_bytes_;
  rows += panel * kPanelWidth * row_bytes;
  const size_t there = std::min(kPanelWidth, width_ - panel * kPanelWidth);
  if (format_ == WeightFormat::F32) return interleave<uint32_t>(rows, row_bytes, there, depth_, to);
  if (format_ == WeightFormat::F16) return interleave<uint16_t>(rows, row_bytes, there, depth_, to);
  interleave<uint32_t>(rows, row_bytes, there, depth_ / 2, to);  // two values of depth side by side
  if (depth_ % 2 == 0) return;
  uint8_t* last = to + depth_ / 2 * kPanelWidth * 4;
  std::memset(last, 0, kPanelWidth * 4);
  for (size_t row = 0; row < there; ++row) std::memcpy(last + row * 4, rows + (row + 1) * row_bytes - 2, 2);
}

void Activations::set(const float* x, size_t ldx, size_t m, size_t depth, Arithmetic arithmetic, Features features) {
  if (arithmetic == Arithmetic::Bytes && depth % kDepthOfBlock != 0)
    throw Error(Code::Invalid, "activations of " + std::to_string(depth) + " values: a multiple of 32 was expected");
  arithmetic_ = arithmetic, m_ = m, depth_ = depth;
  in_tiles_ = features.has(Feature::Amx) &&
              (arithmetic == Arithmetic::Bf16 || (arithmetic == Arithmetic::Bytes && m > kMostTileRows));
  tile_bytes_ = tile_bytes();
  data_.reserve(std::max<size_t>(tiles() * tile_bytes_, 1));
  struct {
    Activations* self;
    const float* x;
    size_t ldx;
    const ProductKernels* kernels;
  } task{this, x, ldx, nullptr};
  ProductKernels chosen;
  if (features == math::features())
    task.kernels = &kernels<ProductKernels>();
  else
    chosen = kernels<ProductKernels>(features), task.kernels = &chosen;
  const auto work = [&task](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; ++t)
      if (task.self->arithmetic_ == Arithmetic::Bytes)
        task.self->quantise_tile(task.x, task.ldx, t, *task.kernels);
      else if (task.self->arithmetic_ == Arithmetic::Bf16)
        task.self->round_tile(task.x, task.ldx, t);
      else
        task.self->copy_tile(task.x, task.ldx, t);
  };
  base::parallel_for(tiles(), kTilesPerTask, work);
}

size_t Activations::tile_bytes() const {
  switch (arithmetic_) {
    case Arithmetic::Bytes:
      return depth_ / kDepthOfBlock * block_bytes();
    case Arithmetic::Floats:
      return depth_ * tile_rows() * sizeof(float);
    case Arithmetic::Bf16:
      break;
  }
  const size_t step = in_tiles_ ? kTileDepth : 2;
  return (depth_ + step - 1) / step * step * tile_rows() * sizeof(uint16_t);
}

void Activations::quantise_tile(const float* x, size_t ldx, size_t tile, const ProductKernels& kernels) {
  const size_t rows = tile_rows(), blocks = depth_ / kDepthOfBlock;
  uint8_t* to = data_.data() + tile * tile_bytes_;
  if (tile * rows + rows > m_) std::memset(to, 0, tile_bytes_);
  for (size_t r = 0; r < rows && tile * rows + r < m_; ++r) {
    const float* from = x + (tile * rows + r) * ldx;
    if (!in_tiles_)
      kernels.quantise(from, blocks, r, rows, to);
    else  // a line for each block of a row, as a tile of one row has it
      for (size_t b = 0; b < blocks; ++b)
        kernels.quantise(from + b * kDepthOfBlock, 1, 0, 1, to + (b * kTileRows + r) * kTileLine);
  }
}

void Activations::copy_tile(const float* x, size_t ldx, size_t tile) {
  const size_t rows = tile_rows();
  auto* to = reinterpret_cast<float*>(data_.data() + tile * tile_bytes_);
  for (size_t r = 0; r < rows; ++r)
    for (size_t k = 0; k < depth_; ++k) to[k * rows + r] = tile * rows + r < m_ ? x[(tile * rows + r) * ldx + k] : 0.0f;
}

void Activations::round_tile(const float* x, size_t ldx, size_t tile) {
  const size_t rows = tile_rows();
  const size_t step = in_tiles_ ? kTileDepth : 2;  // values of a row side by side
  auto* to = reinterpret_cast<uint16_t*>(data_.data() + tile * tile_bytes_);
  if (depth_ % step || tile * rows + rows > m_) std::memset(to, 0, tile_bytes_);
  for (size_t r = 0; r < rows && tile * rows + r < m_; ++r)
    for (size_t k = 0; k < depth_; ++k)
      to[(k / step * rows + r) * step + k % step] = float_to_bf16(x[(tile * rows + r) * ldx + k]);
}

/// One product, cut into units of work.
struct Product {
  const Activations& x;
  const PackedWeights& w;
  float* y;
  size_t ldy;
  const ProductOptions& options;
  const ProductKernels& kernels;
  const TileKernels& tile_kernels;
  size_t grain = 1;  // panels of a unit, where it is no strip

  void panel_by_tile(size_t p, size_t t) const {
    alignas(64) float out[kMostTileRows * kPanelWidth];
    const size_t rows = x.tile_rows(), size = rows == 1 ? 0 : rows == 2 ? 1 : rows == 4 ? 2 : 3;
    const uint8_t* panel = w.data_.data() + p * w.panel_bytes_;
    const uint8_t* tile = x.data_.data() + t * x.tile_bytes_;
    if (w.arithmetic() == Arithmetic::Bytes)
      kernels.quantised[w.form_][size](panel, w.depth_ / kDepthOfBlock, tile, out);
    else if (x.arithmetic() == Arithmetic::Bf16)
      kernels.rounded[size](reinterpret_cast<const uint16_t*>(panel), w.depth_, reinterpret_cast<const uint16_t*>(tile),
                            out);
    else
      kernels.plain[plain_index(w.format_)][size](panel, w.depth_, reinterpret_cast<const float*>(tile), out);
    const size_t first = p * kPanelWidth, cols = std::min(kPanelWidth, w.width_ - first);
    for (size_t r = 0; r < rows && t * rows + r < x.m_; ++r) put(out + r * kPanelWidth, t * rows + r, first, cols);
  }

  void group(size_t begin, size_t end) const {
    for (size_t t = 0; t < x.tiles(); ++t)
      for (size_t p = begin; p < end; ++p) panel_by_tile(p, t);
  }

  // Many rows: two panels are taken apart, a piece of depth at a time that stays in the first-level cache, and all
  // rows pass over it. The order of a sum is that of panel_by_tile.
  void strip(size_t s) const {
    alignas(64) uint8_t piece[kStripBlocks * kStripBlockBytes];
    alignas(64) float sums[kStripRows * kStripWidth];
    const PackedForm& form = kPackedForms[w.form_];
    const size_t blocks = w.depth_ / kDepthOfBlock, panels = std::min<size_t>(2, w.panels() - 2 * s);
    const auto by_tile =
        x.in_tiles_ ? tile_kernels.strip[has_halves(form)][form.minimum != Minimum::None] : kernels.strip[w.form_];
    const size_t tile_rows = x.tile_rows(), tiles_at_once = kStripRows / tile_rows;
    if (x.in_tiles_) tile_kernels.begin(has_halves(form) ? TileWork::HalfBytes : TileWork::Bytes, tile_rows);
    for (size_t first = 0; first < x.tiles(); first += tiles_at_once) {
      const size_t tiles = std::min(tiles_at_once, x.tiles() - first);
      std::fill_n(sums, tiles * tile_rows * kStripWidth, 0.0f);
      for (size_t b = 0; b < blocks; b += kStripBlocks) {
        const size_t n = std::min(kStripBlocks, blocks - b);
        const size_t at = b * block_bytes(form) + b / form.super * head_bytes(form);
        for (size_t p = 0; p < 2; ++p) {  // an odd one out goes twice, so that nothing unset is multiplied
          const size_t panel = 2 * s + std::min(p, panels - 1);
          kernels.unpack[w.form_](w.data_.data() + panel * w.panel_bytes_ + at, n, p, piece);
        }
        if (x.in_tiles_ && form.zero_bits) tile_kernels.take_zero(piece, n, static_cast<uint8_t>(1 << form.zero_bits));
        for (size_t t = 0; t < tiles; ++t)
          by_tile(piece, n, x.data_.data() + (first + t) * x.tile_bytes_ + b * x.block_bytes(),
                  sums + t * tile_rows * kStripWidth);
      }
      put_strip(sums, s, first * tile_rows, tiles * tile_rows);
    }
    if (x.in_tiles_) tile_kernels.end();
  }

  // Rows `row` .. of the two panels of strip s, as many of `rows` as there are.
  void put_strip(const float* sums, size_t s, size_t row, size_t rows) const {
    const size_t column = s * kStripWidth, cols = std::min(kStripWidth, w.width_ - column);
    for (size_t r = 0; r < rows && row + r < x.m_; ++r) put(sums + r * kStripWidth, row + r, column, cols);
  }

  // bf16 on tiles, strips begin .. end - 1: two panels by two tiles of rows, a piece of depth at a time.
  void rounded_strips(size_t begin, size_t end) const {
    alignas(64) float sums[kStripRows * kStripWidth];
    const size_t tile_rows = x.tile_rows(), tiles_at_once = kStripRows / tile_rows;
    tile_kernels.begin(TileWork::Bf16, tile_rows);
    for (size_t s = begin; s < end; ++s)
      for (size_t first = 0; first < x.tiles(); first += tiles_at_once) {
        const size_t tiles = std::min(tiles_at_once, x.tiles() - first);
        std::fill_n(sums, tiles * tile_rows * kStripWidth, 0.0f);
        for (size_t from = 0; from < w.depth_; from += kTilePiece)
          for (size_t t = 0; t < tiles; t += 2)
            tile_kernels.rounded(
                panel_at(2 * s, from), panel_at(std::min(2 * s + 1, w.panels() - 1), from),
                std::min(kTilePiece, w.depth_ - from),
                reinterpret_cast<const uint16_t*>(x.data_.data() + (first + t) * x.tile_bytes_) + from * tile_rows,
                tile_rows, std::min<size_t>(2, tiles - t), x.tile_bytes_ / sizeof(uint16_t),
                sums + t * tile_rows * kStripWidth);
        put_strip(sums, s, first * tile_rows, tiles * tile_rows);
      }
    tile_kernels.end();
  }
  const uint16_t* panel_at(size_t panel, size_t depth) const {
    return reinterpret_cast<const uint16_t*>(w.data_.data() + panel * w.panel_bytes_) + depth * kPanelWidth;
  }

  // A loop for each case, without a question inside: one in all was 6 % of a prefill.
  void put(const float* __restrict sums, size_t row, size_t column, size_t n) const {
    float* __restrict to = y + row * ldy + column;
    const float* __restrict bias = options.bias ? options.bias + column : nullptr;
    if (bias && options.accumulate)
      for (size_t j = 0; j < n; ++j) to[j] += sums[j] + bias[j];
    else if (bias)
      for (size_t j = 0; j < n; ++j) to[j] = sums[j] + bias[j];
    else if (options.accumulate)
      for (size_t j = 0; j < n; ++j) to[j] += sums[j];
    else
      std::copy_n(sums, n, to);
  }

  bool in_strips() const { return w.arithmetic() == Arithmetic::Bytes && (x.tiles() > 1 || x.in_tiles_); }
  bool rounded_in_tiles() const { return x.in_tiles_ && x.arithmetic() == Arithmetic::Bf16; }
  size_t threads() const {
    if (x.m_ * w.width_ * w.depth_ < kSmallWork) return 1;
    return options.threads ? options.threads : base::default_threads();
  }
  void cut(size_t threads) {
    const size_t in_cache = std::max<size_t>(1, kGroupBytes / std::max<size_t>(1, w.panel_bytes_));
    grain = threads == 1 ? in_cache : std::clamp<size_t>(w.panels() / (threads * kGroupsPerThread), 1, in_cache);
    if (rounded_in_tiles()) grain += grain % 2;  // whole strips
  }
  size_t units() const { return in_strips() ? (w.panels() + 1) / 2 : (w.panels() + grain - 1) / grain; }
  void unit(size_t i) const {
    if (in_strips()) return strip(i);
    if (rounded_in_tiles()) return rounded_strips(i * grain / 2, (std::min(w.panels(), (i + 1) * grain) + 1) / 2);
    group(i * grain, std::min(w.panels(), (i + 1) * grain));
  }

  void check() const {
    const bool suits =
        x.arithmetic() == w.arithmetic() || (x.arithmetic() == Arithmetic::Bf16 && w.format() == WeightFormat::Bf16);
    if (x.depth() == w.depth() && suits) return;
    throw Error(Code::Invalid, "product of weights [" + std::to_string(w.width()) + ", " + std::to_string(w.depth()) +
                                   "] of type " + std::string(info(w.format()).name) + " with activations of depth " +
                                   std::to_string(x.depth()) + (suits ? "" : " that were set for another arithmetic"));
  }
  bool empty() const { return x.rows() == 0 || w.width() == 0; }
};

namespace {

void run(std::span<Product> all) {
  size_t threads = 1, units = 0;
  for (const Product& p : all) threads = std::max(threads, p.threads());
  for (Product& p : all) p.cut(threads), units += p.units();
  const auto work = [all](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) {
      size_t at = i;
      const Product* p = all.data();
      for (; at >= p->units(); ++p) at -= p->units();
      p->unit(at);
    }
  };
  base::parallel_for(units, 1, work, threads);
}

}  // namespace

void product(const Activations& x, const PackedWeights& w, float* y, size_t ldy, const ProductOptions& options,
             Features features) {
  const bool usual = features == math::features();
  ProductKernels chosen;
  TileKernels chosen_tiles;
  if (!usual) chosen = kernels<ProductKernels>(features), chosen_tiles = kernels<TileKernels>(features);
  Product one{
      x, w, y, ldy, options, usual ? kernels<ProductKernels>() : chosen, usual ? kernels<TileKernels>() : chosen_tiles};
  if (one.empty()) return;
  one.check();
  run({&one, 1});
}

void products(std::span<const ProductTask> tasks) {
  constexpr size_t kTogether = 4;  // more than share their activations in a layer
  while (!tasks.empty()) {
    const size_t n = std::min(kTogether, tasks.size());
    const auto made = [&](size_t i) {
      const ProductTask& t = tasks[std::min(i, n - 1)];
      return Product{*t.x, *t.w, t.y, t.ldy, t.options, kernels<ProductKernels>(), kernels<TileKernels>()};
    };
    Product some[kTogether] = {made(0), made(1), made(2), made(3)};
    for (const Product& p : some) p.check();
    run({some, n});
    tasks = tasks.subspan(n);
  }
}

}  // namespace hanok::math
