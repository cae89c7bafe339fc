#include "vision/metrics/probabilities.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hanok/error.h"
#include "nn/weights.h"
#include "vision/test_data.h"

namespace hanok::vision {
namespace {

constexpr double kEqual = 1e-9;

TEST(Probabilities, EqualScikitLearn) {
  if (!std::filesystem::exists(golden("metrics"))) GTEST_SKIP() << "no " << golden("metrics");
  const auto expected = read_json(golden("metrics/expected.json"));
  const auto truth = expected["y_true"].get<std::vector<uint32_t>>();
  const auto weights = nn::Weights::open_file(golden("metrics/scores.safetensors"));
  const auto p = softmax(nn::read_floats(*weights.find("scores")), expected["classes"]);
  EXPECT_EQ(most_probable(p), expected["y_pred"].get<std::vector<uint32_t>>());
  for (const auto& [k, value] : expected["top_k"].items())
    EXPECT_NEAR(top_k_accuracy(p, truth, std::stoul(k)), value.get<double>(), kEqual) << k;
  EXPECT_NEAR(log_loss(p, truth), expected["log_loss"].get<double>(), kEqual);
  EXPECT_NEAR(expected_calibration_error(calibration(p, truth)), expected["ece_15_bins"].get<double>(), kEqual);
  EXPECT_NEAR(roc_auc(p, truth, 0), expected["roc_auc_class0"].get<double>(), kEqual);
  EXPECT_NEAR(average_precision(p, truth, 0), expected["average_precision_class0"].get<double>(), kEqual);
}

TEST(Probabilities, SoftmaxOfLargeNumbers) {
  const auto p = softmax(std::vector<float>{1000, 1000, -1000, 3e38f, 0, -3e38f}, 3);
  EXPECT_DOUBLE_EQ(p.row(0)[0], .5);
  EXPECT_DOUBLE_EQ(p.row(0)[2], 0);
  EXPECT_DOUBLE_EQ(p.row(1)[0], 1);
  EXPECT_NEAR(log_loss(p, std::vector<uint32_t>{2, 0}), 708.396 / 2, .01) << "a class that was ruled out";
}

TEST(Probabilities, EqualOnesAreRankedByClass) {
  const auto p = softmax(std::vector<float>{1, 1, 1, 1}, 4);
  EXPECT_EQ(most_probable(p), std::vector<uint32_t>{0});
  EXPECT_DOUBLE_EQ(top_k_accuracy(p, std::vector<uint32_t>{2}, 2), 0);
  EXPECT_DOUBLE_EQ(top_k_accuracy(p, std::vector<uint32_t>{2}, 3), 1);
}

TEST(Probabilities, CalibrationByHand) {
  // Two rows at confidence .6, one of them right; one at 1, right.
  const Probabilities p{2, {.6, .4, .4, .6, 1, 0}};
  const auto bins = calibration(p, std::vector<uint32_t>{0, 0, 0}, 10);
  EXPECT_EQ(bins[5].count, 2u) << "(.5, .6]";
  EXPECT_EQ(bins[9].count, 1u);
  EXPECT_DOUBLE_EQ(bins[5].accuracy, .5);
  EXPECT_NEAR(expected_calibration_error(bins), (2 * .1 + 0) / 3, 1e-12);
}

TEST(Probabilities, RankingByHand) {
  const std::vector<double> score{.9, .8, .8, .1};
  const std::vector<bool> member{true, true, false, false};
  EXPECT_DOUBLE_EQ(roc_auc(score, member), 3.5 / 4);
  EXPECT_DOUBLE_EQ(average_precision(score, member), .5 * 1 + .5 * 2 / 3);
  EXPECT_DOUBLE_EQ(roc_auc(score, std::vector<bool>(4, true)), .5);
  EXPECT_DOUBLE_EQ(average_precision(score, std::vector<bool>(4, false)), 0);
}

TEST(Probabilities, BadInputIsNamed) {
  EXPECT_THROW(softmax(std::vector<float>{1, 2, 3}, 2), Error);
  EXPECT_THROW(softmax(std::vector<float>{1, 2}, 0), Error);
  EXPECT_THROW(softmax(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}, 2), Error);
  const auto p = softmax(std::vector<float>{1, 2}, 2);
  EXPECT_THROW(log_loss(p, std::vector<uint32_t>{2}), Error);
  EXPECT_THROW(log_loss(p, std::vector<uint32_t>{0, 1}), Error);
  EXPECT_THROW(calibration(p, std::vector<uint32_t>{0}, 0), Error);
}

}  // namespace
}  // namespace hanok::vision
