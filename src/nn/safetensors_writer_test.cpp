#include "nn/safetensors_writer.h"

#include <gtest/gtest.h>

#include <array>

#include "base/file.h"
#include "hanok/error.h"
#include "nn/safetensors.h"

namespace hanok::nn {
namespace {

TEST(SafetensorsWriter, ComesBackAsItWasWritten) {
  const base::TempFolder folder;
  const auto file = folder.path() / "model.safetensors";
  const std::array<float, 6> a = {1, -2, 3.5f, 0, 5, 6};
  const int64_t steps = 7;
  const std::vector<Tensor> tensors = {
      {.name = "가.weight", .type = DType::F32, .shape = {2, 3}, .bytes = std::as_bytes(std::span(a))},
      {.name = "steps", .type = DType::I64, .shape = {}, .bytes = std::as_bytes(std::span(&steps, 1))},
      {.name = "none", .type = DType::F32, .shape = {0, 4}, .bytes = {}}};
  write_safetensors(file, tensors, {{"format", "pt"}});
  const std::string bytes = base::read_file(file);
  const auto header = read_safetensors(std::as_bytes(std::span(bytes)), "it");
  ASSERT_EQ(header.tensors.size(), 3u);
  EXPECT_EQ(header.metadata.at("format"), "pt");
  EXPECT_EQ(header.header_bytes % 8, 0u);
  for (const Tensor& t : header.tensors) {
    if (t.name == "가.weight") {
      EXPECT_EQ(read_floats(t), std::vector<float>(a.begin(), a.end()));
    } else if (t.name == "none") {
      EXPECT_EQ(t.shape, (std::vector<size_t>{0, 4}));
    }
  }
}

TEST(SafetensorsWriter, RefusesWhatNobodyCouldRead) {
  const base::TempFolder folder;
  const auto file = folder.path() / "model.safetensors";
  const std::array<float, 2> a = {1, 2};
  const Tensor good = {.name = "a", .type = DType::F32, .shape = {2}, .bytes = std::as_bytes(std::span(a))};
  Tensor wrong = good;
  wrong.shape = {3};
  EXPECT_THROW(write_safetensors(file, std::vector<Tensor>{wrong}), Error);
  EXPECT_THROW(write_safetensors(file, std::vector<Tensor>{good, good}), Error);
  EXPECT_FALSE(base::fs::exists(file));
}

}  // namespace
}  // namespace hanok::nn
