#include "vision/gan/dcgan.h"

#include <torch/csrc/autograd/custom_function.h>

#include "hanok/error.h"

namespace hanok::vision {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// y = the gradient that conv2d(y', weight) of shape x would give y' where x came back.
struct Transposed : torch::autograd::Function<Transposed> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, int64_t stride,
                        int64_t padding) {
    context->save_for_backward({x, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    const auto side = [&](int64_t n) { return (n - 1) * stride - 2 * padding + weight.size(2); };
    const Tensor shape = at::empty({x.size(0), weight.size(1), side(x.size(2)), side(x.size(3))}, x.options(),
                                   x.suggest_memory_format());
    return std::get<0>(backwards(x, shape, weight, stride, padding, {true, false, false}));
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &gradient = gradients[0];
    const int64_t stride = context->saved_data["stride"].toInt(), padding = context->saved_data["padding"].toInt();
    Tensor of_x, of_weight;
    if (context->needs_input_grad(0)) of_x = at::conv2d(gradient, weight, {}, stride, padding);
    if (context->needs_input_grad(1))
      of_weight = std::get<1>(backwards(x, gradient, weight, stride, padding, {false, true, false}));
    return {of_x, of_weight, Tensor(), Tensor()};
  }
  static std::tuple<Tensor, Tensor, Tensor> backwards(const Tensor& of_output, const Tensor& input,
                                                      const Tensor& weight, int64_t stride, int64_t padding,
                                                      std::array<bool, 3> wanted) {
    const std::vector<int64_t> s{stride, stride}, p{padding, padding}, one{1, 1}, zero{0, 0};
    return at::convolution_backward(of_output, input, weight, c10::nullopt, s, p, one, false, zero, 1, wanted);
  }
};

// Widths and kernels of the layers between a 1x1 and the picture, from the smallest map on.
struct Stage {
  int64_t channels, kernel, stride, padding;
};

std::vector<Stage> stages(const DcganShape& shape) {
  const int64_t w = shape.width, c = shape.channels;
  switch (shape.side) {
    case 64:
      return {{8 * w, 4, 1, 0}, {4 * w, 4, 2, 1}, {2 * w, 4, 2, 1}, {w, 4, 2, 1}, {c, 4, 2, 1}};
    case 32:
      return {{4 * w, 4, 1, 0}, {2 * w, 4, 2, 1}, {w, 4, 2, 1}, {c, 4, 2, 1}};
    case 28:
      return {{4 * w, 4, 1, 0}, {2 * w, 3, 2, 1}, {w, 4, 2, 1}, {c, 4, 2, 1}};
    default:
      throw Error(Code::Invalid, "a DCGAN makes pictures of 28, 32 or 64 pixels, not of " + std::to_string(shape.side));
  }
}

}  // namespace

ConvTranspose::ConvTranspose(int64_t in, int64_t out, int64_t k, int64_t s, int64_t p)
    : kernel(k), stride(s), padding(p) {
  weight = register_parameter("weight", torch::empty({in, out, k, k}));
  Tensor none;
  initialise_uniform(weight, none);
}

Tensor ConvTranspose::forward(Tensor x) { return Transposed::apply(x, weight.to(x.scalar_type()), stride, padding); }

std::shared_ptr<Sequence> make_generator(const DcganShape& shape) {
  auto net = std::make_shared<Sequence>();
  const auto list = stages(shape);
  int64_t in = shape.latent;
  for (size_t i = 0; i < list.size(); ++i) {
    const Stage& s = list[i];
    net->add<ConvTranspose>(in, s.channels, s.kernel, s.stride, s.padding);
    if (i + 1 < list.size())
      net->add<BatchNorm>(s.channels).add<Relu>();
    else
      net->add<Tanh>();
    in = s.channels;
  }
  return net;
}

std::shared_ptr<Sequence> make_discriminator(const DcganShape& shape) {
  auto net = std::make_shared<Sequence>();
  const auto list = stages(shape);
  for (size_t i = list.size(); i-- > 0;) {
    const Stage& s = list[i];
    const int64_t out = i > 0 ? list[i - 1].channels : 1;
    net->add<Conv>(s.channels, out,
                   ConvOptions{.kernel = s.kernel, .stride = s.stride, .padding = s.padding, .bias = false});
    if (i == 0) break;
    if (i + 1 < list.size()) net->add<BatchNorm>(out);
    net->add<LeakyRelu>(0.2);
  }
  return net;
}

void initialise_dcgan(torch::nn::Module& net) {
  constexpr double kDeviation = 0.02;
  const torch::NoGradGuard no_grad;
  for (auto& p : net.named_parameters()) {
    if (p.value().dim() == 4)
      p.value().normal_(0, kDeviation);
    else if (p.key().ends_with("weight"))
      p.value().normal_(1, kDeviation);
    else
      p.value().zero_();
  }
}

}  // namespace hanok::vision
