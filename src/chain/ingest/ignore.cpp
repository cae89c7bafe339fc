#include "chain/ingest/ignore.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/file.h"
#include "hanok/text.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostBytes = 1 << 20;  // of an ignore file; a longer one is none
// A pattern may try so many ways on one path; beyond, it does not match. Real ones need some hundred.
constexpr size_t kMostSteps = 100'000;

// Folders that programs fill and nobody writes documents in: packages, environments, caches.
constexpr std::array<std::string_view, 9> kNotDocuments = {"node_modules",  "bower_components", "venv",
                                                           ".venv",         "__pycache__",      "__pypackages__",
                                                           "site-packages", "CMakeFiles",       "__MACOSX"};
// What such a folder of another name holds: the mark of caches (https://bford.info/cachedir), a Python environment's
// and a CMake build's own file.
constexpr std::array<const char*, 3> kMarks = {"CACHEDIR.TAG", "pyvenv.cfg", "CMakeCache.txt"};

std::string filled_by_programs(const fs::path& folder, const std::string& name) {
  if (std::find(kNotDocuments.begin(), kNotDocuments.end(), name) != kNotDocuments.end()) return name;
  std::error_code error;
  for (const char* mark : kMarks)
    if (fs::is_regular_file(folder / mark, error)) return mark;
  return "";
}

// Whether c is of a class such as "alpha"; nothing: there is no such class.
std::optional<bool> posix_class(std::string_view name, char32_t code) {
  const int c = code < 128 ? static_cast<int>(code) : 0;
  const auto of = [&](bool has) { return std::optional<bool>(code > 0 && code < 128 && has); };
  if (name == "alpha") return of(std::isalpha(c));
  if (name == "digit") return of(std::isdigit(c));
  if (name == "alnum") return of(std::isalnum(c));
  if (name == "upper") return of(std::isupper(c));
  if (name == "lower") return of(std::islower(c));
  if (name == "space") return of(std::isspace(c));
  if (name == "blank") return of(c == ' ' || c == '\t');
  if (name == "punct") return of(std::ispunct(c));
  if (name == "xdigit") return of(std::isxdigit(c));
  if (name == "cntrl") return of(std::iscntrl(c));
  if (name == "print") return of(std::isprint(c));
  if (name == "graph") return of(std::isgraph(c));
  return std::nullopt;
}

char32_t take(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  length = std::min(length, text.size());
  char32_t code = length == 1 ? first : first & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  text.remove_prefix(length);
  return code;
}

// A set "[...]" at the head of `pattern`: whether c is in it; `pattern` becomes what is behind it. A set without an
// end, or with a class that is not known, has nothing in it, and neither has its opposite.
bool match_set(std::string_view& pattern, char32_t c) {
  std::string_view p = pattern.substr(1);
  const bool negated = !p.empty() && (p[0] == '!' || p[0] == '^');
  if (negated) p.remove_prefix(1);
  bool in = false;
  for (bool first = true; !p.empty() && (first || p[0] != ']'); first = false) {
    if (p.substr(0, 2) == "[:") {
      const size_t end = p.find(":]", 2);
      if (end == std::string_view::npos) return false;
      const auto has = posix_class(p.substr(2, end - 2), c);
      if (!has) return false;
      in = in || *has;
      p.remove_prefix(end + 2);
      continue;
    }
    if (p[0] == '\\' && p.size() > 1) p.remove_prefix(1);
    const char32_t low = take(p);
    char32_t high = low;
    if (p.size() > 1 && p[0] == '-' && p[1] != ']') {
      p.remove_prefix(p[1] == '\\' && p.size() > 2 ? 2 : 1);
      high = take(p);
    }
    in = in || c == low || (c >= low && c <= high);  // [z-a] has z in it
  }
  if (p.empty()) return false;
  pattern = p.substr(1);
  return in != negated && c != '/';
}

class Glob {
 public:
  bool match(std::string_view pattern, std::string_view path, bool at_name) {
    while (!pattern.empty()) {
      if (++steps_ > kMostSteps) return false;
      if (at_name && pattern.substr(0, 2) == "**") {  // or more of them
        const std::string_view rest = pattern.substr(std::min(pattern.find_first_not_of('*'), pattern.size()));
        if (rest.empty()) return true;
        if (rest[0] == '/') return across(rest.substr(1), path);
      }
      if (pattern[0] == '*') return star(pattern, path);
      if (path.empty()) return false;
      if (!one(pattern, path, at_name)) return false;
    }
    return path.empty();
  }

 private:
  // Zero or more whole folders.
  bool across(std::string_view rest, std::string_view path) {
    for (;;) {
      if (match(rest, path, true)) return true;
      const size_t slash = path.find('/');
      if (slash == std::string_view::npos) return false;
      path.remove_prefix(slash + 1);
    }
  }

