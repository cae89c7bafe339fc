#include "store/ids.h"

namespace hanok::store {

void check_ids(const fs::path& database, int64_t next, std::string_view what, size_t count) {
  if (next <= 0) throw Error(Code::Corrupt, database.string() + ": its counters are missing; restore a backup");
  if (static_cast<uint64_t>(next) + count > UINT32_MAX)
    throw Error(Code::Exhausted, database.string() + ": all 2^32 " + std::string(what) +
                                     " ids of this data folder were used; export its collections and import them "
                                     "into a new folder");
}

Ids::Ids(Database& db)
    : database_(db.file()),
      chunk_(db.number("SELECT next FROM counter WHERE name = 'chunk'")),
      file_(db.number("SELECT next FROM counter WHERE name = 'file'")) {}

uint32_t Ids::take(int64_t& next, const char* what, size_t count) {
  std::lock_guard lock(mutex_);
  check_ids(database_, next, what, count);
  const int64_t first = next;
  next += static_cast<int64_t>(count);
  return static_cast<uint32_t>(first);
}

void Ids::save(Database& db) {
  std::lock_guard lock(mutex_);
  for (const auto& [name, next] : {std::pair("chunk", chunk_), std::pair("file", file_)})
    db.run("UPDATE counter SET next = ?2 WHERE name = ?1 AND next < ?2", std::string_view(name), next);
}

}  // namespace hanok::store
