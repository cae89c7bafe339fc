// 28. A GAN: two nets against each other. The generator makes pictures out of noise; the discriminator learns to tell
// them from real ones, and what it says is all that the generator ever learns from.
//
//   28_gan                       pictures of squares that this program draws, some seconds
//   28_gan DATA OUT [MINUTES]    MNIST from the folder DATA; samples after each epoch in OUT/samples
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>

#include "base/file.h"
#include "base/random.h"
#include "vision/gan/gan_task.h"
#include "vision/gan/generator.h"

using namespace hanok;

// Soft gray squares on black, 28 x 28, on the left or on the right, at any height. Soft and of many grays: hard edges
// would give made pictures away at once, and a discriminator that is never wrong teaches nothing.
vision::DataSet squares(size_t n) {
  base::Random random(1);
  vision::DataSet set;
  set.name = "squares";
  set.train = {1, 28, 28, std::vector<uint8_t>(n * 784, 0), {}};
  for (size_t i = 0; i < n; ++i) {
    const double x0 = i % 2 ? 20 : 8, y0 = 8 + 12 * random.uniform(), light = 150 + 100 * random.uniform();
    for (size_t p = 0; p < 784; ++p) {
      const double x = static_cast<double>(p % 28) - x0, y = static_cast<double>(p / 28) - y0;
      set.train.pixels[i * 784 + p] = static_cast<uint8_t>(light * std::exp(-(x * x * x * x + y * y * y * y) / 500));
    }
    set.train.labels.push_back(static_cast<uint16_t>(i % 2));
  }
  return set;
}

// A picture as letters, so that it can be looked at without a viewer.
void show(const image::Image& picture) {
  const image::Image small = image::resize(picture, 28, 14);
  for (size_t y = 0; y < small.height; ++y) {
    for (size_t x = 0; x < small.width; ++x) std::cout << " .:*#"[small.pixels[small.at(x, y)] * 5 / 256];
    std::cout << "\n";
  }
}

int main(int argc, char** argv) {
  base::TempFolder temp;
  const bool drawn = argc < 3;
  const vision::DataSet set = drawn ? squares(256) : vision::read_data_set("mnist", argv[1]);

  vision::GanOptions options;
  options.out = drawn ? temp.path() / "run" : std::filesystem::path(argv[2]);
  options.latent = drawn ? 8 : 12;
  options.categories = drawn ? 0 : 32;
  options.width = drawn ? 8 : 32;
  options.batch = drawn ? 16 : 64;
  options.epochs = drawn ? 60 : 10;
  options.minutes = argc > 3 ? std::atof(argv[3]) : 0;
  if (drawn)
    options.learning_rate = 5e-4, options.discriminator = 1, options.smooth = 0.8, options.averaging = 0.95,
    options.samples = 32;
  bool warned = false;
  options.tell = [&](const train::Event& event) {
    if (event.name == "warning" && !warned) std::cout << "  " << event.text << "; an averaged generator lags behind\n";
    warned = warned || event.name == "warning";
    if (event.name != "gan" || (drawn && static_cast<int>(event.numbers[0].second) % 20 != 0)) return;
    std::cout << std::fixed << std::setprecision(2);
    for (const auto& [name, value] : event.numbers) std::cout << name << " " << value << "  ";
    std::cout << "\n";
  };
  const vision::GanReport report = vision::train_gan(set, options);
  std::cout << report.generator_parameters << " parameters make pictures, " << report.discriminator_parameters
            << " tell them from real ones\n";

  // Noise in, pictures out; between two pictures lie others.
  const vision::Generator generator(options.out);
  const auto noise = [&](uint64_t seed) { return vision::latents(1, options.latent, options.categories, seed); };
  const auto walk = vision::images_of(generator.make(vision::between(noise(3), noise(4), 3)));
  for (const auto& picture : walk) show(picture);
  std::cout << "made " << walk.size() << " pictures of " << walk[0].width << " x " << walk[0].height << "\n";
}
