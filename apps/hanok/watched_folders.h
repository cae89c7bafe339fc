// Folders whose files a collection holds, kept so beside other work: `serve --watch`, `mcp FOLDER`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/background.h"
#include "hanok/chain.h"
#include "models_in_use.h"

namespace hanok::app {

/// Models by the names that clients know them by.
using NamedEmbedders = std::vector<std::pair<std::string, std::shared_ptr<const chain::EmbeddingModel>>>;

/// Keeps the collection of -c up to date with folders until it dies, by the model that made the collection's vectors,
/// or for one that has none the first of `served`. nullptr: nothing is served, and it is the one that `ingest` takes.
class WatchedFolders {
 public:
  /// Throws NotFound for what is no folder, Invalid where the collection holds pictures. `session` and `store` must
  /// outlive it.
  WatchedFolders(Session& session, store::Store& store, const std::vector<std::string>& folders,
                 const NamedEmbedders* served = nullptr);
  const std::shared_ptr<store::Collection>& collection() const { return collection_; }
  const chain::EmbeddingModel* embedder() const { return options_.embedder; }

 private:
  std::shared_ptr<store::Collection> collection_;
  std::shared_ptr<const chain::EmbeddingModel> embedder_;
  std::optional<ModelsInUse> models_;
  chain::IngestOptions options_;
  base::Background work_;  // last: it ends before what it uses
};

}  // namespace hanok::app
