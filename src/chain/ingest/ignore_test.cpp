#include "chain/ingest/ignore.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "base/file.h"
#include "base/process.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

// The verdicts are those of `git check-ignore --no-index` (git 2.39) for the same line, but that a sign is a letter:
// git counts bytes, so that its ? is a third of a Korean syllable.
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
      {"a\\", "a\\", false},
      {"?.md", "한.md", true},
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

/// A folder with its ignore files (by the folder that they lie in), and what git says of its files.
struct Folder {
  const char* what;
  std::map<std::string, std::string> rules;
  std::vector<std::string> ignored, kept;
};

const std::vector<Folder>& folders() {
  static const std::vector<Folder> out = {
      {"what is wanted again",
       {{"", "*.log\n!keep.log\n"}},
       {"a.log", "sub/b.log"},
       {"keep.log", "sub/keep.log", "a.txt"}},
      {"nothing below an ignored folder is wanted again",
       {{"", "build/\n!build/keep.txt\n"}},
       {"build/keep.txt", "a/build/keep.txt"},
       {}},
      {"but below a folder whose entries are ignored",
       {{"", "build/*\n!build/keep.txt\n"}},
       {"build/a.txt", "build/sub/x"},
       {"build/keep.txt", "a/build/x"}},
      {"all but one folder of a folder",
       {{"", "/*\n!/foo\n/foo/*\n!/foo/bar\n"}},
       {"foo/baz", "other", "o/x"},
       {"foo/bar/x"}},
      {"the last line decides", {{"", "x\n!x\nx\ny\n!y\n"}}, {"x"}, {"y"}},
      {"folders are wanted, and one kind of file",
       {{"", "*\n!*/\n!*.c\n"}},
       {"s/x.h", "a"},
       {"a.c", "s/b.c", "s/t/b.c"}},
      {"a slash in front", {{"", "/top.txt\n"}}, {"top.txt"}, {"sub/top.txt"}},
      {"a slash inside",
       {{"", "sub/x.txt\ndoc/*.md\n*/one\n"}},
       {"sub/x.txt", "doc/a.md", "s/one"},
       {"a/sub/x.txt", "doc/deep/a.md", "s/t/one", "one"}},
      {"stars before a slash", {{"", "**/foo\n**/a/b\n"}}, {"foo", "s/foo", "s/t/foo/x", "a/b", "s/a/b"}, {"s/a/x/b"}},
      {"stars after a slash", {{"", "abc/**\n"}}, {"abc/x", "abc/d/x"}, {"s/abc/x", "abcd"}},
      {"stars between slashes", {{"", "a/**/b\n"}}, {"a/b", "a/x/b", "a/x/y/b"}, {"a/xb", "c/a/b"}},
      {"stars beside letters",
       {{"", "foo**bar\n**end\nstart**\nq/**r\n"}},
       {"fooxbar", "xend", "s/xend", "startx", "s/startx/y", "q/xr"},
       {"foo/bar", "q/s/xr"}},
      {"stars and folders", {{"", "/**/x\nd/**/\n"}}, {"x", "s/x", "s/t/x/y", "d/e/f"}, {"d/f"}},
      {"three stars", {{"", "a/***/b\n"}}, {"a/b", "a/x/b", "a/x/y/b"}, {}},
      {"stars alone", {{"", "**\n!*/\n!**/*.c\n"}}, {"s/x.h"}, {"a.c", "s/t/b.c"}},
      {"blanks at the end",
       {{"", "sp   \nkept\\ \ntwo\\  \ntab\t\nin side\n \n"}},
       {"sp", "kept ", "two ", "tab\t", "in side"},
       {"sp   ", "kept", "two  ", "tab", "in", " "}},
      {"blanks in front", {{"", " lead\n"}}, {" lead"}, {"lead"}},
      {"signs that mean themselves",
       {{"", "\\#hash\n#comment\n\\!bang\n !no\na\\*b\nc\\\\d\n\\e\n"}},
       {"#hash", "!bang", " !no", "a*b", "c\\d", "e"},
       {"#comment", "axb", "\\e"}},
      {"a backslash at the end", {{"", "x\\\ny\n"}}, {"y"}, {"x", "x\\"}},
      {"odd lines", {{"", "!\n\\\n/\n//\n\n./a\nb/../c\nd//e\n"}}, {}, {"a", "c", "d/e", "!", "\\"}},
      {"sets",
       {{"", "[abc].c\n[!abc].d\n[^abc].e\n[a-c]x\n[]-]y\n[[:digit:]]z\n[\\]]w\n"}},
       {"a.c", "x.d", "x.e", "bx", "]y", "-y", "7z", "]w"},
       {"d.c", "a.d", "b.e", "dx", "ay", "az", "\\w"}},
      {"more sets",
       {{"", "f[[]\n[--0]g\n[z-a]h\n[a-\ni[\n[!-a]j\n[a-c-e]k\n[[:alpha:][:space:]]l\n[[:nope:]]m\n[a\\-z]n\n"}},
       {"f[", ".g", "zh", "bj", "-k", "ek", "al", " l", "-n"},
       {"1g", "bh", "[a-", "i[", "-j", "aj", "dk", "1l", "nm", "bn"}},
      {"a set is no slash", {{"", "x[!a]y\np?q\n"}}, {"xby", "pxq"}, {"x/y", "p/q"}},
      {"folders only", {{"", "d/\n/e/\na/b/\n"}}, {"s/d/x", "e/x", "a/b/x"}, {"d", "s/e/x", "c/a/b/x", "t/a/b"}},
      {"a folder is wanted again", {{"", "sub/\n!sub/\nother\n!other/\n"}}, {"s/other"}, {"sub/x", "other/x"}},
      {"files deeper go before those above",
       {{"", "*.tmp\n/sub/local\n"}, {"sub", "!b.tmp\n/here\n"}, {"sub/deep", "b.tmp\n"}},
       {"b.tmp", "sub/c.tmp", "sub/deep/b.tmp", "sub/local", "sub/here"},
       {"sub/b.tmp", "sub/deep/here", "here"}},
      {"a file in an ignored folder has no say", {{"", "no/\n"}, {"no", "!*\n"}}, {"no/x"}, {}},
      {"upper and lower case", {{"", "*.LOG\n"}}, {"a.LOG"}, {"a.log"}},
      {"line ends of Windows, a mark at the start, no end",
       {{"",
         "\xEF\xBB\xBF"
         "*.a\r\n*.b\r\n/c"}},
       {"x.a", "x.b", "c"},
       {"x.c"}},
      {"names with a dot", {{"", ".*\n!.keep\n"}}, {".x"}, {".keep", "x"}},
      {"Korean names",
       {{"", "보고서*\n*.한글\n!보고서-최종\n자료/\n"}},
       {"보고서 1", "가.한글", "자료/x", "s/자료/y"},
       {"보고서-최종", "기타"}},
      {"one sign", {{"", "?.q\nab??\n"}}, {"a.q", "ab.q", "abcd"}, {".q", "abc"}},
  };
  return out;
}

