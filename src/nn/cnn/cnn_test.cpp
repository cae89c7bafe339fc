#include "nn/cnn/cnn.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <deque>
#include <functional>

#include "base/json.h"
#include "base/random.h"
#include "base/threads.h"
#include "hanok/error.h"

namespace hanok::nn {
namespace {

using base::fs::path;

// Weights that lie nowhere in a file: tensors over floats that a rule writes.
class MadeUp {
 public:
  void add(const std::string& name, std::vector<size_t> shape, const std::function<float(size_t)>& value) {
    size_t n = 1;
    for (const size_t d : shape) n *= d;
    auto& floats = kept_.emplace_back(n);
    for (size_t i = 0; i < n; ++i) floats[i] = value(i);
    tensors_.push_back(
        {.name = name, .type = DType::F32, .shape = std::move(shape), .bytes = std::as_bytes(std::span(floats))});
  }
  /// Views into this object.
  Weights weights() const { return Weights::of("made up", base::MappedFile(), tensors_); }

 private:
  std::deque<std::vector<float>> kept_;
  std::vector<Tensor> tensors_;
};

float noise(uint64_t seed, size_t i) {
  base::Random random(seed * 1000003 + i);
  return static_cast<float>(random.normal());
}

Values values_of(size_t count, Shape shape, uint64_t seed) {
  Values out{count, shape};
  out.data.reserve(out.size());
  for (size_t i = 0; i < out.size(); ++i) out.data.data()[i] = noise(seed, i);
  return out;
}

struct Case {
  Shape in;
  size_t out, kernel_height, kernel_width, stride, padding;
  bool bias, norm;
};

// The definition, in double.
void check_convolution(const Case& c) {
  MadeUp made;
  made.add("c.weight", {c.out, c.in.channels, c.kernel_height, c.kernel_width}, [](size_t i) { return noise(1, i); });
  if (c.bias) made.add("c.bias", {c.out}, [](size_t i) { return noise(2, i); });
  if (c.norm) {
    made.add("n.weight", {c.out}, [](size_t i) { return noise(3, i); });
    made.add("n.bias", {c.out}, [](size_t i) { return noise(4, i); });
    made.add("n.running_mean", {c.out}, [](size_t i) { return noise(5, i); });
    made.add("n.running_var", {c.out}, [](size_t i) { return std::fabs(noise(6, i)) + 0.1f; });
  }
  const Convolution conv(made.weights(), "c", c.in,
                         {.stride = c.stride, .padding = c.padding, .norm = c.norm ? "n" : ""});
  const Values x = values_of(3, c.in, 7);
  Values y{3, conv.out_shape()};
  std::fill_n(y.data.reserve(y.size()), y.size(), 0.5f);
  conv.run(x, y, true);
  size_t at = 0;
  for (size_t n = 0; n < 3; ++n)
    for (size_t i = 0; i < y.shape.height; ++i)
      for (size_t j = 0; j < y.shape.width; ++j)
        for (size_t o = 0; o < c.out; ++o, ++at) {
          double sum = c.bias ? noise(2, o) : 0;
          for (size_t u = 0; u < c.kernel_height; ++u)
            for (size_t v = 0; v < c.kernel_width; ++v) {
              const size_t row = i * c.stride + u - c.padding, column = j * c.stride + v - c.padding;
              if (row >= c.in.height || column >= c.in.width) continue;  // below 0 is huge
              for (size_t k = 0; k < c.in.channels; ++k)
                sum += static_cast<double>(
                           noise(1, ((o * c.in.channels + k) * c.kernel_height + u) * c.kernel_width + v)) *
                       x.picture(n)[(row * c.in.width + column) * c.in.channels + k];
            }
          if (c.norm)
            sum = (sum - noise(5, o)) / std::sqrt(std::fabs(noise(6, o)) + 0.1 + 1e-5) * noise(3, o) + noise(4, o);
          ASSERT_NEAR(y.data.data()[at], sum + 0.5, 1e-5 * (1 + std::fabs(sum)) + 2e-5)
              << "picture " << n << " at " << i << ", " << j << " channel " << o;
        }
}

TEST(Convolution, EqualsTheDefinition) {
  check_convolution({{7, 6, 3}, 5, 3, 3, 1, 1, true, false});
  check_convolution({{7, 6, 3}, 5, 3, 3, 2, 1, false, true});
  check_convolution({{7, 6, 3}, 5, 3, 3, 1, 0, true, true});
  check_convolution({{9, 11, 4}, 33, 1, 1, 1, 0, false, false});  // the input is the matrix
  check_convolution({{9, 11, 4}, 7, 1, 1, 2, 0, false, true});
  check_convolution({{13, 14, 2}, 6, 5, 3, 3, 2, true, false});
  check_convolution({{2, 2, 1}, 4, 7, 7, 2, 3, false, false});    // the window is wider than the input
  check_convolution({{5, 5, 130}, 20, 3, 3, 1, 1, true, false});  // several blocks of depth
}

TEST(Convolution, WindowThatFitsNowhereIsRefused) {
  MadeUp made;
  made.add("c.weight", {1, 1, 5, 5}, [](size_t) { return 1.0f; });
  EXPECT_THROW(Convolution(made.weights(), "c", {4, 4, 1}, {}), Error);
  EXPECT_THROW(Convolution(made.weights(), "c", {8, 8, 2}, {}), Error) << "two channels for weights of one";
  EXPECT_THROW(Convolution(made.weights(), "d", {8, 8, 1}, {}), Error);
}

TEST(Cnn, ANetWithoutClassesIsRefused) {
  MadeUp made;
  made.add("features.0.weight", {2, 1, 3, 3}, [](size_t) { return 1.0f; });
  made.add("fc.weight", {0, 2}, [](size_t) { return 1.0f; });
  EXPECT_THROW(Cnn(made.weights(), {.model = "cnn", .channels = 1, .height = 8, .width = 8, .mean = {0}, .std = {1}}),
               Error);
}

TEST(Cnn, AMissingRunSaysWhatWasExpected) {
  for (const std::string& name : {std::string("no/such/run"), std::string(300, 'x')}) {
    try {
      Cnn::open(name);
      ADD_FAILURE() << name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::NotFound);
      EXPECT_NE(std::string(e.what()).find("hanok vision train"), std::string::npos) << e.what();
    }
  }
}

std::vector<float> run_layer(const std::unique_ptr<Layer>& layer, Shape in, std::vector<float> x) {
  Values values{1, in};
  std::copy(x.begin(), x.end(), values.data.reserve(x.size()));
  Workspace space;
  const Values out = layer->run(std::move(values), space);
  EXPECT_EQ(out.shape, layer->out_shape());
  return {out.data.data(), out.data.data() + out.size()};
}

TEST(Pool, LargestMeanAndAdaptive) {
  const std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8, -9};  // 3 x 3
  EXPECT_EQ(run_layer(max_pool({3, 3, 1}, 2, 1), {3, 3, 1}, x), (std::vector<float>{5, 6, 8, 8}));
  EXPECT_EQ(run_layer(max_pool({3, 3, 1}, 3, 2, 1), {3, 3, 1}, x), (std::vector<float>{5, 6, 8, 8}));
  EXPECT_EQ(run_layer(max_pool({1, 1, 1}, 3, 2, 1), {1, 1, 1}, {-4}), (std::vector<float>{-4}))
      << "outside counts as nothing, not as 0";
  EXPECT_EQ(run_layer(average_pool({3, 3, 1}, 2), {3, 3, 1}, x), (std::vector<float>{3}));
  EXPECT_EQ(run_layer(adaptive_average_pool({3, 3, 1}, 2, 2), {3, 3, 1}, x), (std::vector<float>{3, 4, 6, 2.5f}));
  EXPECT_EQ(run_layer(adaptive_average_pool({1, 2, 2}, 2, 4), {1, 2, 2}, {1, 2, 3, 4}),
            (std::vector<float>{1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4}))
      << "fewer pixels than asked for are repeated";
  EXPECT_THROW(max_pool({1, 1, 1}, 2, 2), Error);
}

