// Pictures in collections: a trained net turns them into vectors, and those that look alike are found.
//
//   const hanok::PictureModel model("runs/fashion");                       // a run folder of `hanok vision train`
//   auto photos = store.collection("photos", true);
//   hanok::chain::ingest_pictures(*photos, folders, model);
//   for (const auto& hit : hanok::chain::search_pictures(*photos->snapshot(), model, image::read_file("boot.png")))
//     std::cout << hit.score << " " << hit.path << "\n";
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hanok/chain.h"
#include "hanok/image.h"

namespace hanok {

/// What a net takes a picture for.
struct PictureLabel {
  std::string name;
  float probability = 0;  // softmax over all classes
};

/// A net for pictures (LeNet, AlexNet, VGG, ResNet and hanok's small one, docs/formats/vision-run.md), in this process.
/// Safe to call from several threads.
class PictureModel {
 public:
  /// A run folder, or weights with torchvision's names: safetensors, or a state dict of torch.save. Throws NotFound,
  /// Corrupt, Unsupported.
  explicit PictureModel(const std::filesystem::path& run);
  ~PictureModel();
  PictureModel(PictureModel&&) noexcept;
  PictureModel& operator=(PictureModel&&) noexcept;

  /// Values of a vector: what the last linear layer of the net is given.
  size_t dim() const;
  /// "resnet18".
  const std::string& name() const;
  const std::vector<std::string>& classes() const;
  /// Begins with "picture:"; another net, or the same trained again, has another (samples of each tensor are in it).
  const std::string& fingerprint() const;
  /// Of vectors in a collection; `model` is the run's absolute path, by which it is found again.
  store::VectorSpace space() const;

  /// What the net sees of a picture: gray or RGB as it was trained, the largest part of its ratio around the centre,
  /// resized with antialiasing, (value / 255 - mean) / std.  [H, W, C]
  std::vector<float> prepare(const image::Image& picture) const;
  struct Reading {
    Matrix vectors;                    // [N, dim()], length 1
    std::vector<PictureLabel> labels;  // the likeliest class of each
  };
  /// prepared: pictures one after another, as prepare() makes them. Throws Corrupt where the net gives no numbers.
  Reading read(std::span<const float> prepared) const;
  /// [N, dim()], length 1.
  Matrix embed(std::span<const image::Image> pictures) const;
  /// Every class with its probability, the likeliest first.
  std::vector<PictureLabel> classify(const image::Image& picture) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

namespace chain {

/// Whether vectors of this space are those of pictures.
bool holds_pictures(const store::VectorSpace& space);

struct PictureIngestOptions {
  std::vector<std::string> globs;    // only files whose name or path matches one; empty = all .png, .jpg and .jpeg
  std::vector<std::string> exclude;  // nothing that matches one: patterns as in .gitignore
  bool prune = false;                // also forget everything when a source folder has become empty
  store::Json metadata = store::Json::object();  // added to every document
  image::ReadLimits limits = {};
};

/// Brings the collection up to date with the pictures of files and folders, as ingest() does with texts: each becomes a
/// document with one vector, its file's name as text, and the metadata width, height, label and label_probability. A
/// collection holds texts or pictures: throws Invalid for one that has texts. With another model than before all
/// pictures are read again; until the last one is done the old vectors answer.
IngestReport ingest_pictures(store::Collection& collection, std::span<const std::filesystem::path> paths,
                             const PictureModel& model, const PictureIngestOptions& options = {});

struct PictureHit {
  std::string path;
  float score = 0;  // cosine
  PictureLabel label;
  size_t width = 0, height = 0;
};

struct PictureSearchOptions {
  size_t k = 10;
  store::Filter filter = {};
};

/// The most similar pictures, best first. Throws Invalid where the collection's vectors are not this model's.
std::vector<PictureHit> search_pictures(const store::Snapshot& snapshot, const PictureModel& model,
                                        const image::Image& picture, const PictureSearchOptions& options = {});

/// The model that made the collection's vectors, where its files are still those. Throws Invalid where the collection
/// holds no pictures, NotFound or Unavailable where the model is gone or another, each with what to do.
PictureModel picture_model_of(const store::Snapshot& snapshot);

/// A page of HTML that stands by itself: thumbnails (inside the page), names, scores. What comes from outside is
/// escaped; pictures that are gone or damaged are named as such.
std::string picture_page(std::string_view title, const image::Image& query, std::span<const PictureHit> hits);

}  // namespace chain
}  // namespace hanok
