// What a walk through folders passes over: the rules of git's ignore files, for .gitignore and .hanokignore.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::chain {

/// True when `path` matches a pattern of gitignore's kind: * and ? do not cross a slash, ** between slashes does; sets
/// [a-z], [!a], [[:alpha:]]; \ before a sign that means itself. A sign is a letter, where git's are bytes.
bool matches_glob(std::string_view pattern, std::string_view path);

/// The lines of one ignore file: https://git-scm.com/docs/gitignore. Names are compared as NFC.
class IgnoreRules {
 public:
  IgnoreRules() = default;
  explicit IgnoreRules(std::string_view lines);
  bool empty() const { return rules_.empty(); }

  struct Verdict {
    bool ignored = false;          // false: a line with ! says that it is wanted
    bool names_it_dotted = false;  // the line spells out the dot that its name begins with
  };
  /// What the last line that matches says of a path below the file's own folder ("src/a.txt"); nothing: no line does.
  std::optional<Verdict> verdict(std::string_view path, bool folder) const;

 private:
  struct Rule {
    std::string pattern;  // NFC, without the ! before and the slashes around it
    bool wanted = false, folders_only = false;
    bool anchored = false;  // of the whole path below the folder; else of its last name
  };
  std::vector<Rule> rules_;
};

/// The rules in force in one folder: those of the folders above and its own.
class IgnoreStack {
 public:
  /// Rules of a folder that is named by the user: within a git repository those of the folders above too, from the
  /// repository's own folder on.
  static IgnoreStack at_root(const std::filesystem::path& folder);
  /// The rules below `folder`, which lies in this stack's folder. A repository inside of another begins anew.
  IgnoreStack below(const std::filesystem::path& folder) const;

  /// Why an entry of the folder is passed over: ".hanokignore", ".gitignore", "hidden", or, for a folder that programs
  /// fill, its name or the file that marks it ("node_modules", "CACHEDIR.TAG"). Empty: it is wanted. The deepest
  /// .hanokignore with a line for it decides, then the deepest .gitignore, then what it is. ".git" is never wanted.
  std::string why_not(const std::filesystem::path& entry, bool folder) const;

 private:
  struct Layer {
    std::filesystem::path folder;
    IgnoreRules rules;
  };
  void enter(const std::filesystem::path& folder);

  std::vector<Layer> git_, hanok_;  // outermost first
  bool in_repository_ = false;
};

}  // namespace hanok::chain
