#include "base/watch.h"

#include "hanok/chain.h"

namespace hanok::chain {

constexpr int kQuietMs = 300;  // an editor writes a file in several steps; wait until it is done

void watch(store::Collection& collection, std::span<const std::filesystem::path> paths, const IngestOptions& options,
           const std::function<void(const IngestReport&)>& on_report, const std::function<bool()>& stop) {
  base::FolderWatcher watcher({paths.begin(), paths.end()});
  IngestOptions each = options;
  each.reembed = false;
  std::unique_ptr<Reembedding> beside;
  const auto finished = [&] { return beside && !beside->running(); };
  do {
    if (finished()) {
      beside->wait();  // throws what went wrong
      beside.reset();  // what follows cuts files as the new model counts
    }
    const IngestReport report = ingest(collection, paths, each);
    if (on_report) on_report(report);
    if (options.embedder && !beside && !collection.missing_vectors(options.embedder->space(), 1).empty())
      beside = std::make_unique<Reembedding>(collection, *options.embedder);
  } while (watcher.wait(kQuietMs, [&] { return stop() || finished(); }) || !stop());
}

}  // namespace hanok::chain
