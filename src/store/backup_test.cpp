#include "store/backup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/file.h"
#include "hanok/journal.h"
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
  base::write_file_atomic(data / "files" / "c.json", "about it");
  fs::create_directories(data / "chats");
  base::write_file_atomic(data / "chats" / "trip.json", "a conversation");
  base::write_file_atomic(data / "chats" / "trip.lock", "");
  const auto journal = Journal::open(data);
  journal->append("talk", {"hello"});
  const auto files = backup(data, copy);  // while store and journal are open for writing
  EXPECT_EQ(files.size(), 5u);
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
  EXPECT_EQ(base::read_file(again / "chats" / "trip.json"), "a conversation");
  EXPECT_FALSE(fs::exists(again / "chats" / "trip.lock"));
  EXPECT_EQ(Journal::open(again)->items("talk").at(0).value, "hello");
}

// Uploaded files are removed, and others come, while the folder is copied.
TEST(Backup, FilesMayComeAndGo) {
  const base::TempFolder folder;
  const fs::path data = folder.path() / "data", files = data / "files";
  Store::open(data);
  fs::create_directories(files);
  std::atomic<bool> stop{false};
  std::thread others([&] {
    for (int n = 0; !stop; ++n) {
      const std::string name = "file-" + std::to_string(n), old = "file-" + std::to_string(n - 20);
      fs::create_directories(files / name);
      base::write_file_atomic(files / name / "b.txt", name);
      base::write_file_atomic(files / (name + ".json"), "about " + name);
      fs::remove(files / (old + ".json"));
      fs::remove_all(files / old);
    }
  });
  for (int i = 0; i < 20; ++i) {
    const fs::path copy = folder.path() / ("copy" + std::to_string(i));
    EXPECT_NO_THROW(backup(data, copy));
    if (!fs::exists(copy / "files")) continue;
    for (const auto& entry : fs::directory_iterator(copy / "files")) {
      if (entry.path().extension() != ".json") continue;
      EXPECT_EQ(base::read_file(copy / "files" / entry.path().stem() / "b.txt"), entry.path().stem());
    }
    fs::remove_all(copy);
  }
  stop = true;
  others.join();
}

TEST(Backup, AFolderMayEndInASlash) {
  const base::TempFolder folder;
  const fs::path data = folder.path() / "data" / "", copy = folder.path() / "copy" / "";
  Store::open(data);
  ASSERT_EQ(backup(data, copy).size(), 1u);
  EXPECT_EQ(backup(data, folder.path() / "other")[0].path, "hanok.db");
  EXPECT_EQ(restore(copy, folder.path() / "again" / "")[0].path, "hanok.db");
  EXPECT_FALSE(fs::exists(folder.path() / "copy" / ".part"));
}

TEST(Backup, NothingThatIsThereIsReplaced) {
  const base::TempFolder folder;
  const fs::path data = folder.path() / "data", copy = folder.path() / "copy", again = folder.path() / "again";
  Store::open(data);
  Journal::open(data)->append("talk", {"old"});
  backup(data, copy);
  Journal::open(again)->append("talk", {"new"});  // no documents here, but a conversation
  EXPECT_THROW(restore(copy, again), Error);
  EXPECT_EQ(Journal::open(again)->items("talk").at(0).value, "new");
  EXPECT_FALSE(fs::exists(again / "hanok.db"));
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
  const std::string manifest = base::read_file(copy / "manifest.json");
  for (const char* path : {"../x.dbs", "", "manifest.json"}) {  // outside, nothing, and not the database
    std::string other = manifest;
    other.replace(other.find("hanok.db"), 8, path);
    base::write_file_atomic(copy / "manifest.json", other);
    try {
      restore(copy, again);
      ADD_FAILURE() << path;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Corrupt) << path;
    }
    EXPECT_FALSE(fs::exists(again));
  }
}

}  // namespace
}  // namespace hanok::store
