// Documentation stays true: every link and path it names exists, and every `hanok ...` line of a shell block is a
// command that the program knows.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "program.h"

namespace hanok::test {
namespace {

namespace fs = base::fs;

std::vector<fs::path> pages() {
  const fs::path root = HANOK_SOURCE_DIR;
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(root))
    if (entry.path().extension() == ".md") out.push_back(entry.path());
  for (const char* folder : {"docs", "src", "tools", "bench"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.path().extension() == ".md") out.push_back(entry.path());
  return out;
}

TEST(Docs, LinksLeadSomewhere) {
  const std::regex link(R"(\]\(([^)#\s]+)(#[^)]*)?\))");
  size_t seen = 0;
  for (const auto& page : pages()) {
    const std::string text = base::read_file(page);
    for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
      const std::string target = (*it)[1];
      if (target.find("://") != std::string::npos || target.rfind("mailto:", 0) == 0) continue;
      ++seen;
      EXPECT_TRUE(fs::exists(page.parent_path() / target)) << page << " links to " << target;
    }
  }
  EXPECT_GT(seen, 10u);
}

TEST(Docs, PathsNamedInCodeMarksExist) {
  const std::regex path(R"(`((?:src|include|apps|tests|tools|examples|docs|cmake|bench)/[A-Za-z0-9_./-]+)`)");
  for (const auto& page : pages()) {
    const std::string text = base::read_file(page);
    for (std::sregex_iterator it(text.begin(), text.end(), path), end; it != end; ++it) {
      const std::string target = (*it)[1];
      if (target.find("NAME") != std::string::npos || target.find("...") != std::string::npos) continue;
      EXPECT_TRUE(fs::exists(fs::path(HANOK_SOURCE_DIR) / target)) << page << " names " << target;
    }
  }
}

// What a page shows of an example in C++ stands there: each line of the block below a heading that names the example,
// in their order.
TEST(Docs, LinesOfExamplesStandInThem) {
  const fs::path root = HANOK_SOURCE_DIR;
  std::istringstream lines(base::read_file(root / "docs/coming-from-langchain.md"));
  const std::regex heading(R"(### .*`(examples/[0-9a-z_]+\.cpp)`)");
  const auto trimmed = [](const std::string& line) {
    const size_t first = line.find_first_not_of(' ');
    return first == line.npos ? std::string() : line.substr(first, line.find_last_not_of(' ') + 1 - first);
  };
  std::vector<std::string> rest;  // lines of the example, from the one behind the last that was found
  std::string name;
  size_t seen = 0;
  bool code = false;
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (std::regex_match(line, found, heading)) {
      name = found[1], rest.clear();
      std::istringstream example(base::read_file(root / name));
      for (std::string one; std::getline(example, one);) rest.push_back(trimmed(one));
    }
    if (line.rfind("```", 0) == 0) code = !code && line == "```cpp";
    if (!code || line.rfind("```", 0) == 0) continue;
    const auto at = std::find(rest.begin(), rest.end(), trimmed(line));
    ASSERT_NE(at, rest.end()) << name << " has no such line there: " << line;
    rest.erase(rest.begin(), at + 1);
    ++seen;
  }
  EXPECT_GT(seen, 25u);
}

// `hanok search "x" -k 3` in a ```sh block: the program must accept `hanok search --help`.
TEST(Docs, CommandsInShellBlocksExist) {
  Program hanok;
  size_t seen = 0;
  for (const auto& page : pages()) {
    std::istringstream lines(base::read_file(page));
    bool shell = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind("```", 0) == 0) shell = !shell && line == "```sh";
      if (!shell || line.rfind("hanok ", 0) != 0) continue;
      std::istringstream words(line.substr(6));
      std::string first, second;
      words >> first >> second;
      if (first.rfind("-", 0) == 0) continue;
      ++seen;
      const bool group = first == "collections" || first == "documents" || first == "eval" || first == "config" ||
                         first == "models" || first == "index" || first == "prompts" || first == "keys" ||
                         first == "vision" || first == "cache";
      const auto result = group ? hanok.run({first, second, "--help"}) : hanok.run({first, "--help"});
      if (result.err.find("needs the program hanok-train") != std::string::npos) continue;  // built without libtorch
      EXPECT_EQ(result.exit_status, 0) << page << ": " << line << "\n" << result.err;
    }
  }
  EXPECT_GT(seen, 5u);
}

}  // namespace
}  // namespace hanok::test
