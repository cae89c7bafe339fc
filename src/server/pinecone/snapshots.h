// Copies of indexes: backups, and the collections of pod-based indexes. Each is a collection of the store of its own,
// in a tenant that only this API looks into.
#pragma once

#include "server/pinecone/index_model.h"

namespace hanok::server::pinecone {

store::Place backups_place();
store::Place collections_place();

/// A copy of an index, as of now, under `name` in `place`; `note` is kept with it.
std::shared_ptr<store::Records> copy_index(const Index& index, const store::Place& place, const std::string& name,
                                           const Json& note, House& house);
/// Of a copy: what copy_index() was given.
Json note_of_copy(const store::Records& records);

/// An index with the records of the copy `name` in `place`; of the copied index too is what `said` leaves open.
Index restore(const store::Place& place, const std::string& name, const std::string& index, const IndexModel& model,
              const Request& request, House& house);
/// POST /indexes with a source_collection. 404 where there is none; 400 where the dimension is another.
Index restore_collection(const NewIndex& said, const Request& request, House& house);

}  // namespace hanok::server::pinecone
