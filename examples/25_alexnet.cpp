// 25: AlexNet, the net that began it in 2012: as published for 224x224, and its variant for 32x32 trained on CIFAR-10.
// usage: 25_alexnet DATA [EPOCHS] [OUT]     DATA: the folder of CIFAR-10
#include <filesystem>
#include <iostream>

#include "vision/classifier.h"
#include "vision/explain/sheets.h"
#include "vision/models/summary.h"
#include "vision/models/trained.h"

namespace vision = hanok::vision;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 25_alexnet DATA [EPOCHS] [OUT]\n", 2;
  const std::filesystem::path out = argc > 3 ? argv[3] : std::filesystem::temp_directory_path() / "25_alexnet";
  if (argc <= 3) std::filesystem::remove_all(out);  // this program's own, of the run before

  const auto published = vision::figures({.name = "alexnet", .classes = 1000, .input = {3, 224, 224}});
  std::cout << "published: " << published.parameters << " parameters, kernels " << published.filters << "\n";
  uint64_t linear = 0;
  for (const auto& layer : published.rows)
    if (layer.kind == "linear") linear += layer.parameters;
  std::cout << "  of them in its three linear layers: " << 100 * linear / published.parameters << " %\n";

  const vision::DataSet set = vision::read_data_set("cifar10", argv[1]);
  vision::ClassifierOptions options{.model = "alexnet", .out = out / "run", .recipe = vision::recipe_for("alexnet")};
  options.recipe.epochs = argc > 2 ? std::stod(argv[2]) : 20;
  options.recipe.batch = std::min<size_t>(options.recipe.batch, set.train.size() / 8);
  const auto trained = vision::train_classifier(set, options);
  std::cout << "for 32x32: " << trained.parameters << " parameters, accuracy " << trained.test_accuracy << " after "
            << trained.epochs << " epochs, " << trained.images_per_second << " images/s\n";

  // In 2012 two kinds of first filters were seen: edges in gray, and blobs of
  // colour.
  const auto run = vision::open_run(options.out);
  hanok::image::write_png_file(out / "filters.png", vision::filters_sheet(vision::first_filters(*run.net)));
  std::cout << "first filters in " << (out / "filters.png").string() << "\n";
}
