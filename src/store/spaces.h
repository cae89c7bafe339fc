// Vector spaces and their vectors as rows. Works inside the caller's transaction.
//
// A collection has at most one space that answers and one that is being filled. When the second has a vector for every
// chunk it takes the place of the first, in the same transaction that wrote the last vector.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "hanok/records.h"
#include "store/bitmap.h"
#include "store/data_folder.h"
#include "store/documents.h"

namespace hanok::store {

enum class Role { Dropped = 0, Active = 1, Pending = 2 };

struct SpaceRow {
  int64_t id = 0;
  Role role = Role::Active;
  VectorSpace space;
  int64_t vectors = 0;
  Metric metric = Metric::Cosine;  // of the collection
};

/// The fingerprint of vectors that clients gave without saying of which model.
inline constexpr const char* kGiven = "given";

Metric metric_of(Database& db, int64_t collection);

/// The key of a vector; those of one space lie together, by chunk.
inline int64_t vector_id(int64_t space, ChunkId chunk) { return (space << 32) | chunk; }

/// Same numbers: fingerprint, dim and chunker; the name is for people.
bool same_space(const VectorSpace& a, const VectorSpace& b);
std::vector<SpaceRow> space_rows(Database& db, int64_t collection);
std::optional<SpaceRow> find_space(Database& db, int64_t collection, Role role);
/// The number of this space where it answers or is being filled; else 0.
int64_t find_space(Database& db, int64_t collection, const VectorSpace& space);
/// "minilm (384-d, 3f2a…)" for messages.
std::string describe(const VectorSpace& space);

void set_space(Database& db, int64_t collection, const VectorSpace& space);
/// rows: [ids.size(), dim]. Throws Invalid for NaN, infinity or a wrong length.
void check_rows(const VectorSpace& space, size_t ids, std::span<const float> rows);
void write_vectors(Database& db, const SpaceRow& space, std::span<const ChunkId> ids, std::span<const float> rows);
/// [ids.size(), dim]: a row of NaN where a chunk has no vector in the space.
std::vector<float> stored_rows(Database& db, int64_t space, size_t dim, std::span<const ChunkId> ids);
/// Empty where the chunk has no vector in the space.
std::vector<float> stored_row(Database& db, int64_t space, size_t dim, ChunkId id);
/// The vectors of removed chunks, in every space.
void delete_vectors(Database& db, int64_t collection, ChunkRange range);
void delete_vectors(Database& db, int64_t collection, const Bitmap& ids);
/// Lets the pending space answer when it is complete. True if it does now.
bool promote_if_complete(Database& db, int64_t collection);
/// Deletes some thousand vectors of a dropped space, in a transaction of its own. False: there is none.
bool purge_dropped(DataFolder& folder, int64_t collection);
/// Chunks from `from` on without a vector in the space (0: in none).
std::vector<ChunkId> missing(Database& db, int64_t collection, int64_t space, ChunkId from, size_t limit);

}  // namespace hanok::store
