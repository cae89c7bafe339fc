#include "vision/models/models.h"

#include <gtest/gtest.h>

#include "hanok/error.h"

namespace hanok::vision {
namespace {

TEST(Models, LeNetHasThePublishedCount) {
  const auto net = make_model({.name = "lenet", .classes = 10, .input = {1, 28, 28}});
  EXPECT_EQ(count_parameters(*net), 61706);
  EXPECT_EQ(net->forward(torch::zeros({3, 1, 28, 28})).sizes(), (std::vector<int64_t>{3, 10}));
}

TEST(Models, UnknownNamesAndImpossibleOptionsAreRefused) {
  try {
    make_model({.name = "lenett"});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::NotFound);
    EXPECT_NE(std::string(e.what()).find("lenet"), std::string::npos);
  }
  EXPECT_THROW(make_model({.name = "lenet", .classes = 0}), Error);
  EXPECT_THROW(make_model({.name = "lenet", .input = {1, 8, 8}}), Error);
  EXPECT_THROW(make_model({.name = "vgg16_bn", .input = {3, 31, 31}, .small_input = true}), Error);
  try {
    make_model({.name = "alexnet", .input = {3, 32, 32}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Invalid);
    EXPECT_NE(std::string(e.what()).find("3x32x32"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("its variant for 32x32"), std::string::npos) << e.what();
  }
}

// Sizes and channels that no recipe has, odd batches, one class.
TEST(Models, EveryNetTakesOtherPictures) {
  const torch::NoGradGuard guard;
  for (const char* name : {"lenet", "lenet_relu", "cnn", "resnet20"})
    for (const ImageShape shape : {ImageShape{1, 28, 28}, ImageShape{3, 33, 41}, ImageShape{4, 20, 64}}) {
      const auto net = make_model({.name = name, .classes = 3, .input = shape});
      EXPECT_TRUE(net->is_training()) << name;
      const auto y = net->forward(torch::rand({5, shape.channels, shape.height, shape.width}));
      EXPECT_EQ(y.sizes(), (std::vector<int64_t>{5, 3})) << name;
    }
  const auto small = make_model({.name = "resnet18", .classes = 1, .input = {1, 28, 28}, .small_input = true});
  EXPECT_EQ(small->forward(torch::rand({3, 1, 28, 28})).sizes(), (std::vector<int64_t>{3, 1}));
}

}  // namespace
}  // namespace hanok::vision
