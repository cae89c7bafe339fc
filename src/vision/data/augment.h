// Pictures changed at random while a net learns from them, and batches made of them. What happens to a picture depends
// on the seed, the epoch and its number alone: not on threads, processes, or where a run was interrupted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vision/data/pictures.h"

namespace hanok::vision {

struct AugmentOptions {
  enum class Flip { None, Random, Alternating };
  size_t pad = 0;       // the picture is shifted by up to this many pixels each way; below its sides
  bool reflect = true;  // what comes in at the edge: its mirror image without the edge itself, or black
  /// Left to right. Random: by the toss of a coin. Alternating: a coin in the first epoch, and the other way round in
  /// every epoch after it, so that each picture is seen both ways in any two (Jordan 2024, arXiv 2404.00498).
  Flip flip = Flip::None;
  size_t cutout = 0;  // side of a square that becomes the mean colour (DeVries and Taylor 2017)
  float colour = 0;   // brightness, contrast and saturation times 1 - colour to 1 + colour
  float mixup = 0;    // alpha of Beta(alpha, alpha) (Zhang et al. 2018): two pictures laid over one another
  float cutmix = 0;   // alpha (Yun et al. 2019): a part of one set into the other; of both, one by the toss of a coin
};

// ---- the parts, on one picture [C, H, W]

/// The picture padded by `pad` all around, of which the part that begins at (row, col) is taken, 0 to 2 pad each; then
/// flipped. out is [C, H, W] and another place than in.
void shift_and_flip(const uint8_t* in, const Pictures& shape, size_t pad, bool reflect, size_t row, size_t col,
                    bool flip, uint8_t* out);
/// A square of `size` about (row, col), cut at the border: rows row - size / 2 to row + size / 2, the last not among
/// them. `fill` is one value a channel.
void cut_out(uint8_t* picture, const Pictures& shape, size_t size, size_t row, size_t col,
             std::span<const uint8_t> fill);
/// All values times `brightness` (cut to 0..255), then about the mean luma by `contrast`, then about each pixel's own
/// luma by `saturation` (three channels only).
void change_colour(uint8_t* picture, const Pictures& shape, float brightness, float contrast, float saturation);

// ---- batches

/// A batch on its way to the net: x [B, H, W, C], normalised, channels together.
struct Batch {
  std::vector<float> x;
  std::vector<int64_t> y, other_y;  // [B]; other_y is empty where pictures are not mixed
  float share = 1;                  // of the loss that y has; the rest is other_y's
};

/// 0 to n - 1, shuffled for this epoch.
std::vector<uint32_t> shuffled(size_t n, uint64_t seed, uint64_t epoch);

/// x = (value / 255 - mean) / std of the pictures `which`, unchanged. [B, H, W, C].
Batch plain_batch(const Pictures& pictures, std::span<const float> mean, std::span<const float> std,
                  std::span<const uint32_t> which);
/// The same with changes. Mixing takes partners within the whole batch of all processes: `which` is that batch, and
/// [begin, end) the part that is made.
Batch augmented_batch(const DataSet& set, const Pictures& pictures, std::span<const uint32_t> which, size_t begin,
                      size_t end, const AugmentOptions& options, uint64_t seed, uint64_t epoch);

/// x[i] = lambda x[i] + (1 - lambda) x[partner[i]] for values of `each` floats.
void mix_up(std::vector<float>& x, std::span<const float> partners, float lambda);

}  // namespace hanok::vision
