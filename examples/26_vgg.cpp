// 26: VGG-16 and VGG-19: nothing but 3x3 convolutions, deeper and deeper; trained for 32x32 with batch normalisation.
// usage: 26_vgg DATA [EPOCHS] [OUT]     DATA: the folder of CIFAR-10
#include <filesystem>
#include <iostream>

#include "vision/classifier.h"
#include "vision/models/summary.h"

namespace vision = hanok::vision;

void show(const std::string& name) {
  const auto f = vision::figures({.name = name, .classes = 1000, .input = {3, 224, 224}});
  std::cout << name << ": " << f.layers << " layers, " << f.parameters << " parameters, "
            << static_cast<double>(f.multiply_adds) / 1e9 << " thousand million multiply-adds\n";
}

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 26_vgg DATA [EPOCHS] [OUT]\n", 2;
  const std::filesystem::path out = argc > 3 ? argv[3] : std::filesystem::temp_directory_path() / "26_vgg";
  if (argc <= 3) std::filesystem::remove_all(out);  // this program's own, of the run before
  show("vgg16");
  show("vgg19");

  // Two 3x3 convolutions see 5x5 pixels, three see 7x7, with fewer weights and
  // a relu between them.
  const auto weights = [](int64_t kernel, int64_t times) { return times * kernel * kernel * 256 * 256; };
  std::cout << "7x7 on 256 channels: one layer " << weights(7, 1) << " weights, three of 3x3 " << weights(3, 3) << "\n";

  const vision::DataSet set = vision::read_data_set("cifar10", argv[1]);
  vision::ClassifierOptions options{.model = "vgg16_bn", .out = out, .recipe = vision::recipe_for("vgg16_bn")};
  options.recipe.epochs = argc > 2 ? std::stod(argv[2]) : 30;
  options.recipe.batch = std::min<size_t>(options.recipe.batch, set.train.size() / 8);
  const auto trained = vision::train_classifier(set, options);
  std::cout << "for 32x32: " << trained.parameters << " parameters, accuracy " << trained.test_accuracy << " after "
            << trained.epochs << " epochs, " << trained.images_per_second << " images/s\n";
}
