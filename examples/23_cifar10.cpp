// 23: CIFAR-10 with a small net: the data and what augmentation makes of it, training, and what the net takes for what.
// usage: 23_cifar10 DATA [EPOCHS] [OUT]     DATA: the folder with data_batch_1.bin ..., also packed
#include <filesystem>
#include <iomanip>
#include <iostream>

#include "vision/classifier.h"
#include "vision/data/show.h"
#include "vision/eval/picture_input.h"
#include "vision/models/trained.h"

namespace vision = hanok::vision;
namespace image = hanok::image;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 23_cifar10 DATA [EPOCHS] [OUT]\n", 2;
  const std::filesystem::path out = argc > 3 ? argv[3] : std::filesystem::temp_directory_path() / "23_cifar10";
  if (argc <= 3) std::filesystem::remove_all(out);  // this program's own, of the run before
  std::filesystem::create_directories(out);

  const vision::DataSet set = vision::read_data_set("cifar10", argv[1]);
  std::cout << set.train.size() << " pictures to learn from, " << set.test.size() << " to be tried on\n";

  // One picture, and what the net sees of it in nine epochs.
  vision::AugmentOptions changes{.pad = 4, .flip = vision::AugmentOptions::Flip::Random, .cutout = 8};
  std::vector<image::Image> seen{vision::picture_of(set.train, 0)};
  const std::vector<uint32_t> first{0};
  for (uint64_t epoch = 0; epoch < 9; ++epoch) {
    const auto batch = vision::augmented_batch(set, set.train, first, 0, 1, changes, /*seed=*/1, epoch);
    seen.push_back(vision::picture_of(batch, set, 0));
  }
  image::write_png_file(out / "augmented.png", image::sheet(seen, {.columns = 5, .scale = 4}));

  vision::ClassifierOptions options{.model = "cnn", .out = out / "run", .recipe = vision::recipe_for("cnn")};
  options.recipe.epochs = argc > 2 ? std::stod(argv[2]) : 10;
  options.recipe.batch = std::min<size_t>(options.recipe.batch, set.train.size() / 4);
  options.recipe.augment = changes;
  const auto trained = vision::train_classifier(set, options);
  std::cout << trained.parameters << " parameters, " << trained.epochs << " epochs in " << trained.seconds << " s\n";

  const auto run = vision::open_run(options.out);
  const vision::Report report = vision::evaluate_run(run, set).report;
  std::cout << "accuracy " << report.scores.accuracy << ", top " << report.top_k << " " << report.top_k_accuracy
            << ", calibration error " << report.calibration_error << "\n";
  for (size_t c = 0; c < set.class_names.size(); ++c)
    std::cout << "  " << std::left << std::setw(12) << set.class_names[c] << " precision " << std::setw(10)
              << report.scores.per_class[c].precision << " recall " << report.scores.per_class[c].recall << "\n";

  image::write_png_file(out / "confusion.png", vision::confusion_sheet(report.counts, set.class_names));
  std::vector<image::Image> wrong;
  for (const auto& mistake : report.worst) wrong.push_back(vision::picture_of(set.test, mistake.picture));
  if (!wrong.empty())
    image::write_png_file(out / "mistakes.png", vision::mistakes_sheet(report.worst, wrong, set.class_names));
  std::cout << "pictures in " << out.string() << "\n";
}
