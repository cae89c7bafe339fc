// Copies of indexes: backups, and the collections of pod-based indexes. Each is a collection of the store of its own,
// in a tenant beside those of clients.
#pragma once

#include "server/pinecone/index_model.h"

namespace hanok::server::pinecone {

/// Makes the tenant and the database where they are not there.
void make_place(const store::Place& place, House& house);
store::Place backups_place();
store::Place collections_place();

/// A copy, and what copy_index() was given. Whoever may read or write an index may do so with its copies.
struct Copy {
  std::shared_ptr<store::Records> records;
  store::RecordsInfo info;
  std::string source;  // the name of the index that it was made of
  Json note;
};

/// A copy of an index, as of now, under `name` in `place`; `note` is kept with it. 409 where the name is taken.
Copy copy_index(const Index& index, const store::Place& place, const std::string& name, const Json& note, House& house);
/// Calls `take` with each, whoever may read it.
void each_copy(const store::Place& place, House& house, const std::function<void(const Copy&)>& take);
/// 404 where there is none.
Copy find_copy(const store::Place& place, const std::string& name, const Request& request, House& house, Scope needed);
/// Those that the request may read, by name.
std::vector<Copy> list_copies(const store::Place& place, const Request& request, House& house);
/// A backup as clients read it.
Json show_backup(const Copy& backup);
/// Keeps another note with it.
void set_copy_note(const Copy& copy, const Json& note);
void drop_copy(const store::Place& place, const std::string& name, const Request& request, House& house);

/// An index with the records of a copy. 409 where the name is taken.
Index restore(const Copy& copy, const std::string& index, const IndexModel& model, const Request& request,
              House& house);
/// POST /indexes with a source_collection. 404 where there is none; 400 where dimension or metric is another.
Index restore_collection(const NewIndex& said, const Request& request, House& house);

}  // namespace hanok::server::pinecone
