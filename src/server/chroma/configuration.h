// What Chroma keeps with a collection beside its records: metadata, the configuration of its index and the schema.
//
// A client says it in up to three ways: `configuration` ({"hnsw": {"space", "ef_search", ...}, "embedding_function"}),
// `schema` (which indexes every key has) and, from the days before, metadata "hnsw:space" and its kin. All three end in
// one schema, whose key "#embedding" holds the space and the numbers of the index; the configuration that is shown is
// read from it. hanok takes the space from it, and an `ef_search` that is not the usual one, which then is how wide a
// walk is; at the usual one it measures what .99 of the nearest take. The other numbers of HNSW are kept and shown.
#pragma once

#include <optional>
#include <string>

#include "hanok/records.h"
#include "server/chroma/service.h"

namespace hanok::server::chroma {

struct Description {
  Tree metadata = nullptr;  // an object or null
  Tree schema = Tree::object();
  std::string lineage = {};  // the uuid of the collection that this one and its forks began as; "": itself

  store::Metric metric() const;
  /// How wide a walk was asked to be; 0: as usual.
  size_t ef() const;
  /// {"hnsw": {...}, "spann": null, "embedding_function": ...}
  Tree configuration() const;
};

/// What a request to create says. Refused: unknown fields, an index that is both hnsw and spann, a configuration and a
/// schema that both say something.
Description describe(const Tree& configuration, const Tree& schema, const Tree& metadata);
/// What a request to modify says: {"hnsw": {"ef_search", ...}, "embedding_function"}.
void update(Description& description, const Tree& configuration);
/// An object that is not empty, or null; its keys are none of Chroma's own. `place` is for the words of a refusal.
void check_collection_metadata(const Tree& metadata, const std::string& place);

std::string to_note(const Description& description);
Description from_note(std::string_view note);
/// The description of a collection, whoever made it.
Description description_of(const store::Records& records, const store::RecordsInfo& info);

inline constexpr std::string_view kNote = "chroma";
inline constexpr std::string_view kImported = "chroma.imported";  // as store/chroma leaves it

}  // namespace hanok::server::chroma
