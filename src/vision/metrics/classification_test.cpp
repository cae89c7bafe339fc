#include "vision/metrics/classification.h"

#include <gtest/gtest.h>

#include "hanok/error.h"
#include "vision/test_data.h"

namespace hanok::vision {
namespace {

constexpr double kEqual = 1e-9;

void expect_equal(const ClassScore& got, const base::Json& expected) {
  EXPECT_NEAR(got.precision, expected["precision"].get<double>(), kEqual);
  EXPECT_NEAR(got.recall, expected["recall"].get<double>(), kEqual);
  EXPECT_NEAR(got.f1, expected["f1"].get<double>(), kEqual);
}

TEST(Classification, EqualsScikitLearn) {
  if (!std::filesystem::exists(golden("metrics"))) GTEST_SKIP() << "no " << golden("metrics");
  const auto expected = read_json(golden("metrics/expected.json"));
  const auto counts = confusion(expected["y_true"].get<std::vector<uint32_t>>(),
                                expected["y_pred"].get<std::vector<uint32_t>>(), expected["classes"]);
  for (size_t t = 0; t < counts.classes; ++t)
    for (size_t p = 0; p < counts.classes; ++p)
      EXPECT_EQ(counts.at(t, p), expected["confusion_rows_true"][t][p].get<uint64_t>());
  const auto got = score(counts);
  EXPECT_NEAR(got.accuracy, expected["accuracy"].get<double>(), kEqual);
  EXPECT_NEAR(got.balanced_accuracy, expected["balanced_accuracy"].get<double>(), kEqual);
  EXPECT_NEAR(got.kappa, expected["cohen_kappa"].get<double>(), kEqual);
  EXPECT_NEAR(got.matthews, expected["matthews"].get<double>(), kEqual);
  expect_equal(got.macro, expected["macro"]);
  expect_equal(got.micro, expected["micro"]);
  expect_equal(got.weighted, expected["weighted"]);
  const auto& per_class = expected["per_class"];
  for (size_t c = 0; c < counts.classes; ++c) {
    expect_equal(
        got.per_class[c],
        {{"precision", per_class["precision"][c]}, {"recall", per_class["recall"][c]}, {"f1", per_class["f1"][c]}});
    EXPECT_EQ(counts.of_truth(c), per_class["support"][c].get<uint64_t>());
  }
}

TEST(Classification, ByHand) {
  // Three of class 0, one of class 1; class 2 neither occurs nor is predicted.
  const auto counts = confusion(std::vector<uint32_t>{0, 0, 0, 1}, std::vector<uint32_t>{0, 0, 1, 1}, 3);
  EXPECT_EQ(counts.at(0, 1), 1u);
  const auto got = score(counts);
  EXPECT_DOUBLE_EQ(got.accuracy, .75);
  EXPECT_DOUBLE_EQ(got.per_class[0].precision, 1);
  EXPECT_DOUBLE_EQ(got.per_class[0].recall, 2. / 3);
  EXPECT_DOUBLE_EQ(got.per_class[1].precision, .5);
  EXPECT_DOUBLE_EQ(got.per_class[1].f1, 2. / 3);
  EXPECT_DOUBLE_EQ(got.per_class[2].f1, 0);
  EXPECT_DOUBLE_EQ(got.balanced_accuracy, (2. / 3 + 1) / 2);
  EXPECT_DOUBLE_EQ(got.kappa, .5);  // (3/4 - 1/2) / (1 - 1/2)
  EXPECT_NEAR(got.matthews, 1 / std::sqrt(3.), 1e-15);
}

TEST(Classification, OneClassAloneIsAllRight) {
  const auto got = score(confusion(std::vector<uint32_t>{1, 1}, std::vector<uint32_t>{1, 1}, 2));
  EXPECT_DOUBLE_EQ(got.accuracy, 1);
  EXPECT_DOUBLE_EQ(got.balanced_accuracy, 1);
  EXPECT_DOUBLE_EQ(got.kappa, 0) << "agreement that chance would give as well";
}

TEST(Classification, BadInputIsNamed) {
  EXPECT_THROW(confusion(std::vector<uint32_t>{0}, std::vector<uint32_t>{}, 2), Error);
  EXPECT_THROW(score(Confusion{2, std::vector<uint64_t>(4)}), Error);
  try {
    confusion(std::vector<uint32_t>{0, 1, 2}, std::vector<uint32_t>{0, 1, 1}, 2);
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("entry 2 is class 2, there are 2"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace hanok::vision