/// A git repository of these folders, which are called 0, 1, ...; `name` is that of their ignore files.
class AsGitDoes : public IgnoreStackTest {
 protected:
  void make(const std::string& name) {
    for (size_t i = 0; i < folders().size(); ++i) {
      const std::string at = std::to_string(i) + "/";
      for (const auto* files : {&folders()[i].ignored, &folders()[i].kept})
        for (const auto& file : *files) put(at + file, "x");
      for (const auto& [below, lines] : folders()[i].rules) put(at + (below.empty() ? "" : below + "/") + name, lines);
    }
  }

  // Hundreds of files: without the care for power failures that write() takes.
  void put(const std::string& name, const std::string& bytes) const {
    base::fs::create_directories((root() / name).parent_path());
    std::ofstream(root() / name, std::ios::binary) << bytes;
  }

  // As a walk finds out: what lies in a folder that is passed over is never looked at.
  bool passed_over(const std::string& path, const std::string& by) const {
    auto rules = IgnoreStack::at_root(root());
    for (size_t end = path.find('/');; end = path.find('/', end + 1)) {
      const bool folder = end != std::string::npos;
      const auto entry = root() / path.substr(0, end);
      if (rules.why_not(entry, folder) == by) return true;
      if (!folder) return false;
      rules = rules.below(entry);
    }
  }

  void expect_the_table(const std::string& by) const {
    for (size_t i = 0; i < folders().size(); ++i) {
      const std::string at = std::to_string(i) + "/";
      for (const auto& file : folders()[i].ignored)
        EXPECT_TRUE(passed_over(at + file, by)) << folders()[i].what << ": \"" << file << '"';
      for (const auto& file : folders()[i].kept)
        EXPECT_FALSE(passed_over(at + file, by)) << folders()[i].what << ": \"" << file << '"';
    }
  }
};

TEST_F(AsGitDoes, InBothKindsOfIgnoreFiles) {
  make(".hanokignore");
  expect_the_table(".hanokignore");
  for (size_t i = 0; i < folders().size(); ++i)
    for (const auto& [below, lines] : folders()[i].rules)
      base::fs::remove(root() / std::to_string(i) / below / ".hanokignore");
  write(".git/HEAD");
  make(".gitignore");
  expect_the_table(".gitignore");
}

TEST_F(AsGitDoes, TheTableHoldsWhatTheInstalledGitSays) {
  const auto git = [&](std::vector<std::string> argv, std::string_view input) {
    std::vector<std::string> all{"git", "-c",           "core.excludesFile=/dev/null", "-c", "core.ignoreCase=false",
                                 "-C",  root().string()};
    all.insert(all.end(), argv.begin(), argv.end());
    return base::run_process(all, input, {});
  };
  try {
    ASSERT_EQ(git({"init", "-q"}, "").exit_status, 0);
  } catch (const Error& e) {
    if (e.code() != Code::NotFound) throw;
    GTEST_SKIP() << "git is not installed; the recorded verdicts are tested above";
  }
  make(".gitignore");
  std::string all, ignored;
  for (size_t i = 0; i < folders().size(); ++i) {
    const std::string at = std::to_string(i) + "/";
    for (const auto& file : folders()[i].ignored) all += at + file + '\0', ignored += at + file + '\0';
    for (const auto& file : folders()[i].kept) all += at + file + '\0';
  }
  const auto said = git({"check-ignore", "--no-index", "--stdin", "-z"}, all);
  EXPECT_EQ(said.exit_status, 0) << said.err;
  EXPECT_EQ(said.out, ignored);
}

}  // namespace
}  // namespace hanok::chain
