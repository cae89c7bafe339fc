// Pictures of data sets and batches, to be looked at. No libtorch.
#pragma once

#include "hanok/image.h"
#include "vision/data/augment.h"
#include "vision/data/pictures.h"

namespace hanok::vision {

/// The i-th picture of a data set; of other than 1 or 3 channels, the first.
image::Image picture_of(const Pictures& pictures, size_t i);
/// What the net sees in the i-th place of a batch, before normalisation.
image::Image picture_of(const Batch& batch, const DataSet& set, size_t i);

}  // namespace hanok::vision
