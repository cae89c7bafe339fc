#include "vision/metrics/frechet.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/random.h"
#include "hanok/error.h"
#include "nn/weights.h"
#include "vision/test_data.h"

namespace hanok::vision {
namespace {

std::vector<double> doubles(const nn::Weights& file, const std::string& name) {
  const nn::Tensor* t = file.find(name);
  EXPECT_TRUE(t && t->type == nn::DType::F64) << name;
  std::vector<double> out(t->count());
  std::memcpy(out.data(), t->bytes.data(), t->bytes.size());
  return out;
}

TEST(Frechet, EqualsScipy) {
  if (!std::filesystem::exists(golden("frechet"))) GTEST_SKIP() << "no " << golden("frechet");
  const auto expected = read_json(golden("frechet/expected.json"));
  const auto file = nn::Weights::open_file(golden("frechet/pairs.safetensors"));
  for (const auto& row : expected["cases"]) {
    const std::string n = std::to_string(row["case"].get<int>());
    const Gaussian a{doubles(file, n + ".mean1"), doubles(file, n + ".cov1")},
        b{doubles(file, n + ".mean2"), doubles(file, n + ".cov2")};
    const double distance = frechet_distance(a, b), want = row["frechet_sqrtm"];
    EXPECT_NEAR(distance, want, std::max(1e-6, 1e-6 * want)) << row.dump();
    EXPECT_GE(distance, 0);
    if (row["kind"] != "samples") continue;
    const auto samples = doubles(file, n + ".samples1");
    const auto fitted = fit_gaussian(std::vector<float>(samples.begin(), samples.end()), a.dim());
    for (size_t i = 0; i < a.covariance.size(); ++i) EXPECT_NEAR(fitted.covariance[i], a.covariance[i], 1e-5);
  }
}

TEST(Frechet, OfOneDimensionByHand) {
  // (m1 - m2)^2 + (s1 - s2)^2
  EXPECT_NEAR(frechet_distance({{1}, {4}}, {{3}, {9}}), 4 + 1, 1e-12);
  const auto fitted = fit_gaussian(std::vector<float>{1, 3}, 1);
  EXPECT_DOUBLE_EQ(fitted.mean[0], 2);
  EXPECT_DOUBLE_EQ(fitted.covariance[0], 2);
}

TEST(Frechet, EigenvectorsMakeTheMatrixAgain) {
  base::Random random(7);
  for (const size_t d : {1u, 2u, 3u, 17u, 60u}) {
    std::vector<double> a(d * d);
    for (size_t i = 0; i < d; ++i)
      for (size_t j = 0; j <= i; ++j) a[i * d + j] = a[j * d + i] = (i + j) % 5 == 0 ? 0 : random.normal();
    const auto e = symmetric_eigen(a, d);
    for (size_t i = 0; i + 1 < d; ++i) EXPECT_LE(e.values[i], e.values[i + 1]);
    for (size_t i = 0; i < d; ++i)
      for (size_t j = 0; j < d; ++j) {
        double again = 0, dot = 0;
        for (size_t k = 0; k < d; ++k) {
          again += e.values[k] * e.vectors[k * d + i] * e.vectors[k * d + j];
          dot += e.vectors[i * d + k] * e.vectors[j * d + k];
        }
        EXPECT_NEAR(again, a[i * d + j], 1e-12 * static_cast<double>(d)) << d;
        EXPECT_NEAR(dot, i == j, 1e-13 * static_cast<double>(d)) << d;
      }
  }
}

TEST(Frechet, BadInputIsNamed) {
  EXPECT_THROW(fit_gaussian(std::vector<float>{1, 2, 3}, 2), Error);
  EXPECT_THROW(fit_gaussian(std::vector<float>{1, 2}, 2), Error) << "one row has no covariance";
  EXPECT_THROW(fit_gaussian(std::vector<float>{1, NAN}, 1), Error);
  EXPECT_THROW(frechet_distance({{1}, {1}}, {{1, 2}, {1, 0, 0, 1}}), Error);
}

}  // namespace
}  // namespace hanok::vision
