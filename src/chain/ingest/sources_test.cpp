#include "chain/ingest/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace hanok::chain {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

class SourcesTest : public testing::Test {
 protected:
  void write(const std::string& name) {
    base::fs::create_directories((root() / name).parent_path());
    base::write_file_atomic(root() / name, name);
  }
  base::fs::path root() const { return base::fs::canonical(folder_.path()) / "in"; }
  Sources found(const SourceRules& rules = {}) const {
    const base::fs::path path = root();
    return find_sources({&path, 1}, rules);
  }
  std::vector<std::string> names(const Sources& sources) const {
    std::vector<std::string> out;
    for (const auto& file : sources.files) out.push_back(file.key.substr(root().string().size() + 1));
    return out;
  }
  base::TempFolder folder_;
};

TEST_F(SourcesTest, WhatNoLoaderTakesIsCountedBySuffix) {
  for (const char* name : {"a.txt", "b.XYZ", "c/d.xyz", "c/e.qqq", "c/.hidden.txt", "node_modules/x/y.txt"})
    write(name);
  const auto sources = found();
  EXPECT_THAT(names(sources), ElementsAre("a.txt"));
  EXPECT_THAT(sources.skipped, UnorderedElementsAre(Pair(".xyz", 2), Pair(".qqq", 1)));
  EXPECT_THAT(sources.ignored, UnorderedElementsAre(Pair("hidden", 1), Pair("node_modules", 1)));
}

TEST_F(SourcesTest, ExclusionsAreReadAsInGitignore) {
  for (const char* name : {"a.txt", "old/b.txt", "c/old/d.txt", "c/e.txt", "c/f.md"}) write(name);
  const std::vector<std::string> exclude = {"old/", "/c/*.md"};
  const auto sources = found({.exclude = exclude});
  EXPECT_THAT(names(sources), ElementsAre("a.txt", "c/e.txt"));
  EXPECT_THAT(sources.ignored, ElementsAre(Pair("--exclude", 3)));
  EXPECT_TRUE(sources.unwanted.empty()) << "what is stored of them stays";
}

TEST_F(SourcesTest, ALinkToWhatIsReadAnywayIsNoSecondFile) {
  write("a.txt");
  write("real/b.txt");
  write("../outside/c.txt");
  base::fs::create_symlink("a.txt", root() / "0-link.txt");
  base::fs::create_symlink("real", root() / "0-folder");
  base::fs::create_symlink("../outside", root() / "out");
  base::fs::create_symlink("../outside/c.txt", root() / "out.txt");
  base::fs::create_symlink("..", root() / "real/up");
  base::fs::create_symlink("gone", root() / "dangling.txt");
  const auto sources = found();
  EXPECT_THAT(names(sources), ElementsAre("a.txt", "out/c.txt", "real/b.txt"));
  EXPECT_EQ(sources.ignored.at("link"), 3u);
  EXPECT_TRUE(sources.unwanted.count((root() / "0-link.txt").string()));
}

TEST_F(SourcesTest, ALinkDoesNotBringBackWhatIsRefused) {
  for (const char* name : {"a.txt", "old/b.txt", "drafts/c.txt", "node_modules/x/d.txt", ".e.txt"}) write(name);
  base::write_file_atomic(root() / ".hanokignore", "drafts/\n");
  base::fs::create_symlink("old", root() / "archive");
  base::fs::create_symlink("old/b.txt", root() / "b-link.txt");
  base::fs::create_symlink("drafts/c.txt", root() / "c-link.txt");
  base::fs::create_symlink("node_modules/x/d.txt", root() / "d-link.txt");
  base::fs::create_symlink(".e.txt", root() / "e-link.txt");
  const std::vector<std::string> exclude = {"old/"};
  const auto sources = found({.exclude = exclude});
  EXPECT_THAT(names(sources), ElementsAre("a.txt", "d-link.txt", "e-link.txt"));
  EXPECT_EQ(sources.ignored.at("--exclude"), 3u) << "the folder and two ways into it";
  EXPECT_EQ(sources.ignored.at(".hanokignore"), 2u);
  EXPECT_TRUE(sources.unwanted.count((root() / "c-link.txt").string()));
  EXPECT_TRUE(sources.left_out.count((root() / "b-link.txt").string())) << "what is stored of it stays";
}

TEST_F(SourcesTest, AFileIsReadOnceHoweverItIsNamed) {
  write("a.txt");
  base::fs::create_symlink("a.txt", root() / "link.txt");
  const base::fs::path paths[] = {root(), root() / "a.txt", root() / "link.txt"};
  const auto sources = find_sources(paths);
  EXPECT_THAT(names(sources), ElementsAre("a.txt"));
}

TEST_F(SourcesTest, NamesThatBecomeEqualWhenCleanedStayTwo) {
  const std::string composed = "회의록.txt",
                    decomposed =
                        "\xe1\x84\x92\xe1\x85\xac\xe1\x84\x8b\xe1\x85\xb4\xe1\x84\x85\xe1\x85\xa9\xe1\x86\xa8.txt";
  for (const std::string& name : {composed, decomposed, std::string("r\xe9s.txt"), std::string("r\xe8s.txt")})
    write(name);
  const auto sources = found();
  EXPECT_THAT(names(sources), UnorderedElementsAre(composed, decomposed, "r%E9s.txt", "r%E8s.txt"));
  for (const auto& file : sources.files) EXPECT_EQ(document_key(file.path), file.key) << "also when it is named alone";
  base::fs::remove(root() / composed);
  EXPECT_THAT(names(found()), testing::Contains(composed)) << "no twin any more: NFC";
}

}  // namespace
}  // namespace hanok::chain
