#include "base/watch.h"

#include "hanok/chain.h"

namespace hanok::chain {

constexpr int kQuietMs = 300;  // an editor writes a file in several steps; wait until it is done

void watch(store::Collection& collection, std::span<const std::filesystem::path> paths, const IngestOptions& options,
           const std::function<void(const IngestReport&)>& on_report, const std::function<bool()>& stop) {
  base::FolderWatcher watcher({paths.begin(), paths.end()});
  do {
    const IngestReport report = ingest(collection, paths, options);
    if (on_report) on_report(report);
  } while (watcher.wait(kQuietMs, stop));
}

}  // namespace hanok::chain
