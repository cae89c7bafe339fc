// A generator ready to make pictures. No libtorch in sight.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "hanok/image.h"
#include "vision/gan/gan_run.h"
#include "vision/gan/judge.h"

namespace hanok::vision {

/// What a category's input is where it was drawn, in place of 0: about as long as a dozen normal numbers together.
constexpr float kDrawn = 3;
/// n latent vectors: `latent` standard normal numbers, then, for each of the categories, 0 or for the one that was
/// drawn kDrawn. The same for the same seed on every machine.  [n, latent + categories]
std::vector<float> latents(size_t n, size_t latent, size_t categories, uint64_t seed);
/// `steps` vectors from a to b along the great circle (White 2016, arXiv 1609.04468): what lies between two normal
/// vectors on a straight line is shorter than any normal vector is.  [steps, latent], ends included
std::vector<float> between(const std::vector<float>& a, const std::vector<float>& b, size_t steps);

class Generator {
 public:
  /// A run folder of `hanok vision gan train`. Throws NotFound, Corrupt, Unsupported.
  explicit Generator(const std::filesystem::path& folder);
  ~Generator();
  Generator(Generator&&) noexcept;

  const GanRun& run() const;
  /// z [n, latent + categories]. Throws Invalid for numbers that are no whole vectors.
  MadePictures make(const std::vector<float>& z) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One image a picture.
std::vector<image::Image> images_of(const MadePictures& made);

}  // namespace hanok::vision
