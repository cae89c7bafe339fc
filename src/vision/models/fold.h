// A faster forward pass: batch normalisation that stands behind a convolution becomes part of its weights.
#pragma once

#include "vision/models/models.h"

namespace hanok::vision {

/// Once a net is trained, norm(conv(x)) is one convolution: weight' = weight s, bias' = (bias - mean) s + beta, with s
/// = gamma / sqrt(var + epsilon). Folds every norm whose convolution feeds nothing else, and sets the net to evaluation
/// mode. It must not be trained or saved afterwards. Outputs differ by rounding: about 1e-6 of their size.
/// Returns how many norms are gone.
size_t fold_norms(Net& net, const ImageShape& input);

}  // namespace hanok::vision
