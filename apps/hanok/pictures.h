// What ingest, search and embed do with pictures.
#pragma once

#include <string>
#include <vector>

#include "hanok/pictures.h"
#include "session.h"

namespace hanok::app {

/// Whether `hanok ingest` reads pictures: a model for them is named, or the collection holds them already.
bool reads_pictures(const std::string& image_model, const store::Collection& collection);
/// By the model that is named, else by the one that the collection is or was embedded by.
chain::IngestReport ingest_pictures(Session& session, store::Collection& collection, const std::string& image_model,
                                    const std::vector<std::string>& paths, const chain::PictureIngestOptions& options);

struct PictureSearch {
  std::string image, html, where;
  size_t k = 10;
};
void search_pictures(Session& session, const PictureSearch& search);

/// Vectors of picture files, each file's labels beside them.
struct EmbeddedPictures {
  Matrix vectors;
  std::vector<PictureLabel> labels;
};
EmbeddedPictures embed_pictures(Session& session, const PictureModel& model, const std::vector<std::string>& files);

}  // namespace hanok::app
