#include "base/watch.h"

#include "hanok/chain.h"
#include "hanok/context.h"

namespace hanok::chain {

constexpr int kQuietMs = 300;  // an editor writes a file in several steps; wait until it is done

void watch(store::Collection& collection, std::span<const std::filesystem::path> paths, const IngestOptions& options,
           const std::function<void(const IngestReport&)>& on_report, const std::function<bool()>& stop) {
  base::FolderWatcher watcher({paths.begin(), paths.end()});
  IngestOptions each = options;
  each.embed = false;
  std::unique_ptr<Reembedding> beside;
  const auto finished = [&] { return beside && !beside->running(); };
  const auto tell = [&] {
    if (!beside || !Context::current().tells_progress()) return;
    const auto p = beside->progress();
    Context::current().tell({p.done, p.total, kEmbedding, {}, p.seconds_left});
  };
  do {
    if (finished()) {
      beside->wait();  // throws what went wrong
      beside.reset();  // what follows cuts files as the new model counts
    }
    const IngestReport report = ingest(collection, paths, each);
    if (on_report) on_report(report);
    if (options.embedder && options.embed && !beside &&
        !collection.missing_vectors(options.embedder->space(), 1).empty())
      beside = std::make_unique<Reembedding>(collection, *options.embedder);
  } while (watcher.wait(kQuietMs, [&] {
    tell();
    return stop() || finished();
  }) || !stop());
}

}  // namespace hanok::chain
