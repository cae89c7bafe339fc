// The direction of includes: a room sees only rooms below it (docs/architecture.md), and some words stay in some rooms.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr const char* kLibtorch[] = {"torch/", "ATen/", "c10/", "caffe2/", "gloo/"};

// Every room with the rooms it may see, itself left out: what CMakeLists.txt says of it, hanok_room(index DEPENDS
// math), and what those see. A room may depend only on rooms declared before it.
std::map<std::string, std::set<std::string>> read_rooms() {
  std::ifstream in(fs::path(HANOK_SOURCE_DIR) / "CMakeLists.txt");
  const std::regex room(R"(^\s*hanok_room\((\w+)([^)]*)\))"), depends(R"(DEPENDS((?:\s+[a-z_]+)+))");
  std::map<std::string, std::set<std::string>> out;
  for (std::string line; std::getline(in, line);) {
    std::smatch found, list;
    if (!std::regex_search(line, found, room)) continue;
    std::set<std::string> sees;
    const std::string arguments = found[2];
    if (std::regex_search(arguments, list, depends)) {
      std::istringstream names(list[1]);
      for (std::string name; names >> name;) {
        EXPECT_TRUE(out.count(name)) << found[1] << " depends on " << name << ", which stands no earlier";
        sees.insert(name);
        sees.merge(std::set<std::string>(out[name]));
      }
    }
    out[found[1]] = sees;
  }
  return out;
}

const std::map<std::string, std::set<std::string>>& may_see() {
  static const auto rooms = read_rooms();
  return rooms;
}

struct Include {
  std::string file, room, target;
};

std::vector<Include> includes() {
  const fs::path root = HANOK_SOURCE_DIR;
  const std::regex line(R"(^\s*#\s*include\s+["<]([^">]+)[">])");
  std::vector<Include> out;
  for (const auto& entry : fs::recursive_directory_iterator(root / "src")) {
    const auto ext = entry.path().extension();
    if (ext != ".cpp" && ext != ".h") continue;
    const std::string room = fs::relative(entry.path(), root / "src").begin()->string();
    std::ifstream in(entry.path());
    for (std::string text; std::getline(in, text);) {
      std::smatch m;
      if (std::regex_search(text, m, line)) out.push_back({fs::relative(entry.path(), root).string(), room, m[1]});
    }
  }
  return out;
}

// "store/bm25.h" and "hanok/store.h" both belong to store.
std::string room_of(const std::string& target) {
  const std::string door = "hanok/";
  if (target.rfind(door, 0) == 0) return target.substr(door.size(), target.find('.') - door.size());
  return target.substr(0, target.find('/'));
}

TEST(Layering, EveryRoomIsListed) {
  ASSERT_GE(may_see().size(), 8u) << "CMakeLists.txt was not read";
  EXPECT_EQ(may_see().at("store"), (std::set<std::string>{"base", "math", "text", "index"}));
  for (const auto& entry : fs::directory_iterator(fs::path(HANOK_SOURCE_DIR) / "src"))
    EXPECT_TRUE(may_see().count(entry.path().filename().string())) << entry.path();
}

TEST(Layering, IncludesRunDownwards) {
  size_t seen = 0;
  for (const auto& i : includes()) {
    const std::string to = room_of(i.target);
    if (!may_see().count(to) || to == i.room) continue;
    ++seen;
    EXPECT_TRUE(may_see().at(i.room).count(to))
        << i.file << " includes " << i.target << ": " << i.room << " may not see " << to;
  }
  EXPECT_GT(seen, 20u) << "the scan found too few includes to mean anything";
}

TEST(Layering, WordsStayInTheirRooms) {
  // header -> rooms that may include it
  const std::map<std::string, std::set<std::string>> owners = {
      {"sqlite3.h", {"store"}}, {"curl/curl.h", {"chain"}},           {"sys/socket.h", {}},
      {"thread", {"base"}},     {"sys/inotify.h", {"base", "chain"}}, {"png.h", {"image"}},
      {"jpeglib.h", {"image"}}};
  const std::set<std::string> of_http_server = {"src/server/http/listener.cpp", "src/server/http/listener_impl.h",
                                                "src/server/http/connection.cpp", "src/server/http/transport.h",
                                                "src/server/http/transport.cpp"};
  for (const auto& i : includes()) {
    if (i.target.rfind("boost/asio", 0) == 0 || i.target.rfind("boost/beast", 0) == 0) {
      EXPECT_TRUE(of_http_server.count(i.file)) << i.file << " includes " << i.target << ": there is one HTTP server";
    } else if (i.target.rfind("boost/", 0) == 0) {
      EXPECT_EQ(i.file, "src/chain/tools/exact.h") << "includes " << i.target << ": of Boost nothing else is used";
    }
    const auto owner = owners.find(i.target);
    const bool of_tests = i.file.find("_test.cpp") != std::string::npos || i.file.find("/test_") != std::string::npos;
    if (owner == owners.end() || of_tests) continue;
    EXPECT_TRUE(owner->second.count(i.room)) << i.file << " includes " << i.target;
    if (i.target == "png.h" || i.target == "jpeglib.h") {
      EXPECT_TRUE(i.file == "src/image/png.cpp" || i.file == "src/image/jpeg.cpp") << i.file << " decodes pictures";
    }
    if (i.target == "curl/curl.h") {
      EXPECT_EQ(i.file, "src/chain/http/http.cpp") << "there is one HTTP client";
    }
  }
}

// libtorch is 500 MB and half a second of every start: the program that answers must not have it.
TEST(Layering, LibtorchStaysInTheTrainer) {
  const std::set<std::string> may = {"train", "vision"};
  size_t seen = 0;
  for (const auto& i : includes())
    for (const std::string prefix : kLibtorch)
      if (i.target.rfind(prefix, 0) == 0) {
        ++seen;
        EXPECT_TRUE(may.count(i.room)) << i.file << " includes " << i.target;
      }
  EXPECT_GT(seen, 0u) << "the scan found no include of libtorch: it means nothing";
  for (const auto& entry : fs::directory_iterator(fs::path(HANOK_SOURCE_DIR) / "apps/hanok")) {
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const std::string word : {"#include <torch", "#include \"train/", "#include \"vision/"})
      EXPECT_EQ(text.find(word), std::string::npos) << entry.path() << " has " << word;
  }
}

}  // namespace
