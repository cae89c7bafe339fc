// Bulk imports: a folder of Parquet files on this machine becomes vectors of an index, in the background. What waits is
// on disk, so that an import that was taken is done though the server is stopped or killed meanwhile; one that was cut
// off begins again, which does no harm, as it writes over what it wrote. What is known of one is a note of the index.
//
//   FOLDER/NAMESPACE/*.parquet   and FOLDER/*.parquet, which go into the default namespace
//   columns: id (text), values (list of floats), sparse_values (indices and values), metadata (JSON text)
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/file_queue.h"
#include "server/pinecone/index_model.h"

namespace hanok::server::pinecone {

struct Import {
  std::string id, uri, status, error;  // status: Pending, InProgress, Failed, Completed, Cancelled
  int64_t created_ms = 0, finished_ms = 0;
  double percent = 0;
  uint64_t records = 0;  // that were written
};

inline constexpr std::string_view kImportNote = "pinecone.import/";

/// Everything may be called from several threads. Rights are looked at by whoever calls.
class Imports {
 public:
  /// Goes on with what an earlier process had taken.
  explicit Imports(House& house);
  ~Imports() { stop(); }

  /// go_on: a record that is refused is passed over; else it ends the import. Returns its id. 400 where `uri` is no
  /// folder of this machine that holds Parquet files.
  std::string start(const Index& index, const std::string& uri, bool go_on);
  /// Newest first.
  std::vector<Import> of(const Index& index) const;
  /// 404 where there is none.
  Import find(const Index& index, const std::string& id) const;
  /// What it wrote stays. 404 where there is none.
  void cancel(const Index& index, const std::string& id);
  void stop() { queue_.stop(); }

 private:
  /// Needs mutex_.
  Import with_progress(Import import, const std::string& index) const;
  double percent() const;
  void read(const WaitingFile& waiting);
  void import_folder(const Index& index, const WaitingFile& waiting);

  House& house_;
  mutable std::mutex mutex_;  // of what follows, and of notes: read, changed and written again
  std::string running_index_, running_id_;
  std::set<std::pair<std::string, std::string>> to_cancel_;   // index and id of those that are about to run
  std::atomic<uint64_t> rows_{0}, all_rows_{0}, written_{0};  // of the one that runs
  std::atomic<bool> cancelled_{false};
  FileQueue queue_;  // last: it ends before what it reads with
};

void add_import_routes(Routes& routes, House& house, Imports& imports);

}  // namespace hanok::server::pinecone
