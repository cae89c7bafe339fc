// The building blocks of the models, each one equation. Weights have the names and shapes of PyTorch's modules, so a
// model's parameters are named as in torchvision.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hanok::vision {

using torch::Tensor;

/// What takes a batch and gives one: [N, C, H, W] or [N, C].
struct Layer : torch::nn::Module {
  virtual Tensor forward(Tensor x) = 0;
};

struct ConvOptions {
  int64_t kernel = 3, stride = 1, padding = 0, groups = 1;
  bool bias = true;
  bool shortcut = false;  // the projection beside a residual block
};
/// Convolution: y[n, o, i, j] = bias[o] + sum over c, u, v of weight[o, c, u, v] x[n, c, i stride + u - padding, j
/// stride
/// + v - padding], x being 0 outside.  [N, in, H, W] -> [N, out, (H + 2 padding - kernel) / stride + 1, same for W]
struct Conv : Layer {
  Conv(int64_t in, int64_t out, const ConvOptions& options = {});
  Tensor forward(Tensor x) override;

  ConvOptions options;
  Tensor weight;  // [out, in / groups, kernel, kernel]
  Tensor bias;    // [out]
};

/// Fully connected: y = x weight^T + bias.  [N, in] -> [N, out]
struct Linear : Layer {
  Linear(int64_t in, int64_t out);
  Tensor forward(Tensor x) override;

  Tensor weight;  // [out, in]
  Tensor bias;    // [out]
};

/// Batch normalisation (Ioffe and Szegedy 2015): y = weight (x - mean) / sqrt(var + 1e-5) + bias, by channel. While it
/// trains, mean and variance (biased) are the batch's, and the running ones follow: r += momentum (batch's - r), with
/// the unbiased variance. Afterwards they are the running ones.
struct BatchNorm : Layer {
  explicit BatchNorm(int64_t channels, double momentum = 0.1);
  Tensor forward(Tensor x) override;
  /// relu(forward(x) + shortcut), and without one relu(forward(x)): the same, in fewer passes while it trains.
  Tensor rectified(Tensor x, const Tensor& shortcut = {});

  Tensor weight, bias, running_mean, running_var;  // [channels]
  Tensor num_batches_tracked;                      // [], int64
  bool folded = false;                             // into the convolution before it (fold.h): forward gives x
  double momentum;
};

// Activations, element by element.
struct Relu : Layer {  // max(x, 0)
  Tensor forward(Tensor x) override;
};
struct LeakyRelu : Layer {  // x, or slope x below 0
  explicit LeakyRelu(double s) : slope(s) {}
  Tensor forward(Tensor x) override;
  double slope;
};
struct Sigmoid : Layer {  // 1 / (1 + e^-x)
  Tensor forward(Tensor x) override;
};
struct Tanh : Layer {
  Tensor forward(Tensor x) override;
};
struct Gelu : Layer {  // x Phi(x), Phi the normal distribution
  Tensor forward(Tensor x) override;
};

// Pools: the largest, or the mean, of each kernel x kernel field.
struct MaxPool : Layer {  // what lies outside counts as minus infinity
  MaxPool(int64_t k, int64_t s, int64_t p = 0) : kernel(k), stride(s), padding(p) {}
  Tensor forward(Tensor x) override;
  int64_t kernel, stride, padding;
};
struct AveragePool : Layer {
  explicit AveragePool(int64_t k) : kernel(k) {}  // stride = kernel
  Tensor forward(Tensor x) override;
  int64_t kernel;
};
/// Fields as large as needed to give size x size; they overlap, or repeat values, where that does not come out even.
struct AdaptiveAveragePool : Layer {
  explicit AdaptiveAveragePool(int64_t s) : size(s) {}
  Tensor forward(Tensor x) override;
  int64_t size;
};

struct Flatten : Layer {  // [N, C, H, W] -> [N, C H W]
  Tensor forward(Tensor x) override;
};

/// While it trains: each value is 0 with this probability, else divided by 1 - p, so the mean stays (Srivastava et al.
/// 2014). Afterwards: x.
struct Dropout : Layer {
  explicit Dropout(double probability) : p(probability) {}
  Tensor forward(Tensor x) override;
  double p;
};

/// One after another; the children's names are their numbers, as in torch.nn.Sequential.
struct Sequence : Layer {
  Sequence() = default;
  template <typename L, typename... Arguments>
  Sequence& add(Arguments&&... arguments) {
    return add(std::make_shared<L>(std::forward<Arguments>(arguments)...));
  }
  Sequence& add(std::shared_ptr<Layer> layer);
  Tensor forward(Tensor x) override;

  std::vector<std::shared_ptr<Layer>> layers;
};

// As functions, where they stand in an equation and have no name of their own.
Tensor rectified(const Tensor& x);
Tensor added(const Tensor& a, const Tensor& b);

// Initialisations. They draw from torch's generator: torch::manual_seed makes them the same again.

/// PyTorch's default for Conv and Linear: weight and bias uniform in +-1 / sqrt(fan_in). What the layers' constructors
/// do, unless `WithoutInitialisation` lives.
void initialise_uniform(Tensor& weight, Tensor& bias);
/// He et al. 2015 (Delving deep), for relu: normal with variance 2 / fan_out, fan_out = out kernel^2.
void initialise_he(Tensor& weight);

/// While one lives on this thread, new layers leave their weights as the allocator gave them, untouched: for models
/// whose weights are read from a file, or only counted. (VGG-16's 138 million numbers take a second to draw.)
class WithoutInitialisation {
 public:
  WithoutInitialisation();
  ~WithoutInitialisation();
  WithoutInitialisation(const WithoutInitialisation&) = delete;
  static bool holds();

 private:
  bool before_;
};

}  // namespace hanok::vision
