// The folder of a trained generator (docs/formats/gan-run.md). No libtorch.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vision/metrics/frechet.h"

namespace hanok::vision {

struct GanRun {
  std::string data_set;
  size_t latent = 100;    // normal numbers that a picture is made of
  size_t categories = 0;  // and one of so many categories, each an input of its own
  size_t width = 32;      // maps of the generator's last hidden layer
  size_t channels = 1, side = 28;
  size_t parameters = 0;  // of the generator
  size_t inputs() const { return latent + categories; }
};

/// Reads FOLDER/gan.json. Throws NotFound, Corrupt, Unsupported (another format).
GanRun read_gan_run(const std::filesystem::path& folder);
void write_gan_run(const std::filesystem::path& folder, const GanRun& run);

/// One epoch of a GAN's training.
struct GanRow {
  size_t epoch = 0;  // counts from 1
  double d_loss = 0, g_loss = 0;
  double d_real = 0, d_fake = 0;  // means of D(x) and D(G(z)), probabilities of being real
  double spread = 0;              // of the samples, relative to that of real pictures
  double confident = -1, classes = -1, entropy = -1, frechet = -1;  // by the judge; -1 without one
};
/// gan.csv and, as SVG and PNG, plots/gan (losses), plots/gan-d (D(x) and D(G(z))), with a judge also plots/gan-judge.
void write_gan_rows(const std::filesystem::path& folder, const std::vector<GanRow>& rows);
/// Those of gan.csv; none where it is not there. Throws Corrupt.
std::vector<GanRow> read_gan_rows(const std::filesystem::path& folder);

/// What looks like a collapse, in words; nothing where all is well.
///   D is right about nearly everything, so that G has nothing to follow
///   samples vary much less than real pictures do: G makes the same few
///   with a judge: classes are missing
std::optional<std::string> collapse(const GanRow& row, size_t classes);

}  // namespace hanok::vision