// ---- whole nets, with weights by the rule of the reference values (HANOK_TEST_DATA, or shared/data beside the source)

path golden(const std::string& name) {
  const char* given = std::getenv("HANOK_TEST_DATA");
  return (given ? path(given) : path(HANOK_SOURCE_DIR) / "../shared/data") / "golden/vision" / name;
}

class Rule {
 public:
  explicit Rule(uint64_t offset) : offset_(offset) {}
  float unit(uint64_t i, uint64_t layer) const {
    auto x = static_cast<uint32_t>(i * 2654435761u + layer * 40503u + offset_);
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    x ^= x >> 16;
    return static_cast<float>(static_cast<double>(x >> 8) / 8388608.0 - 1.0);
  }
  // The k-th tensor of a state_dict. deep: the net's blocks have three convolutions.
  void add(MadeUp& to, const std::string& name, const std::vector<size_t>& shape, size_t k, bool deep) const {
    const auto u = [this, k](size_t i) { return unit(i, k); };
    const bool last_norm =
        name.find(".bn3.") != std::string::npos || (!deep && name.find(".bn2.") != std::string::npos);
    if (name.ends_with("num_batches_tracked")) return;
    if (name.ends_with("running_mean")) return to.add(name, shape, [u](size_t i) { return 0.1f * u(i); });
    if (name.ends_with("running_var")) return to.add(name, shape, [u](size_t i) { return 0.25f * u(i) + 1; });
    if (shape.size() == 1 && name.ends_with("weight"))
      return to.add(name, shape,
                    [u, last_norm](size_t i) { return last_norm ? 0.0625f * u(i) + 0.2f : 0.25f * u(i) + 1; });
    if (shape.size() == 1) return to.add(name, shape, [u](size_t i) { return 0.1f * u(i); });
    size_t fan = 1;
    for (size_t d = 1; d < shape.size(); ++d) fan *= shape[d];
    const auto scale = static_cast<float>(std::sqrt(6.0 / static_cast<double>(fan)));
    to.add(name, shape, [u, scale](size_t i) { return u(i) * scale; });
  }

