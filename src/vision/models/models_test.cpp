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
}

}  // namespace
}  // namespace hanok::vision
