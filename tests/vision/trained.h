// A trained net for the tests of `hanok vision`, made without libtorch: LeNet-5 whose weights tell a picture's upper
// half from its lower one.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "hanok/image.h"
#include "nn/safetensors_writer.h"

namespace hanok::test {

class VisionProgram {
 public:
  base::ProcessResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {HANOK_TRAIN_PROGRAM, "vision"});
    return base::run_process(arguments, "", {.seconds = 300, .memory_bytes = uint64_t{1} << 50});
  }
  base::Json json(std::vector<std::string> arguments, int status = 0) const {
    arguments.push_back("--json");
    const auto result = run(arguments);
    EXPECT_EQ(result.exit_status, status) << result.out << result.err;
    return base::parse_json(result.out.empty() ? "null" : result.out, "output of hanok vision");
  }
  base::fs::path folder() const { return folder_.path(); }

 private:
  base::TempFolder folder_;
};

struct NamedValues {
  std::string name;
  std::vector<size_t> shape;
  std::vector<float> values;
};

/// Weights of lenet_relu for RGB pictures of 28x28 and two classes: every layer passes brightness on, the hidden ones
/// keep the places apart, and the last says 0 where the upper half is brighter, 1 where the lower is.
inline std::vector<NamedValues> halves() {
  std::vector<NamedValues> out = {
      {"0.weight", {6, 3, 5, 5}, {}}, {"0.bias", {6}, {}},   {"3.weight", {16, 6, 5, 5}, {}}, {"3.bias", {16}, {}},
      {"7.weight", {120, 400}, {}},   {"7.bias", {120}, {}}, {"9.weight", {84, 120}, {}},     {"9.bias", {84}, {}},
      {"11.weight", {2, 84}, {}},     {"11.bias", {2}, {}}};
  for (auto& t : out) {
    size_t n = 1;
    for (const size_t d : t.shape) n *= d;
    t.values.assign(n, 0);
  }
  out[0].values[12] = 1;                                                // map 0: the pixel itself, its red
  out[2].values[12] = 1;                                                // map 0 of map 0
  for (size_t i = 0; i < 25; ++i) out[4].values[i / 13 * 400 + i] = 1;  // 5x5 places: rows 0, 1, 2 against 2, 3, 4
  out[6].values[0] = out[6].values[121] = 1;
  out[8].values[0] = out[8].values[85] = 1;
  return out;
}

inline void write_weights(const base::fs::path& file, const std::vector<NamedValues>& weights) {
  std::vector<nn::Tensor> tensors;
  for (const auto& w : weights)
    tensors.push_back({.name = w.name, .shape = w.shape, .bytes = std::as_bytes(std::span(w.values))});
  nn::write_safetensors(file, tensors);
}

/// Gray, size x size, bright in the upper or the lower half.
inline void write_half(const base::fs::path& file, size_t size, bool upper) {
  image::Image picture{size, size, 1, std::vector<uint8_t>(size * size)};
  for (size_t y = 0; y < size; ++y)
    for (size_t x = 0; x < size; ++x) picture.pixels[picture.at(x, y)] = (y < size / 2) == upper ? 255 : 0;
  image::write_png_file(file, picture);
}

/// A folder of pictures whose classes are the halves: test/above, test/below and as many in train. `wrong` pictures of
/// the test lie in the other class's folder.
inline void write_halves(const base::fs::path& folder, size_t each, size_t wrong) {
  for (const char* part : {"train", "test"})
    for (const bool upper : {true, false}) {
      const auto here = folder / part / (upper ? "above" : "below");
      base::fs::create_directories(here);
      for (size_t i = 0; i < each; ++i)
        write_half(here / (std::to_string(i) + ".png"), 28 + 4 * i, upper != (part[1] == 'e' && upper && i < wrong));
    }
}

}  // namespace hanok::test
