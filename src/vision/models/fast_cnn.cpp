// A net made to learn CIFAR-10 fast: the one of airbench94 (Jordan 2024, arXiv 2404.00498), after hlb-CIFAR10 and
// Page's DAWNBench net.
//
//   [B, 3, 32, 32]   whitening conv 24@2x2  gelu                                       [B, 24, 31, 31]
//   three times      conv 3x3  max 2x2  norm  gelu  conv 3x3  norm  gelu               [B, 64, 15, 15]  [B, 256, 7, 7]
//   [B, 256, 3, 3]
//                    max 3x3  linear 256-classes
//
// The first convolution is not learned: its filters are the directions in which 2x2 patches of the training pictures
// vary, each divided by how much (and once more with the other sign), so that what comes out varies alike everywhere.
// The other convolutions begin as the identity where they can, norms have no scale of their own, and their running
// figures follow fast (momentum 0.4). The last layer begins with weights of 1 / 256, and has no bias. 1,972,802
// parameters for three channels and ten classes, of which 288 + 1,152 + 10 stand still.
#include <cmath>

#include "hanok/error.h"
#include "vision/models/layers.h"
#include "vision/models/models.h"

namespace hanok::vision {
namespace {

constexpr int64_t kGroupWidths[] = {64, 256, 256};
constexpr int64_t kPatch = 2;
constexpr double kMomentum = 0.4;
constexpr double kLeastVariance = 5e-4;  // of a direction: below it noise would be made loud
constexpr double kWhitenUntil =
    3.0 / 8;  // of the run: then the first bias stands still, and nothing below it is differentiated
constexpr int64_t kPicturesSeen = 5000;

// The first `in` outputs give their own input; the others stay as they are.
void start_as_identity(Tensor& weight) {
  const int64_t in = weight.size(1), centre = weight.size(2) / 2;
  weight.narrow(0, 0, in).zero_();
  weight.narrow(0, 0, in).select(3, centre).select(2, centre).fill_diagonal_(1);
}

struct Group : torch::nn::Module {
  Group(int64_t in, int64_t out) {
    const ConvOptions options{.kernel = 3, .padding = 1, .bias = false};
    conv1 = register_module("conv1", std::make_shared<Conv>(in, out, options));
    norm1 = register_module("norm1", std::make_shared<BatchNorm>(out, kMomentum));
    conv2 = register_module("conv2", std::make_shared<Conv>(out, out, options));
    norm2 = register_module("norm2", std::make_shared<BatchNorm>(out, kMomentum));
    for (const auto& norm : {norm1, norm2}) norm->weight.requires_grad_(false);
    if (WithoutInitialisation::holds()) return;
    const torch::NoGradGuard no_grad;
    for (const auto& conv : {conv1, conv2}) start_as_identity(conv->weight);
  }
  Tensor forward(Tensor x) {
    x = norm1->forward(pool.forward(conv1->forward(x)));
    x = norm2->forward(conv2->forward(gelu.forward(x)));
    return gelu.forward(x);
  }
  std::shared_ptr<Conv> conv1, conv2;
  std::shared_ptr<BatchNorm> norm1, norm2;
  MaxPool pool{2, 2};
  Gelu gelu;
};

struct FastCnn : Net {
  explicit FastCnn(const ModelOptions& o) {
    const int64_t first = 2 * o.input.channels * kPatch * kPatch;
    whiten = register_module("whiten", std::make_shared<Conv>(o.input.channels, first, ConvOptions{.kernel = kPatch}));
    whiten->weight.requires_grad_(false);
    int64_t in = first;
    for (size_t i = 0; i < std::size(kGroupWidths); ++i) {
      groups.push_back(register_module("group" + std::to_string(i + 1), std::make_shared<Group>(in, kGroupWidths[i])));
      in = kGroupWidths[i];
    }
    head = register_module("head", std::make_shared<Linear>(in, o.classes));
    head->bias.requires_grad_(false);
    if (WithoutInitialisation::holds()) return;
    const torch::NoGradGuard no_grad;
    head->bias.zero_();
    head->weight.mul_(1 / (head->weight.std() * static_cast<double>(in)));
  }

  Tensor forward(Tensor x) override {
    x = gelu.forward(whiten->forward(x));
    for (const auto& group : groups) x = group->forward(x);
    x = pool.forward(x);
    return head->forward(flatten.forward(x));
  }

  void see(const Tensor& pictures) override {
    const torch::NoGradGuard no_grad;
    const Tensor some = pictures.narrow(0, 0, std::min<int64_t>(pictures.size(0), kPicturesSeen)).contiguous();
    const Tensor patches = some.unfold(2, kPatch, 1)
                               .unfold(3, kPatch, 1)
                               .permute({0, 2, 3, 1, 4, 5})
                               .reshape({-1, some.size(1) * kPatch * kPatch});
    const Tensor covariance = patches.t().mm(patches) / patches.size(0);
    const auto [values, directions] = torch::linalg_eigh(covariance, "U");
    const Tensor filters =
        (directions / (values + kLeastVariance).sqrt()).t().reshape({-1, some.size(1), kPatch, kPatch});
    whiten->weight.copy_(torch::cat({filters, -filters}));
  }
  double learns_until(const std::string& parameter) const override {
    return parameter == "whiten.bias" ? kWhitenUntil : 1;
  }

  std::shared_ptr<Conv> whiten;
  std::vector<std::shared_ptr<Group>> groups;
  std::shared_ptr<Linear> head;
  MaxPool pool{3, 3};
  Gelu gelu;
  Flatten flatten;
};

}  // namespace

std::shared_ptr<Net> make_fast_cnn(const ModelOptions& options) { return std::make_shared<FastCnn>(options); }

}  // namespace hanok::vision
