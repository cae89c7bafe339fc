// 29: the nets side by side, each trained for the same number of epochs: layers, filters, parameters, work, speed,
// accuracy. `hanok vision compare` makes the same table with memory, a process for each net.
// usage: 29_comparison DATA [EPOCHS] [MODEL...]     DATA: the folder of CIFAR-10
#include <filesystem>
#include <iomanip>
#include <iostream>

#include "vision/classifier.h"
#include "vision/eval/measure.h"
#include "vision/models/summary.h"

namespace vision = hanok::vision;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 29_comparison DATA [EPOCHS] [MODEL...]\n", 2;
  std::vector<std::string> models(argv + std::min(argc, 3), argv + argc);
  if (models.empty()) models = {"lenet_relu", "cnn", "alexnet", "vgg16_bn", "resnet20", "resnet18", "resnet50"};
  const vision::DataSet set = vision::read_data_set("cifar10", argv[1]);
  const auto folder = std::filesystem::temp_directory_path() / "29_comparison";
  std::filesystem::remove_all(folder);

  std::cout << "| model | layers | filters | activation | parameters | Mflops "
               "| forward/s | train/s | accuracy |\n"
            << "|---|---:|---|---|---:|---:|---:|---:|---:|\n";
  for (const auto& name : models) {
    const vision::ModelOptions net{
        .name = name, .classes = 10, .input = {3, 32, 32}, .small_input = vision::model_kind(name).small_variant};
    const auto figures = vision::figures(net);
    const auto speed = vision::measure(net, {.batch = 32, .seconds = 0.2});
    vision::ClassifierOptions options{.model = name, .out = folder / name, .recipe = vision::recipe_for(name)};
    options.recipe.epochs = argc > 2 ? std::stod(argv[2]) : 5;
    options.recipe.batch = std::min<size_t>(options.recipe.batch, set.train.size() / 8);
    const auto trained = vision::train_classifier(set, options);
    std::cout << "| " << name << " | " << figures.layers << " | " << figures.filters << " | " << figures.activation
              << " | " << figures.parameters << " | " << std::fixed << std::setprecision(0)
              << static_cast<double>(figures.flops()) / 1e6 << " | " << speed.forward_images_per_second << " | "
              << speed.train_images_per_second << " | " << std::setprecision(3) << trained.test_accuracy << " |\n";
  }
}
