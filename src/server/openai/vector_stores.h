// Vector stores: collections by OpenAI's words. Each collection is one under its own name, whoever filled it; those
// that are created here are called "vs_...". What is known of one beyond its documents lies in notes of the collection:
// "openai" (name, metadata, when it was made), and one each for a file that was cut in a way of its own
// ("openai.file/ID"), a file that could not be read ("openai.failed/ID") and a batch ("openai.batch/ID").
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "hanok/chain.h"
#include "hanok/records.h"
#include "server/file_queue.h"
#include "server/house.h"
#include "server/http/message.h"
#include "server/openai/file_shelf.h"

namespace hanok::server {

/// {"object": "list", "data", "first_id", "last_id", "has_more"} by the request's limit, order (desc), after and
/// before. rows: newest first, each with "id".
base::OrderedJson list_page(std::vector<base::OrderedJson> rows, const Request& request);

/// {"type": "eq", "key", "value"} and {"type": "and", "filters": [...]} as a condition on metadata.
store::Filter read_attribute_filter(const base::Json* filters);

/// A passage that was found.
struct FoundPassage {
  std::string file_id, filename, text;
  double score = 0;
  base::Json attributes;
};

/// Several requests may use one together.
class VectorStores {
 public:
  /// Goes on with the files that an earlier process had not read.
  VectorStores(House& house, FileShelf& shelf);
  /// No more files are read; those that wait are read by the next process.
  void stop() { queue_.stop(); }

  base::OrderedJson create(const Request& request, const base::Json& body);
  base::OrderedJson show(const std::string& id) const;
  base::OrderedJson list(const Request& request) const;
  base::OrderedJson update(const std::string& id, const base::Json& body);
  void remove(const std::string& id);

  /// Takes a file that is to be read into the collection: its status is "in_progress", and then "completed", or
  /// "failed" where it cannot be read.
  base::OrderedJson attach(const Access& access, const std::string& id, const base::Json& file,
                           const base::Json& otherwise);
  /// Changes what is said about a file that is there: it is read again, before all that wait.
  base::OrderedJson change(const std::string& id, const std::string& file, const base::Json& body);
  base::OrderedJson show_file(const std::string& id, const std::string& file) const;
  std::vector<base::OrderedJson> list_files(const std::string& id, const std::set<std::string>& only = {}) const;
  base::OrderedJson content(const std::string& id, const std::string& file) const;
  void detach(const std::string& id, const std::string& file);

  base::OrderedJson create_batch(const Access& access, const std::string& id, const base::Json& body);
  base::OrderedJson show_batch(const std::string& id, const std::string& batch) const;
  /// Those of its files that wait are not read any more.
  base::OrderedJson cancel_batch(const std::string& id, const std::string& batch);
  std::vector<base::OrderedJson> batch_files(const std::string& id, const std::string& batch) const;

  std::vector<FoundPassage> search(const std::string& id, const std::string& query, const store::Filter& filter,
                                   size_t k) const;

  /// The id of the file that a document of this store was read from.
  std::string id_of(const std::string& id, const std::string& path) const;

 private:
  std::shared_ptr<store::Collection> open(const std::string& id) const;
  /// The collection with what is noted of it.
  std::shared_ptr<store::Records> noted(const std::string& id) const;
  base::Json batch_note(const std::string& id, const std::string& batch) const;
  /// 404 where the file is not there or not to be seen.
  WaitingFile waiting(const Access& access, const std::string& id, const base::Json& file,
                      const base::Json& otherwise) const;
  void read(const WaitingFile& file);
  base::OrderedJson file_json(const std::string& id, const std::string& file, const std::string& status,
                              const base::Json& note) const;
  /// note: the file's own, where it has one.
  base::OrderedJson document_json(const std::string& id, const store::DocumentInfo& document,
                                  const std::optional<std::string>& note) const;
  std::optional<store::DocumentInfo> find_document(const store::Snapshot& snapshot, const std::string& file) const;
  std::string file_id(const store::DocumentInfo& document) const;

  House& house_;
  FileShelf& shelf_;
  std::mutex writing_;  // of a note: read, changed and written again
  FileQueue queue_;     // last: it ends before what it reads with
};

}  // namespace hanok::server