 private:
  uint64_t offset_;
};

class CnnGolden : public testing::TestWithParam<std::string> {};

TEST_P(CnnGolden, LogitsEqualPyTorch) {
  if (!base::fs::exists(golden("forward/expected.json"))) GTEST_SKIP() << golden("forward") << " is not here";
  const std::string name = GetParam();
  const auto expected = base::parse_json(base::read_file(golden("forward/expected.json")), "expected.json");
  const auto shapes = base::parse_json(base::read_file(golden("shapes/state_dicts.json")), "state_dicts.json");
  const Rule rule(expected.at("rule_offset").get<uint64_t>());
  for (size_t i = 0; i < 8; ++i) ASSERT_EQ(rule.unit(i, 3), expected.at("hash_first8_of_layer_3")[i].get<float>());

  MadeUp made;
  const auto& state = shapes.at(name + "/10").at("state_dict");
  const bool deep = state.dump().find(".bn3.weight") != std::string::npos;
  for (size_t k = 0; k < state.size(); ++k)
    rule.add(made, state[k][0].get<std::string>(), state[k][1].get<std::vector<size_t>>(), k, deep);
  const auto& net = expected.at("nets").at(name);
  const auto input = net.at("input").get<std::vector<size_t>>();  // [N, C, H, W]
  const size_t channels = input[1], height = input[2], width = input[3];
  const Cnn cnn(made.weights(), {.model = name == "lenet5" ? "lenet" : name,
                                 .channels = channels,
                                 .height = height,
                                 .width = width,
                                 .mean = std::vector<float>(channels, 0.0f),
                                 .std = std::vector<float>(channels, 1.0f)});
  std::vector<float> x(2 * channels * height * width);
  size_t i = 0;
  for (size_t n = 0; n < 2; ++n)
    for (size_t c = 0; c < channels; ++c)
      for (size_t p = 0; p < height * width; ++p, ++i) x[(n * height * width + p) * channels + c] = rule.unit(i, 9999);
  const CnnResult result = cnn.run(x, 2);
  const auto wanted = net.at("output").get<std::vector<float>>();
  ASSERT_EQ(result.logits.size(), wanted.size());
  const double tolerance = 1e-4 * net.at("spread").get<double>() + 1e-5;
  for (size_t j = 0; j < wanted.size(); ++j) EXPECT_NEAR(result.logits[j], wanted[j], tolerance) << name << " " << j;
}

INSTANTIATE_TEST_SUITE_P(Nets, CnnGolden,
                         testing::Values("lenet5", "alexnet", "vgg16", "vgg19", "vgg16_bn", "resnet18", "resnet34",
                                         "resnet50", "resnet101", "resnet152"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace hanok::nn
