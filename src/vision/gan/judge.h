// What a trained classifier thinks of pictures that a generator made. No libtorch: the classifier runs in nn.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/cnn/cnn.h"
#include "vision/metrics/frechet.h"

namespace hanok::vision {

/// Pictures of bytes, channels together.
struct MadePictures {
  size_t channels = 0, height = 0, width = 0;
  std::vector<uint8_t> pixels;  // [N, H, W, C]

  size_t bytes_each() const { return channels * height * width; }
  size_t size() const { return bytes_each() ? pixels.size() / bytes_each() : 0; }
};

struct Judgement {
  size_t pictures = 0;
  double confident = 0;            // the share whose likeliest class has a probability above 0.9
  std::vector<size_t> of_class;    // pictures by their likeliest class
  double entropy = 0;              // of that histogram, in nats; log(classes) where all are as many
  double frechet = -1;             // to the real pictures, in this classifier's features; -1: they are not known
  size_t classes_present() const;  // that have at least one picture in a hundred of an even share
};

/// A classifier that looks at what a generator makes. Its Frechet distance is in the features of this one classifier
/// (what its last linear layer is given): numbers compare among runs with the same judge, and are no FID, which means
/// Inception-v3's.
class Judge {
 public:
  /// A run folder of `hanok vision train`. Throws as nn::Cnn::open does.
  explicit Judge(const std::filesystem::path& run);

  const std::vector<std::string>& class_names() const { return net_.description().class_names; }
  /// Throws Invalid where it was trained on pictures of another size or number of channels.
  void check(size_t channels, size_t height, size_t width) const;
  /// The distribution that frechet is measured to.
  void know(const MadePictures& real);
  Judgement look(const MadePictures& made) const;
  /// What `know` learned, into a file beside a generator, and back; nothing where the file is not there or was another
  /// judge's. Throws Corrupt.
  void save_known(const std::filesystem::path& file) const;
  bool load_known(const std::filesystem::path& file);

 private:
  nn::CnnResult run(const MadePictures& pictures) const;

  std::string model_;  // "lenet", and a hash of its weights' file
  nn::Cnn net_;
  std::unique_ptr<Gaussian> real_;
};

}  // namespace hanok::vision
