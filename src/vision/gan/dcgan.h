// DCGAN. Radford, Metz, Chintala 2015, "Unsupervised Representation Learning with Deep Convolutional Generative
// Adversarial Networks", as PyTorch's examples have it: names are those of torch.nn.Sequential there, so the weights of
// one load in the other.
//
//   generator      z [B, latent, 1, 1]    transposed conv 4@4x4, norm, relu           [B, 8 w, 4, 4]
//                                         three (two) times: double, norm, relu       [B, w, 32, 32]
//                                         transposed conv, tanh                       [B, C, 64, 64], in [-1, 1]
//   discriminator  the same backwards: convolutions of stride 2, leaky relu 0.2, norm in all but the first and last
//
// For pictures of 32 and 28 pixels one doubling is left out (the widest); 28 comes from 4 by 7 and 14, the first with a
// kernel of 3. 3,576,704 and 2,765,568 parameters for 64 pixels, 3 channels, latent 100 and width 64.
#pragma once

#include <memory>

#include "vision/models/layers.h"

namespace hanok::vision {

/// The transpose of a convolution, also called deconvolution: each input value adds its kernel to the output.
/// [N, in, H, W] -> [N, out, (H - 1) stride - 2 padding + kernel, same for W]; weight [in, out, kernel, kernel], no
/// bias. The weights are rounded to the type of x. Computed as the gradient of a convolution by its input, which it is:
/// libtorch 1.13 has a fast one of those, and a slow transposed convolution.
struct ConvTranspose : Layer {
  ConvTranspose(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding);
  Tensor forward(Tensor x) override;

  int64_t kernel, stride, padding;
  Tensor weight;
};

struct DcganShape {
  int64_t latent = 100, width = 64, channels = 3;  // latent: inputs of the generator, categories counted
  int64_t side = 64;                               // 28, 32 or 64
};

/// Throw Invalid for another side.
std::shared_ptr<Sequence> make_generator(const DcganShape& shape);
/// Gives logits [B, 1, 1, 1]: a sigmoid makes probabilities of being real of them.
std::shared_ptr<Sequence> make_discriminator(const DcganShape& shape);
/// Convolutions N(0, 0.02), norms N(1, 0.02) and 0; draws from torch's generator.
void initialise_dcgan(torch::nn::Module& net);

}  // namespace hanok::vision
