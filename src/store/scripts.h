// Which script each chunk of a collection is written in: sets of chunk ids in the database, written with the chunks.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "hanok/store.h"
#include "hanok/text.h"
#include "store/bitmap.h"
#include "store/database.h"
#include "store/documents.h"

namespace hanok::store {

/// By the numbers of text::Script; every chunk is in one of them.
class Scripts {
 public:
  /// Throws Corrupt.
  static Scripts load(Database& db, int64_t collection);
  const Bitmap& of(text::Script script) const { return sets_[static_cast<size_t>(script)]; }
  Bitmap& of(text::Script script) { return sets_[static_cast<size_t>(script)]; }
  /// Other for a chunk that is in none.
  text::Script of(ChunkId id) const;
  /// Chunks in all sets together.
  uint64_t size() const;
  bool operator==(const Scripts&) const = default;

 private:
  std::array<Bitmap, text::kScripts> sets_;
};

/// From the texts of all chunks: what the stored sets have to be.
Scripts read_scripts(Database& db, int64_t collection);

// Inside the caller's transaction:
/// Chunks first, first + 1, ... with these texts are new.
void add_scripts(Database& db, int64_t collection, ChunkId first, std::span<const text::Script> scripts);
void remove_scripts(Database& db, int64_t collection, std::span<const ChunkRange> gone);
void remove_scripts(Database& db, int64_t collection, const Bitmap& gone);
/// Replaces what is stored for all collections by read_scripts, where there is none or it does not hold every chunk.
/// True if something was written.
bool repair_scripts(Database& db, int64_t collection);

}  // namespace hanok::store
