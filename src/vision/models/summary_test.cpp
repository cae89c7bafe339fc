#include "vision/models/summary.h"

#include <gtest/gtest.h>

#include <map>

namespace hanok::vision {
namespace {

ModelFigures of(const std::string& name, int classes, bool small = false) {
  const ImageShape input = small ? ImageShape{3, 32, 32} : model_kind(name).input;
  return figures({.name = name, .classes = classes, .input = input, .small_input = small});
}

// Multiply-adds in thousand millions that torchvision lists beside its weights (a picture of 224x224, 1,000 classes).
TEST(Summary, MultiplyAddsAndLayersArePublishedOnes) {
  const std::map<std::string, std::pair<double, size_t>> published = {
      {"alexnet", {.714, 8}},      {"vgg16", {15.47, 16}},      {"vgg16_bn", {15.47, 16}}, {"vgg19", {19.632, 19}},
      {"vgg19_bn", {19.632, 19}},  {"resnet18", {1.814, 18}},   {"resnet34", {3.664, 34}}, {"resnet50", {4.089, 50}},
      {"resnet101", {7.801, 101}}, {"resnet152", {11.514, 152}}};
  for (const auto& [name, expected] : published) {
    const auto got = of(name, 1000);
    EXPECT_NEAR(static_cast<double>(got.multiply_adds) / 1e9, expected.first, .0006) << name;
    EXPECT_EQ(got.layers, expected.second) << name;
    EXPECT_EQ(got.activation, "relu");
    EXPECT_EQ(got.flops(), 2 * got.multiply_adds);
  }
}

TEST(Summary, ParametersArePublishedOnes) {
  const std::map<std::string, uint64_t> full = {
      {"alexnet", 61100840},   {"vgg16", 138357544},   {"vgg16_bn", 138365992}, {"vgg19", 143667240},
      {"vgg19_bn", 143678248}, {"resnet18", 11689512}, {"resnet34", 21797672},  {"resnet50", 25557032},
      {"resnet101", 44549160}, {"resnet152", 60192808}};
  for (const auto& [name, count] : full) EXPECT_EQ(of(name, 1000).parameters, count) << name;
  EXPECT_EQ(of("lenet", 10).parameters, 61706u);
  EXPECT_EQ(of("lenet_relu", 10).parameters, 61706u);
  EXPECT_EQ(of("cnn", 10).parameters, 140458u);
  EXPECT_EQ(of("resnet20", 10).parameters, 272474u);
  EXPECT_EQ(of("resnet20", 10).layers, 20u);
}

TEST(Summary, VariantsForSmallPictures) {
  const std::map<std::string, uint64_t> counts = {{"vgg16_bn", 14728266},  {"vgg19_bn", 20040522},
                                                  {"resnet18", 11173962},  {"resnet50", 23520842},
                                                  {"resnet101", 42512970}, {"resnet152", 58156618}};
  for (const auto& [name, count] : counts) EXPECT_EQ(of(name, 10, true).parameters, count) << name;
  EXPECT_EQ(of("alexnet", 10, true).rows.back().output, (std::vector<int64_t>{10}));
}

TEST(Summary, LeNetsTable) {
  const auto got = of("lenet", 10);
  EXPECT_EQ(got.filters, "5x5");
  EXPECT_EQ(got.activation, "tanh");
  EXPECT_EQ(got.layers, 5u);
  // 6 x 28 x 28 outputs of 25 products, 16 x 10 x 10 of 150, then the linear layers.
  EXPECT_EQ(got.multiply_adds, 6u * 784 * 25 + 16 * 100 * 150 + 400 * 120 + 120 * 84 + 84 * 10);
  EXPECT_EQ(got.rows[0].kind, "conv 5x5");
  EXPECT_EQ(got.rows[0].output, (std::vector<int64_t>{6, 28, 28}));
  EXPECT_EQ(got.rows[0].parameters, 156u);
  EXPECT_EQ(of("resnet50", 10).filters, "7x7 3x3 1x1");
}

}  // namespace
}  // namespace hanok::vision
