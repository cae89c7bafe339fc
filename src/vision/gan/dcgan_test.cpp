#include "vision/gan/dcgan.h"

#include <gtest/gtest.h>

#include "hanok/error.h"
#include "vision/models/models.h"
#include "vision/models/rule_weights.h"
#include "vision/test_data.h"

namespace hanok::vision {
namespace {

Tensor numbers(std::vector<int64_t> shape, int seed) {
  torch::manual_seed(seed);
  return torch::randn(shape, torch::kDouble);
}

// libtorch's own transposed convolution, and the gradients that it gives, in double.
TEST(ConvTranspose, EqualsLibtorchWithItsGradients) {
  for (const auto& [kernel, stride, padding] :
       std::vector<std::array<int64_t, 3>>{{4, 1, 0}, {4, 2, 1}, {3, 2, 1}, {5, 3, 2}}) {
    ConvTranspose layer(3, 2, kernel, stride, padding);
    layer.to(torch::kDouble);
    const Tensor x = numbers({2, 3, 4, 5}, 1).requires_grad_(), same_x = x.detach().clone().requires_grad_();
    const Tensor same_weight = layer.weight.detach().clone().requires_grad_();
    const Tensor y = layer.forward(x), expected = at::conv_transpose2d(same_x, same_weight, {}, stride, padding);
    ASSERT_EQ(y.sizes(), expected.sizes());
    EXPECT_TRUE(torch::allclose(y, expected, 1e-10, 1e-10));
    const Tensor gradient = numbers(y.sizes().vec(), 2);
    y.backward(gradient);
    expected.backward(gradient);
    EXPECT_TRUE(torch::allclose(x.grad(), same_x.grad(), 1e-10, 1e-10)) << kernel << stride << padding;
    EXPECT_TRUE(torch::allclose(layer.weight.grad(), same_weight.grad(), 1e-10, 1e-10)) << kernel << stride << padding;
  }
}

TEST(Dcgan, SizesAndParameters) {
  for (const int64_t side : {28, 32, 64}) {
    const DcganShape shape{.latent = 7, .width = 4, .channels = 2, .side = side};
    const auto generator = make_generator(shape), discriminator = make_discriminator(shape);
    const Tensor made = generator->forward(torch::randn({3, 7, 1, 1}));
    EXPECT_EQ(made.sizes(), (std::vector<int64_t>{3, 2, side, side}));
    EXPECT_LE(made.abs().max().item<float>(), 1.0f);
    EXPECT_EQ(discriminator->forward(made).sizes(), (std::vector<int64_t>{3, 1, 1, 1}));
  }
  EXPECT_EQ(count_parameters(*make_generator({})), 3576704);
  EXPECT_EQ(count_parameters(*make_discriminator({})), 2765568);
  EXPECT_EQ(count_parameters(*make_generator({.latent = 64, .width = 32, .channels = 1})), 951744);
  EXPECT_EQ(count_parameters(*make_discriminator({.latent = 64, .width = 32, .channels = 1})), 693632);
  EXPECT_THROW(make_generator({.side = 30}), Error);
}

void compare(const std::string& name, Sequence& net, bool probability) {
  if (!std::filesystem::exists(golden("forward/expected.json"))) GTEST_SKIP() << "no reference values here";
  const auto expected = read_json(golden("forward/expected.json"));
  const auto offset = expected.at("rule_offset").get<uint64_t>();
  const auto& wanted = expected.at("nets").at(name);
  fill_by_rule(net, offset);
  net.eval();
  const torch::NoGradGuard guard;
  Tensor y = net.forward(rule_input(wanted.at("input").get<std::vector<int64_t>>(), offset));
  if (probability) y = y.sigmoid();
  ASSERT_EQ(y.sizes().vec(), wanted.at("output_shape").get<std::vector<int64_t>>());
  y = y.flatten();
  const double tolerance = 1e-4 * wanted.at("spread").get<double>() + 1e-5;
  const bool some = wanted.contains("output_every_97th");
  const auto values = wanted.at(some ? "output_every_97th" : "output").get<std::vector<float>>();
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(y[static_cast<int64_t>(some ? 97 * i : i)].item<float>(), values[i], tolerance) << name << " " << i;
}

TEST(Dcgan, GeneratorEqualsPyTorch) { compare("dcgan_generator", *make_generator({}), false); }
TEST(Dcgan, DiscriminatorEqualsPyTorch) { compare("dcgan_discriminator", *make_discriminator({}), true); }

TEST(Dcgan, BeginsAsThePaperSays) {
  torch::manual_seed(3);
  const auto net = make_generator({.latent = 100, .width = 32});
  initialise_dcgan(*net);
  for (const auto& p : net->named_parameters()) {
    const double mean = p.value().mean().item<double>(), deviation = p.value().std().item<double>();
    const bool norm = p.value().dim() == 1, gain = norm && p.key().ends_with("weight");
    EXPECT_NEAR(mean, gain ? 1 : 0, 0.01) << p.key();
    if (!norm || gain) {
      EXPECT_NEAR(deviation, 0.02, 0.006) << p.key();
    }
  }
}

}  // namespace
}  // namespace hanok::vision
