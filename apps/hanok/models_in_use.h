// Which models a subcommand works with: from settings, the collection, and what is on this machine.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "hanok/chain.h"
#include "session.h"

namespace hanok::app {

class ModelsInUse {
 public:
  /// For writing: the model of the setting, else the one that the collection is being embedded by or was, else the
  /// default model where it is there, else none (keywords only). embeds: it is to make vectors now, not only to count
  /// tokens, so that a change of the model is told.
  static ModelsInUse for_ingest(const Session& session, const store::Collection& collection, bool embeds = true);
  /// For reading: the model that made the collection's vectors, known by its fingerprint, wherever it is on this
  /// machine. A setting that names another one is explained, not obeyed: vectors of two models cannot be compared.
  static ModelsInUse for_search(const Session& session, const store::Snapshot& snapshot);
  /// A model named by a flag (folder or ORG/NAME; empty = the setting), without a collection. none: no model at all.
  static ModelsInUse named(const Session& session, const std::string& model, bool none = false);
  const chain::EmbeddingModel* embedder() const { return embedder_.get(); }

 private:
  /// With the cache, where caching is on.
  static ModelsInUse kept(const Session& session, ModelsInUse models);
  std::shared_ptr<const chain::EmbeddingModel> embedder_;  // shared with its cache
};

/// The folder of an embedding model: "" = the default model where it is there, "none", ORG/NAME or a folder.
std::optional<std::filesystem::path> model_folder(const std::string& name);
/// A cross-encoder by a folder or ORG/NAME; nullptr for "" and "none".
std::unique_ptr<chain::RerankModel> open_reranker(const std::string& name);
/// The model that made the vectors of `space`, wherever it is on this machine; nullptr where it is not.
std::unique_ptr<chain::EmbeddingModel> maker_of(const store::VectorSpace& space);
/// What is kept with vectors: ORG/NAME, or a folder that is found from everywhere; "" is the default model.
std::string lasting_name(const std::string& name);
/// How to get the default embedding model.
std::string model_advice();
/// The setting embedding-precision; nullopt where nothing is said.
std::optional<Precision> precision_setting(const Session& session);
/// A setting that must be a whole number of at least `least`.
size_t number_setting(const Session& session, const std::string& key, size_t least = 0);
/// For `doctor`: {"embedding": "which model and where, or how to get one"}; adds to problems what is wrong.
base::OrderedJson models_report(Session& session, std::vector<std::string>& problems);
/// --where: JSON, or empty for everything.
store::Filter parse_where(const std::string& text);

}  // namespace hanok::app
