// A faster forward pass: batch normalisation that stands behind a convolution becomes part of its weights, and weights
// are rounded to what products are computed in.
#pragma once

#include "vision/models/models.h"

namespace hanok::vision {

/// Once a net is trained, norm(conv(x)) is one convolution: weight' = weight s, bias' = (bias - mean) s + beta, with s
/// = gamma / sqrt(var + epsilon). Folds every norm whose convolution feeds nothing else, and sets the net to evaluation
/// mode. It must not be trained or saved afterwards. Outputs differ by rounding: about 1e-6 of their size.
/// Returns how many norms are gone.
size_t fold_norms(Net& net, const ImageShape& input);

/// Rounds the weights of convolutions and linear layers to bfloat16, once and for all: under train::Autocast every pass
/// else rounds them anew, which is half the time of AlexNet's for a few pictures. The outputs are the same bit for bit.
/// The net computes under Autocast only from then on, and must not be trained or saved.
void round_weights(Net& net);

}  // namespace hanok::vision
