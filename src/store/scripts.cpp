#include "store/scripts.h"

#include <string>

#include "store/record_rows.h"

namespace hanok::store {
namespace {

constexpr int kBlockBits = 16;  // a set is stored in pieces of 65,536 ids, so that a write changes some KB at most

int64_t block_of(ChunkId id) { return id >> kBlockBits; }

Bitmap whole_block(int64_t block) {
  Bitmap out;
  add_range(out, static_cast<uint64_t>(block) << kBlockBits, uint64_t{1} << kBlockBits);
  return out;
}

Bitmap stored_block(Database& db, int64_t collection, int64_t block, text::Script script) {
  Rows row = db.query("SELECT chunks FROM script WHERE collection = ?1 AND block = ?2 AND script = ?3", collection,
                      block, static_cast<int>(script));
  return row.next() ? bitmap_from(row.bytes(0), "scripts of collection " + std::to_string(collection)) : Bitmap();
}

void store_block(Database& db, int64_t collection, int64_t block, text::Script script, const Bitmap& set) {
  if (set.isEmpty()) {
    db.run("DELETE FROM script WHERE collection = ?1 AND block = ?2 AND script = ?3", collection, block,
           static_cast<int>(script));
    return;
  }
  const std::string bytes = to_bytes(set);
  db.run("INSERT OR REPLACE INTO script VALUES (?1, ?2, ?3, ?4)", collection, block, static_cast<int>(script),
         Blob{bytes});
}

// Sets of any size into blocks; what is stored of those blocks becomes change(stored, given).
template <class Change>
void change_blocks(Database& db, int64_t collection, text::Script script, const Bitmap& given, Change change) {
  if (given.isEmpty()) return;
  for (int64_t block = block_of(given.minimum()); block <= block_of(given.maximum()); ++block) {
    const Bitmap here = given & whole_block(block);
    if (here.isEmpty()) continue;
    const Bitmap there = stored_block(db, collection, block, script);
    if (const Bitmap changed = change(there, here); changed != there)
      store_block(db, collection, block, script, changed);
  }
}

template <class Use>
void each_script(Use use) {
  for (size_t s = 0; s < text::kScripts; ++s) use(static_cast<text::Script>(s));
}

}  // namespace

Scripts Scripts::load(Database& db, int64_t collection) {
  Scripts out;
  Rows rows = db.query("SELECT script, chunks FROM script WHERE collection = ?1", collection);
  while (rows.next()) {
    const int64_t script = rows.integer(0);
    if (script < 0 || script >= static_cast<int64_t>(text::kScripts))
      throw Error(Code::Corrupt, "scripts of collection " + std::to_string(collection) + ": there is no script " +
                                     std::to_string(script) + "; open the folder for writing once (hanok ingest)");
    out.sets_[static_cast<size_t>(script)] |=
        bitmap_from(rows.bytes(1), "scripts of collection " + std::to_string(collection));
  }
  return out;
}

text::Script Scripts::of(ChunkId id) const {
  for (size_t s = 0; s < text::kScripts; ++s)
    if (sets_[s].contains(id)) return static_cast<text::Script>(s);
  return text::Script::Other;
}

uint64_t Scripts::size() const {
  uint64_t out = 0;
  for (const auto& set : sets_) out += set.cardinality();
  return out;
}

Scripts read_scripts(Database& db, int64_t collection) {
  Scripts out;
  for_each_chunk(db, collection, 0, UINT32_MAX,
                 [&](ChunkId id, std::string_view text) { out.of(text::script_of(text)).add(id); });
  for (const ChunkId id : all_records(db, collection))  // those without a text have no letters
    if (out.of(id) == text::Script::Other) out.of(text::Script::Other).add(id);
  return out;
}

void add_scripts(Database& db, int64_t collection, ChunkId first, std::span<const text::Script> scripts) {
  Scripts fresh;
  for (size_t i = 0; i < scripts.size(); ++i) fresh.of(scripts[i]).add(static_cast<ChunkId>(first + i));
  each_script([&](text::Script s) {
    change_blocks(db, collection, s, fresh.of(s), [](const Bitmap& old, const Bitmap& more) { return old | more; });
  });
}

void remove_scripts(Database& db, int64_t collection, std::span<const ChunkRange> gone) {
  Bitmap set;
  for (const auto& range : gone) add_range(set, range.first, range.count);
  remove_scripts(db, collection, set);
}

void remove_scripts(Database& db, int64_t collection, const Bitmap& set) {
  each_script([&](text::Script s) {
    change_blocks(db, collection, s, set, [](const Bitmap& old, const Bitmap& less) { return old - less; });
  });
}

bool repair_scripts(Database& db, int64_t collection) {
  try {
    const Scripts stored = Scripts::load(db, collection);
    if (static_cast<int64_t>(stored.size()) == db.number("SELECT chunks FROM collection WHERE id = ?1", collection))
      return false;
  } catch (const Error& e) {
    if (e.code() != Code::Corrupt) throw;
  }
  db.run("DELETE FROM script WHERE collection = ?1", collection);
  const Scripts truth = read_scripts(db, collection);
  each_script([&](text::Script s) {
    change_blocks(db, collection, s, truth.of(s), [](const Bitmap& old, const Bitmap& more) { return old | more; });
  });
  return true;
}

}  // namespace hanok::store
