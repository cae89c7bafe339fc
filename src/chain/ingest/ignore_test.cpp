#include "chain/ingest/ignore.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace hanok::chain {
namespace {

// The verdicts are those of `git check-ignore --no-index` (git 2.39) for the same line.
TEST(MatchesGlob, AsGitDoes) {
  const struct {
    const char *pattern, *path;
    bool matches;
  } cases[] = {
      {"*.log", "a.log", true},
      {"*.log", ".log", true},
      {"*.log", "a.logs", false},
      {"a?c", "abc", true},
      {"a?c", "a한c", true},
      {"a?c", "a/c", false},
      {"a*c", "a/c", false},
      {"a/*", "a/b/c", false},
      {"a/**", "a/b/c", true},
      {"a/**", "a", false},
      {"**/a", "a", true},
      {"**/a", "x/y/a", true},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/xb", false},
      {"**", "x/y", true},
      {"a**b", "axyb", true},
      {"a**b", "a/b", false},
      {"[a-c]x", "bx", true},
      {"[!a-c]x", "bx", false},
      {"[^a-c]x", "dx", true},
      {"[]]", "]", true},
      {"[a\\-z]", "b", false},
      {"[a\\-z]", "-", true},
      {"[[:digit:]]", "7", true},
      {"[[:alpha:]_]x", "_x", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"a[/]b", "a/b", false},
      {"가*", "가나다", true},
      {"[가-힣].md", "한.md", true},
      {"a\\", "a\\", true},
      {"*/b", "a/b", true},
      {"*a*a*a*b", "aaaaaaaaac", false},
      {"", "a", false},
      {"a", "", false},
  };
  for (const auto& c : cases) EXPECT_EQ(matches_glob(c.pattern, c.path), c.matches) << c.pattern << " on " << c.path;
}

TEST(MatchesGlob, NeverTakesLong) {
  std::string pattern, path(200, 'a');
  for (int i = 0; i < 100; ++i) pattern += "a*";
  EXPECT_FALSE(matches_glob(pattern + "b", path));
}

bool ignored(const IgnoreRules& rules, std::string_view path, bool folder = false) {
  const auto verdict = rules.verdict(path, folder);
  return verdict && verdict->ignored;
}

TEST(IgnoreRules, LastLineThatMatchesDecides) {
  const IgnoreRules rules(
      "# comment\n*.tmp\n!keep.tmp\n\n/top\nbuild/\ndoc/*.pdf\n\\#hash\n\\!bang\ntrailing   \nkept\\ \n");
  EXPECT_TRUE(ignored(rules, "x/y.tmp"));
  EXPECT_FALSE(ignored(rules, "x/keep.tmp"));
  EXPECT_TRUE(ignored(rules, "top"));
  EXPECT_FALSE(ignored(rules, "x/top")) << "a slash in front: only here";
  EXPECT_TRUE(ignored(rules, "x/build", true));
  EXPECT_FALSE(ignored(rules, "x/build")) << "a slash at the end: only folders";
  EXPECT_TRUE(ignored(rules, "doc/a.pdf"));
  EXPECT_FALSE(ignored(rules, "doc/x/a.pdf"));
  EXPECT_FALSE(ignored(rules, "x/doc/a.pdf")) << "a slash inside: from this folder on";
  EXPECT_TRUE(ignored(rules, "#hash"));
  EXPECT_TRUE(ignored(rules, "!bang"));
  EXPECT_TRUE(ignored(rules, "trailing"));
  EXPECT_TRUE(ignored(rules, "kept "));
  EXPECT_FALSE(rules.verdict("other", false));
  EXPECT_TRUE(ignored(IgnoreRules("\xEF\xBB\xBF*.a\r\n*.b"), "x.a")) << "a mark and line ends of Windows";
}

TEST(IgnoreRules, NamesAreTheSameHoweverTheyAreComposed) {
  EXPECT_TRUE(ignored(IgnoreRules("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab.md"), "한.md"));
}

class IgnoreStackTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes = "x") {
    base::fs::create_directories((root() / name).parent_path());
    base::write_file_atomic(root() / name, bytes);
  }
  base::fs::path root() const { return folder_.path(); }
  base::TempFolder folder_;
};