  // Within one name; several stars are one where they do not stand alone between slashes.
  bool star(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && pattern[0] == '*') pattern.remove_prefix(1);
    for (;;) {
      if (match(pattern, path, false)) return true;
      if (path.empty() || path[0] == '/') return false;
      take(path);
    }
  }

  // One sign of both, not a star.
  static bool one(std::string_view& pattern, std::string_view& path, bool& at_name) {
    const char32_t c = take(path);
    at_name = c == '/';
    if (pattern[0] == '?') {
      pattern.remove_prefix(1);
      return c != '/';
    }
    if (pattern[0] == '[') return match_set(pattern, c);
    if (pattern[0] == '\\') pattern.remove_prefix(1);
    return !pattern.empty() && take(pattern) == c;
  }

  size_t steps_ = 0;
};

// Without the blanks at its end that no \ keeps, and a carriage return.
std::string_view trimmed(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  while (!line.empty() && line.back() == ' ' && !(line.size() > 1 && line[line.size() - 2] == '\\'))
    line.remove_suffix(1);
  return line;
}

IgnoreRules read_rules(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return {};
  try {
    return IgnoreRules(base::read_file(file, kMostBytes));
  } catch (const Error&) {
    return {};  // not readable: what it says is not known
  }
}

std::string path_below(const fs::path& path, const fs::path& folder) {
  return text::nfc(path.lexically_relative(folder).string());
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view path) { return Glob().match(pattern, path, true); }

IgnoreRules::IgnoreRules(std::string_view lines) {
  if (lines.substr(0, 3) == "\xEF\xBB\xBF") lines.remove_prefix(3);
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = trimmed(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.empty() || line[0] == '#') continue;
    Rule rule;
    if (line[0] == '!') rule.wanted = true, line.remove_prefix(1);
    if (!line.empty() && line.back() == '/') rule.folders_only = true, line.remove_suffix(1);
    if (line.empty()) continue;
    rule.anchored = line.find('/') != std::string_view::npos;
    if (line[0] == '/') line.remove_prefix(1);
    rule.pattern = text::nfc(line);
    rules_.push_back(std::move(rule));
  }
}

std::optional<IgnoreRules::Verdict> IgnoreRules::verdict(std::string_view path, bool folder) const {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && !folder) continue;
    if (!matches_glob(rule->pattern, rule->anchored ? path : name)) continue;
    const std::string_view last = std::string_view(rule->pattern).substr(rule->pattern.find_last_of('/') + 1);
    return Verdict{!rule->wanted, !last.empty() && last[0] == '.'};
  }
  return std::nullopt;
}

void IgnoreStack::enter(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / ".git", error)) {
    git_.clear();
    in_repository_ = true;
    if (auto own = read_rules(folder / ".git/info/exclude"); !own.empty()) git_.push_back({folder, std::move(own)});
  }
  if (in_repository_)
    if (auto rules = read_rules(folder / ".gitignore"); !rules.empty()) git_.push_back({folder, std::move(rules)});
  if (auto rules = read_rules(folder / ".hanokignore"); !rules.empty()) hanok_.push_back({folder, std::move(rules)});
}

IgnoreStack IgnoreStack::at_root(const fs::path& folder) {
  const fs::path here = fs::absolute(folder).lexically_normal();
  std::vector<fs::path> above;  // from the folder up to the repository's
  std::error_code error;
  bool repository = false;
  for (fs::path at = here; !repository; at = at.parent_path()) {
    if (at.filename().empty() && at.has_parent_path() && at != at.parent_path()) continue;  // "folder/"
    above.push_back(at);
    repository = fs::exists(at / ".git", error);
    if (at == at.parent_path()) break;
  }
  IgnoreStack out;
  if (!repository) {
    out.enter(above.front());
    return out;
  }
  for (auto folder_above = above.rbegin(); folder_above != above.rend(); ++folder_above) out.enter(*folder_above);
  return out;
}

IgnoreStack IgnoreStack::below(const fs::path& folder) const {
  IgnoreStack out = *this;
  out.enter(fs::absolute(folder).lexically_normal());
  return out;
}

std::string IgnoreStack::why_not(const fs::path& entry, bool folder) const {
  const fs::path path = fs::absolute(entry).lexically_normal();
  const std::string name = text::nfc(path.filename().string());
  const bool hidden = !name.empty() && name[0] == '.';
  if (name == ".git") return name;
  for (auto layer = hanok_.rbegin(); layer != hanok_.rend(); ++layer)
    if (const auto v = layer->rules.verdict(path_below(path, layer->folder), folder)) {
      if (v->ignored) return ".hanokignore";
      if (!hidden || v->names_it_dotted) return "";
      break;
    }
  for (auto layer = git_.rbegin(); layer != git_.rend(); ++layer)
    if (const auto v = layer->rules.verdict(path_below(path, layer->folder), folder)) {
      if (v->ignored) return ".gitignore";
      break;
    }
  if (folder)
    if (auto why = filled_by_programs(path, name); !why.empty()) return why;
  return hidden ? "hidden" : "";
}

}  // namespace hanok::chain
