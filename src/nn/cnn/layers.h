// The layers of a net that runs, each with what it makes of a shape.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/cnn/convolution.h"

namespace hanok::nn {

/// Safe to run from several threads, each with its own workspace.
class Layer {
 public:
  virtual ~Layer() = default;
  virtual Shape out_shape() const = 0;
  virtual uint64_t multiply_adds() const { return 0; }
  /// Whether it reads so many weights for each picture that it should see many pictures at a time.
  virtual bool wants_many() const { return false; }
  /// Takes its input, which it may overwrite or give back.
  virtual Values run(Values in, Workspace& space) const = 0;
};
using Layers = std::vector<std::unique_ptr<Layer>>;

std::unique_ptr<Layer> convolution(Convolution conv);

/// The largest value of each field; what lies outside does not count. Throws Invalid where no field fits.
std::unique_ptr<Layer> max_pool(Shape in, size_t kernel, size_t stride, size_t padding = 0);
/// The mean of each kernel x kernel field, stride = kernel.
std::unique_ptr<Layer> average_pool(Shape in, size_t kernel);
/// Means that give height x width: field i reaches from floor(i * in / out) to ceil((i + 1) * in / out).
std::unique_ptr<Layer> adaptive_average_pool(Shape in, size_t height, size_t width);

std::unique_ptr<Layer> activation(Shape in, math::Activation kind);

/// Fully connected, of all values of a picture: weight NAME.weight [out, in] whose columns go by channel, row, column
/// as PyTorch flattens, and NAME.bias where there is one. The result is 1 x 1 x out.
std::unique_ptr<Layer> linear(const Weights& weights, const std::string& name, Shape in,
                              math::Activation activation = math::Activation::None);

/// relu(body(x) + x), or + shortcut(x). `last` is the convolution that ends the body, with its batch norm folded; its
/// activation is the relu.
struct ResidualParts {
  std::vector<Convolution> body;
  std::unique_ptr<Convolution> shortcut;
};
std::unique_ptr<Layer> residual(ResidualParts parts);

}  // namespace hanok::nn
