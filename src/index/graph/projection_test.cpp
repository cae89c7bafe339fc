#include "index/graph/projection.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/random.h"
#include "hanok/context.h"
#include "index/pca.h"

namespace hanok::index {
namespace {

std::vector<float> normal(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out(n);
  for (float& x : out) x = static_cast<float>(random.normal());
  return out;
}

template <typename Work>
Code code_of(Work&& work) {
  try {
    work();
  } catch (const Error& e) {
    return e.code();
  }
  ADD_FAILURE() << "it went on to its end";
  return Code::Internal;
}

// Wide vectors take seconds to learn from: whoever waits may leave. The cancel comes while vectors are compared.
TEST(Projection, TrainingCanBeCancelled) {
  constexpr size_t kDim = 24, kRows = 20000, kSample = 500;
  const auto sample = normal(kSample * kDim, 1);
  const CancelSource cancel;
  size_t read = 0;
  const Projection::Plan plan{.dim = kDim, .rows = kRows, .row = [&](size_t i, float* out) {
                                std::memcpy(out, &sample[i % kSample * kDim], kDim * sizeof(float));
                                if (++read == 1000) cancel.cancel();
                              }};
  const Context::Scope scope(Context().with_cancel(cancel));
  EXPECT_EQ(code_of([&] { Projection::train(sample, plan); }), Code::Cancelled);
  EXPECT_GE(read, 1000u);
  EXPECT_LT(read, kRows / 4);
}

TEST(Projection, DirectionsCanBeCancelled) {
  const auto rows = normal(200 * 16, 2);
  const CancelSource cancel;
  cancel.cancel();
  const Context::Scope scope(Context().with_cancel(cancel));
  EXPECT_EQ(code_of([&] { principal_directions(rows, 16, 4, 1, 1); }), Code::Cancelled);
  EXPECT_EQ(code_of([&] { products(rows, rows, 16, 1); }), Code::Cancelled);
  EXPECT_EQ(code_of([&] { random_rotation(8, 1); }), Code::Cancelled);
}

// Of very wide vectors a part is read, however many there are: 2^27 numbers, and for each of eight queries the hundred
// nearest once more.
TEST(Projection, WideVectorsAreJudgedAmongFewer) {
  constexpr size_t kDim = 60000, kRows = 60000, kMost = (size_t{1} << 27) / kDim + 8 * 100;
  const auto sample = normal(8 * kDim, 3);
  size_t read = 0;
  const auto projection =
      Projection::train(sample, {.dim = kDim, .lines = 1, .rows = kRows, .row = [&](size_t i, float* out) {
                                   std::memcpy(out, &sample[i % 8 * kDim], kDim * sizeof(float));
                                   ++read;
                                 }});
  EXPECT_EQ(projection.lines(), 1u);
  EXPECT_LE(read, kMost);
}

}  // namespace
}  // namespace hanok::index
