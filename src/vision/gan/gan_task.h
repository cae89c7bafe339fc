// Training a DCGAN.
//
//   D learns to tell real pictures from made ones: least  -log D(x) - log(1 - D(G(z)))
//   G learns to be taken for real:                 least  -log D(G(z))            (Goodfellow et al. 2014, section 3)
//
// Both take their step from the same D, at once: what D says of a made picture is computed once and serves both losses,
// a quarter less work than one after the other. (The paper and PyTorch's example let D step first.)
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <functional>
#include <string>

#include "train/run_folder.h"
#include "vision/data/pictures.h"
#include "vision/gan/gan_run.h"

namespace hanok::vision {

struct GanOptions {
  std::filesystem::path out;    // the run folder (docs/formats/gan-run.md)
  std::filesystem::path judge;  // a classifier's run folder; empty: none
  size_t latent = 0;            // numbers that a picture is made of; 0: 12 for gray pictures, 100 for colours
  /// One of so many is drawn for each picture, too; 0: none. No labels: the generator gives them a meaning. What it
  /// makes of normal numbers alone changes without a break, so some samples lie between two kinds of pictures.
  size_t categories = 32;
  size_t width = 32, batch = 64;
  double epochs = 20, minutes = 0;
  double learning_rate = 1e-3;        // of Adam, beta1 = 0.5; five times that of Radford et al. 2015, section 4
  double discriminator = 0.5;         // the discriminator's rate, as a multiple of the generator's
  std::string schedule = "constant";  // of the rate (train::schedule_names())
  double smooth = 0.9;  // what D is told of real pictures: below 1 it is never sure (Salimans et al. 2016)
  c10::Device device = c10::DeviceType::CPU;
  std::string precision = "auto";  // of products while training, as train::choose_precision takes it
  double averaging = 0.999;        // of the generator that makes samples: an average of those that learn; 0: none
  size_t samples = 1000;           // that are judged after each epoch; ten times as many after the last
  double checkpoint_seconds = 60;
  bool resume = false;
  uint64_t seed = 0;
  std::function<void(const train::Event&)> tell;  // "gan" events after each epoch, "warning" where it looks collapsed
};

struct GanReport {
  double epochs = 0, seconds = 0, images_per_second = 0;
  size_t generator_parameters = 0, discriminator_parameters = 0;
  GanRow last;
  std::vector<std::string> class_names;  // of the judge
  std::vector<size_t> of_class;          // of the last samples, by the judge
};

/// Writes into options.out: generator.safetensors and gan.json, gan.csv and plots, a sheet of samples of the same noise
/// after each epoch (samples/epoch-001.png), and what the training loop writes. Pictures that are neither 28 nor 32 nor
/// 64 pixels wide and high are refused. Throws as train::train does.
GanReport train_gan(const DataSet& set, const GanOptions& options);

}  // namespace hanok::vision