TEST_F(IgnoreStackTest, DeeperFilesGoBeforeThoseAbove) {
  write(".hanokignore", "*.txt\n");
  write("notes/.hanokignore", "!a.txt\n/old/\n");
  const auto top = IgnoreStack::at_root(root()), notes = top.below(root() / "notes");
  EXPECT_EQ(top.why_not(root() / "a.txt", false), ".hanokignore");
  EXPECT_EQ(notes.why_not(root() / "notes/a.txt", false), "");
  EXPECT_EQ(notes.why_not(root() / "notes/b.txt", false), ".hanokignore");
  EXPECT_EQ(notes.why_not(root() / "notes/old", true), ".hanokignore");
  EXPECT_EQ(top.why_not(root() / "b.md", false), "");
}

TEST_F(IgnoreStackTest, GitsRulesCountInARepositoryAlone) {
  write("plain/.gitignore", "*.md\n");
  EXPECT_EQ(IgnoreStack::at_root(root() / "plain").why_not(root() / "plain/a.md", false), "");

  write("repo/.git/info/exclude", "*.own\n");
  write("repo/.gitignore", "*.md\n/sub/secret\n");
  write("repo/sub/.gitignore", "!b.md\n");
  write("repo/sub/inner/.git/HEAD");
  const auto sub = IgnoreStack::at_root(root() / "repo/sub");
  EXPECT_EQ(sub.why_not(root() / "repo/sub/a.md", false), ".gitignore") << "a rule of the folder above";
  EXPECT_EQ(sub.why_not(root() / "repo/sub/b.md", false), "");
  EXPECT_EQ(sub.why_not(root() / "repo/sub/secret", true), ".gitignore");
  EXPECT_EQ(sub.why_not(root() / "repo/sub/x.own", false), ".gitignore");
  EXPECT_EQ(sub.why_not(root() / "repo/.git", true), ".git");
  const auto inner = sub.below(root() / "repo/sub/inner");
  EXPECT_EQ(inner.why_not(root() / "repo/sub/inner/a.md", false), "") << "a repository of its own";
  write("repo/.hanokignore", "!a.md\n");
  EXPECT_EQ(IgnoreStack::at_root(root() / "repo/sub").why_not(root() / "repo/sub/a.md", false), "")
      << ".hanokignore goes before .gitignore";
}

TEST_F(IgnoreStackTest, WhatProgramsFillAndWhatIsHidden) {
  write("env/pyvenv.cfg");
  write("target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
  const auto rules = IgnoreStack::at_root(root());
  EXPECT_EQ(rules.why_not(root() / "node_modules", true), "node_modules");
  EXPECT_EQ(rules.why_not(root() / "node_modules", false), "") << "a file of that name";
  EXPECT_EQ(rules.why_not(root() / "venv", true), "venv");
  EXPECT_EQ(rules.why_not(root() / "env", true), "pyvenv.cfg");
  EXPECT_EQ(rules.why_not(root() / "target", true), "CACHEDIR.TAG");
  EXPECT_EQ(rules.why_not(root() / ".cache", true), "hidden");
  EXPECT_EQ(rules.why_not(root() / ".a.md", false), "hidden");
  write(".hanokignore", "!node_modules\n!.a.md\n!*/\n");
  const auto said = IgnoreStack::at_root(root());
  EXPECT_EQ(said.why_not(root() / "node_modules", true), "");
  EXPECT_EQ(said.why_not(root() / ".a.md", false), "") << "named with its dot";
  EXPECT_EQ(said.why_not(root() / ".cache", true), "hidden") << "not meant by every folder";
  EXPECT_EQ(said.why_not(root() / ".git", true), ".git");
}

}  // namespace
}  // namespace hanok::chain
