// 27: ResNets: what a residual block computes, how deep they go, and one trained on CIFAR-10.
// usage: 27_resnet DATA [EPOCHS] [MODEL] [OUT]
// DATA: the folder of CIFAR-10; MODEL: resnet20 (default), resnet18, resnet50, ...
#include <filesystem>
#include <iostream>

#include "vision/classifier.h"
#include "vision/models/residual.h"
#include "vision/models/summary.h"

namespace vision = hanok::vision;

// A block whose branch gives nothing passes its input on: at the start, depth
// costs a residual net nothing.
void show_block() {
  const torch::NoGradGuard no_training;
  vision::BasicBlock block(4, 4, 1);
  block.branch.back().second->weight.zero_();
  const torch::Tensor x = torch::rand({1, 4, 8, 8});
  std::cout << "a block with an empty branch differs from its input by "
            << (block.forward(x) - x).abs().max().item<float>() << "\n";
}

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 27_resnet DATA [EPOCHS] [MODEL] [OUT]\n", 2;
  const std::string model = argc > 3 ? argv[3] : "resnet20";
  const std::filesystem::path out = argc > 4 ? argv[4] : std::filesystem::temp_directory_path() / "27_resnet";
  if (argc <= 4) std::filesystem::remove_all(out);  // this program's own, of the run before
  show_block();
  for (const char* name : {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"}) {
    const auto f = vision::figures({.name = name, .classes = 1000, .input = {3, 224, 224}});
    std::cout << name << ": " << f.layers << " layers, " << f.parameters << " parameters, kernels " << f.filters
              << "\n";
  }

  const vision::DataSet set = vision::read_data_set("cifar10", argv[1]);
  vision::ClassifierOptions options{.model = model, .out = out, .recipe = vision::recipe_for(model)};
  options.recipe.epochs = argc > 2 ? std::stod(argv[2]) : 20;
  options.recipe.batch = std::min<size_t>(options.recipe.batch, set.train.size() / 8);
  const auto trained = vision::train_classifier(set, options);
  std::cout << model << " for 32x32: " << trained.parameters << " parameters, accuracy " << trained.test_accuracy
            << " after " << trained.epochs << " epochs, " << trained.images_per_second << " images/s\n";
}
