// 24: LeNet-5 on handwritten digits, as in 1998 and as it is taught today: layer by layer, trained, and explained.
// usage: 24_lenet DATA [EPOCHS] [OUT]     DATA: the folder of MNIST's four files
#include <filesystem>
#include <iomanip>
#include <iostream>

#include "vision/classifier.h"
#include "vision/data/show.h"
#include "vision/eval/ask.h"
#include "vision/eval/picture_input.h"
#include "vision/explain/sheets.h"
#include "vision/models/summary.h"
#include "vision/models/trained.h"

namespace vision = hanok::vision;
namespace image = hanok::image;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 24_lenet DATA [EPOCHS] [OUT]\n", 2;
  const std::filesystem::path out = argc > 3 ? argv[3] : std::filesystem::temp_directory_path() / "24_lenet";
  if (argc <= 3) std::filesystem::remove_all(out);  // this program's own, of the run before

  const auto figures = vision::figures({.name = "lenet", .classes = 10, .input = {1, 28, 28}});
  for (const auto& layer : figures.rows) {
    std::cout << std::left << std::setw(26) << layer.kind << std::right << std::setw(8) << layer.parameters << "  [";
    for (const auto n : layer.output) std::cout << " " << n;
    std::cout << " ]\n";
  }
  std::cout << figures.layers << " layers with " << figures.parameters << " parameters, " << figures.multiply_adds
            << " multiply-adds\n";

  const vision::DataSet set = vision::read_data_set("mnist", argv[1]);
  for (const char* name : {"lenet", "lenet_relu"}) {
    vision::ClassifierOptions options{.model = name, .out = out / name, .recipe = vision::recipe_for(name)};
    options.recipe.epochs = argc > 2 ? std::stod(argv[2]) : 5;
    options.recipe.batch = std::min<size_t>(options.recipe.batch, set.train.size() / 8);
    const auto trained = vision::train_classifier(set, options);
    std::cout << name << ": accuracy " << trained.test_accuracy << " after " << trained.epochs << " epochs, "
              << trained.seconds << " s\n";
  }

  // Where the first test picture speaks for its digit, and what the first
  // convolution makes of it.
  const auto run = vision::open_run(out / "lenet_relu");
  const image::Image digit = vision::picture_of(set.test, 0);
  const auto x = vision::normalised(run.run, digit);
  const auto p = vision::softmax(vision::logits(*run.net, run.run, x), run.run.class_names.size());
  const size_t seen = vision::most_probable(p)[0];
  std::cout << "the first test picture is a " << set.test.labels[0] << ", taken for a " << seen << " with "
            << p.row(0)[seen] << "\n";
  image::write_png_file(out / "grad-cam.png",
                        vision::class_map_sheet(digit, vision::grad_cam(*run.net, run.run, x, seen)));
  image::write_png_file(out / "maps.png", vision::maps_sheet(vision::feature_maps(*run.net, run.run, x)[0]));
  image::write_png_file(out / "filters.png", vision::filters_sheet(vision::first_filters(*run.net)));
  std::cout << "pictures in " << out.string() << "\n";
}
