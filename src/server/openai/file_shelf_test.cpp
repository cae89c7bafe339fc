#include "server/openai/file_shelf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/file.h"

namespace hanok::server {
namespace {

// Files are uploaded and deleted by others while a client asks for the list, or for one of them.
TEST(FileShelf, ListsWhileFilesComeAndGo) {
  const base::TempFolder folder;
  FileShelf shelf(folder.path());
  const ShelvedFile kept = shelf.add("kept.txt", "assistants", "kept");
  std::atomic<bool> stop{false};
  std::atomic<int> made{0};
  std::thread others([&] {
    for (; !stop; ++made) shelf.remove(shelf.add("a.txt", "assistants", "a").id);
  });
  while (made < 300) {
    std::vector<ShelvedFile> files;
    EXPECT_NO_THROW(files = shelf.list());
    for (const auto& file : files) EXPECT_NO_THROW(shelf.find(file.id));
    EXPECT_TRUE(std::any_of(files.begin(), files.end(), [&](const auto& f) { return f.id == kept.id; }));
  }
  stop = true;
  others.join();
}

}  // namespace
}  // namespace hanok::server
