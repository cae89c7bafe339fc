#include "store/backup.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/store.h"

namespace hanok::store {
namespace {

namespace fs = std::filesystem;

NewDocument document(const std::string& path, const std::string& text) {
  NewDocument out;
  out.info.path = path;
  out.info.format = "txt";
  out.info.content_hash = path;
  out.text = text;
  out.chunks.push_back({.span = {0, text.size()}});
  return out;
}

TEST(Backup, IsOneMomentOfAFolderInUse) {
  const base::TempFolder folder;
  const fs::path data = folder.path() / "data", copy = folder.path() / "copy", again = folder.path() / "again";
  EXPECT_THROW(backup(data, copy), Error);
  const auto store = Store::open(data);
  const auto notes = store->collection("notes", true);
  notes->put(document("a.txt", "red maps"));
  fs::create_directories(data / "files" / "file-1");
  base::write_file_atomic(data / "files" / "file-1" / "b.txt", "uploaded");
  const auto files = backup(data, copy);  // while the store is open for writing
  EXPECT_EQ(files.size(), 2u);
  notes->put(document("later.txt", "blue maps"));
  EXPECT_THROW(backup(data, copy), Error) << "never over another one";
  restore(copy, again);
  EXPECT_THROW(restore(copy, again), Error) << "never over documents";
  const auto restored = Store::open(again);
  EXPECT_TRUE(restored->verify().empty());
  const auto found = restored->collection("notes");
  EXPECT_EQ(found->document_count(), 1u);
  EXPECT_EQ(found->search_keyword("maps", 5).size(), 1u);
  EXPECT_EQ(base::read_file(again / "files" / "file-1" / "b.txt"), "uploaded");
}

TEST(Backup, DamageIsFoundBeforeAnythingIsWritten) {
  const base::TempFolder folder;
  const fs::path data = folder.path() / "data", copy = folder.path() / "copy", again = folder.path() / "again";
  Store::open(data)->collection("notes", true)->put(document("a.txt", "red maps"));
  backup(data, copy);
  std::string bytes = base::read_file(copy / "hanok.db");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  base::write_file_atomic(copy / "hanok.db", bytes);
  EXPECT_THROW(restore(copy, again), Error);
  EXPECT_FALSE(fs::exists(again));
  std::string manifest = base::read_file(copy / "manifest.json");
  manifest.replace(manifest.find("hanok.db"), 8, "../x.dbs");
  base::write_file_atomic(copy / "manifest.json", manifest);
  EXPECT_THROW(restore(copy, again), Error);
}

}  // namespace
}  // namespace hanok::store
