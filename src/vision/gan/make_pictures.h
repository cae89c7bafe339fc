// Between tensors and pictures, for the files of this folder that see libtorch.
#pragma once

#include <vector>

#include "vision/gan/dcgan.h"
#include "vision/gan/gan_run.h"
#include "vision/gan/judge.h"

namespace hanok::vision {

DcganShape shape_of(const GanRun& run);
/// What the generator, set to evaluation mode, makes of z [n, latent], categories counted. Throws Invalid for no whole
/// vectors.
MadePictures make_pictures(Layer& generator, size_t latent, const std::vector<float>& z);

}  // namespace hanok::vision
