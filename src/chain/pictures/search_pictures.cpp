#include <map>

#include "hanok/pictures.h"

namespace hanok::chain {
namespace {

store::VectorSpace space_of_pictures(const store::Snapshot& snapshot) {
  const auto space = snapshot.vector_space();
  if (space && holds_pictures(*space)) return *space;
  throw Error(Code::Invalid,
              "collection '" + snapshot.name() +
                  "' holds no pictures; make one that does: hanok ingest FOLDER --image-model RUN -c NAME");
}

const char* const kRemedy =
    "Bring that run back, or embed the pictures again: hanok ingest FOLDER --image-model RUN -c ";

}  // namespace

PictureModel picture_model_of(const store::Snapshot& snapshot) {
  const auto space = space_of_pictures(snapshot);
  const std::string made = "the pictures of '" + snapshot.name() + "' were embedded by " + space.model;
  try {
    PictureModel model(space.model);
    if (model.fingerprint() == space.fingerprint) return model;
  } catch (const Error& e) {
    throw Error(e.code(), made + ", which cannot be read: " + e.what() + ". " + kRemedy + snapshot.name());
  }
  throw Error(Code::Unavailable, made + ", which has changed since. " + kRemedy + snapshot.name());
}

std::vector<PictureHit> search_pictures(const store::Snapshot& snapshot, const PictureModel& model,
                                        const image::Image& picture, const PictureSearchOptions& options) {
  if (space_of_pictures(snapshot).fingerprint != model.fingerprint())
    throw Error(Code::Invalid, "collection '" + snapshot.name() + "': its vectors were made by " +
                                   snapshot.vector_space()->model + ", not by " + model.space().model +
                                   "; vectors of two models cannot be compared");
  const auto matches = snapshot.search_dense(model.embed({&picture, 1}).row(0), options.k, options.filter);
  std::vector<store::ChunkId> ids;
  std::map<store::ChunkId, float> score;
  for (const auto& match : matches) {
    ids.push_back(match.chunk);
    score[match.chunk] = match.score;
  }
  std::vector<PictureHit> out;
  for (const auto& chunk : snapshot.chunks(ids)) {
    PictureHit hit{.path = chunk.path, .score = score[chunk.id]};
    if (const auto info = snapshot.find(chunk.path)) {
      hit.label = {info->metadata.value("label", ""), info->metadata.value("label_probability", 0.0f)};
      hit.width = info->metadata.value("width", size_t{0});
      hit.height = info->metadata.value("height", size_t{0});
    }
    out.push_back(std::move(hit));
  }
  return out;
}

}  // namespace hanok::chain
