// Small data sets in the file formats of MNIST and CIFAR-10, for running the examples about nets: stripes, whose
// direction is the class, in any colours, with noise.
// usage: example_tiny_pictures FOLDER     writes FOLDER/mnist and FOLDER/cifar10
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/random.h"

namespace fs = std::filesystem;
using hanok::base::Random;

constexpr size_t kClasses = 10, kTest = 100, kTrain = 400, kFiles = 5;

// 0 to 1 at (x, y): bright and dark stripes that run at class * 18 degrees.
double stripe(size_t label, double x, double y, double phase) {
  const double angle = static_cast<double>(label) * 3.14159265 / kClasses;
  return 0.5 + 0.5 * std::sin(0.9 * (x * std::cos(angle) + y * std::sin(angle)) + phase);
}

char level(double value, Random& random) {
  return static_cast<char>(std::lround(255 * std::min(1.0, std::max(0.0, value + 0.05 * random.normal()))));
}

std::string big_endian(std::initializer_list<uint32_t> numbers) {
  std::string out;
  for (const uint32_t n : numbers)
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift);
  return out;
}

void write(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

void write_mnist(const fs::path& folder, const std::string& part, uint32_t n, Random& random) {
  std::string images = big_endian({0x803, n, 28, 28}), labels = big_endian({0x801, n});
  for (uint32_t i = 0; i < n; ++i) {
    const size_t label = i % kClasses;
    const double phase = 6.28 * random.uniform();
    labels += static_cast<char>(label);
    for (size_t y = 0; y < 28; ++y)
      for (size_t x = 0; x < 28; ++x)
        images += level(stripe(label, static_cast<double>(x), static_cast<double>(y), phase), random);
  }
  write(folder / (part + "-images-idx3-ubyte"), images);
  write(folder / (part + "-labels-idx1-ubyte"), labels);
}

std::string cifar_records(size_t n, Random& random) {
  std::string out;
  for (size_t i = 0; i < n; ++i) {
    const size_t label = i % kClasses;
    const double phase = 6.28 * random.uniform();
    out += static_cast<char>(label);
    for (size_t channel = 0; channel < 3; ++channel) {
      const double dark = 0.4 * random.uniform(), bright = 0.6 + 0.4 * random.uniform();
      for (size_t y = 0; y < 32; ++y)
        for (size_t x = 0; x < 32; ++x)
          out += level(dark + (bright - dark) * stripe(label, static_cast<double>(x), static_cast<double>(y), phase),
                       random);
    }
  }
  return out;
}

int main(int argc, char** argv) {
  const fs::path folder = argc > 1 ? argv[1] : ".";
  fs::create_directories(folder / "mnist");
  fs::create_directories(folder / "cifar10");
  Random random(1);
  write_mnist(folder / "mnist", "train", kTrain, random);
  write_mnist(folder / "mnist", "t10k", kTest, random);
  for (size_t i = 1; i <= kFiles; ++i)
    write(folder / "cifar10" / ("data_batch_" + std::to_string(i) + ".bin"), cifar_records(kTrain / kFiles, random));
  write(folder / "cifar10" / "test_batch.bin", cifar_records(kTest, random));
}
