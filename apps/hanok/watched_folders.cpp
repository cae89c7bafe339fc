#include "watched_folders.h"

#include <atomic>
#include <filesystem>
#include <set>

#include "hanok/error.h"
#include "hanok/pictures.h"

namespace hanok::app {
namespace {

std::shared_ptr<const chain::EmbeddingModel> served_for(const store::Snapshot& snapshot, const NamedEmbedders& served) {
  auto space = snapshot.pending_space();
  if (!space) space = snapshot.vector_space();
  for (const auto& [id, model] : served)
    if (!space || model->space().fingerprint == space->fingerprint) return model;
  return nullptr;
}

void follow(const Session& session, store::Collection& collection, const std::vector<std::filesystem::path>& paths,
            const chain::IngestOptions& options, const std::atomic<bool>& stop) {
  std::set<std::string> told;  // each warning and failure once, until it is mended
  const auto tell = [&](const chain::IngestReport& report) {
    std::set<std::string> now(report.warnings.begin(), report.warnings.end());
    for (const auto& failure : report.failed) now.insert(failure.error);
    for (const auto& one : now)
      if (!told.contains(one)) session.note(collection.name() + ": " + one);
    told = std::move(now);
    if (report.added + report.changed + report.gone + report.failed.size() == 0) return;
    session.note(collection.name() + ": " + std::to_string(report.added) + " new, " + std::to_string(report.changed) +
                 " changed, " + std::to_string(report.gone) + " gone, " + std::to_string(report.failed.size()) +
                 " failed");
  };
  try {
    chain::watch(collection, paths, options, tell, [&] { return stop.load(); });
  } catch (const Error& e) {
    if (e.code() == Code::Cancelled) throw;
    throw Error(e.code(), "the folders of '" + collection.name() +
                              "' are watched no longer; start this again when it is mended: " + e.what());
  }
}

}  // namespace

WatchedFolders::WatchedFolders(Session& session, store::Store& store, const std::vector<std::string>& folders,
                               const NamedEmbedders* served) {
  if (folders.empty()) return;
  const std::vector<std::filesystem::path> paths(folders.begin(), folders.end());
  for (const auto& path : paths)
    if (!std::filesystem::is_directory(path))
      throw Error(Code::NotFound, path.string() + ": a folder to watch was expected");
  collection_ = store.collection(session.collection_name(), true);
  const auto snapshot = collection_->snapshot();
  if (const auto space = snapshot->vector_space(); space && chain::holds_pictures(*space))
    throw Error(Code::Invalid, "watching folders is for texts, and collection '" + collection_->name() +
                                   "' holds pictures: leave them out, or name another collection: -c NAME");
  if (served) embedder_ = served_for(*snapshot, *served);
  options_.embedder = embedder_.get();
  if (!embedder_ && (!served || snapshot->vector_space())) {
    models_.emplace(ModelsInUse::for_ingest(session, *collection_));
    options_.embedder = models_->embedder();
  }
  options_.split.max_tokens = number_setting(session, "max-tokens");
  options_.split.overlap_tokens = number_setting(session, "overlap-tokens");
  work_.start(
      [this, &session, paths](const std::atomic<bool>& stop) { follow(session, *collection_, paths, options_, stop); });
}

}  // namespace hanok::app
