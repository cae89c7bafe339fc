#include "chain/ingest/sources.h"

#include <fnmatch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <unordered_map>

#include "chain/ingest/ignore.h"
#include "hanok/text.h"
#include "text/utf8.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;

std::string with_escapes(std::string_view bytes) {
  std::string out;
  for (size_t at = 0; at < bytes.size();) {
    const size_t from = at;
    if (text::next_code_point(bytes, at) == text::kBadByte) {
      char escape[4];
      std::snprintf(escape, sizeof escape, "%%%02X", static_cast<unsigned char>(bytes[from]));
      out += escape;
    } else {
      out += bytes.substr(from, at - from);
    }
  }
  return out;
}

// ".PDF" -> ".pdf"
std::string suffix_of(const fs::path& path) {
  std::string out = with_escapes(path.extension().string());
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return out;
}

struct Found {
  fs::path path;
  fs::path real;  // the file itself, whatever links led to it
  bool by_link = false, named = false;
};

// What the user's own lines pass over, as real paths, and why. A link does not bring it back, as one to what programs
// fill or what is hidden does: that lies where programs keep it, and the link says that it is wanted.
using Refused = std::map<std::string, std::string>;

class Walker {
 public:
  Walker(const SourceRules& rules, Sources& out, std::vector<Found>& found, Refused& refused)
      : rules_(rules), out_(out), found_(found), refused_(refused) {
    std::string lines;
    for (const auto& glob : rules.exclude) lines += glob + "\n";
    exclude_ = IgnoreRules(lines);
  }

  /// Returns how many files of the folder are wanted.
  size_t walk(const fs::path& root) {
    root_ = root;
    return walk(root, IgnoreStack::at_root(root), false);
  }

 private:
  bool chosen(const fs::path& path) const {
    const std::string whole = path.string(), name = path.filename().string();
    return std::any_of(rules_.globs.begin(), rules_.globs.end(), [&](const std::string& glob) {
      return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0 || ::fnmatch(glob.c_str(), whole.c_str(), 0) == 0;
    });
  }

  std::string why_not(const fs::path& path, bool folder, const IgnoreStack& rules) const {
    if (!exclude_.empty()) {
      const auto said = exclude_.verdict(text::nfc(path.lexically_relative(root_).string()), folder);
      if (said && said->ignored) return "--exclude";
    }
    return rules.why_not(path, folder);
  }

  size_t walk(const fs::path& folder, const IgnoreStack& rules, bool by_link) {
    std::error_code error;
    const fs::path real = fs::canonical(folder, error);
    if (error || !parents_.insert(real).second) return 0;
    size_t found = 0;
    fs::directory_iterator it(folder, error), end;
    if (error) {
      out_.unreadable.push_back(document_key(folder));
      out_.failed.push_back(
          {folder.string(), folder.string() + ": cannot open the folder: " + error.message(), Code::Unavailable});
    }
    for (; !error && it != end; it.increment(error)) found += entry(it->path(), real, rules, by_link);
    parents_.erase(real);
    return found;
  }

  size_t entry(const fs::path& path, const fs::path& real_parent, const IgnoreStack& rules, bool by_link) {
    std::error_code error;
    const bool link = fs::is_symlink(path, error), folder = fs::is_directory(path, error);
    if (!folder && !fs::is_regular_file(path, error)) return 0;
    if (const std::string why = why_not(path, folder, rules); !why.empty()) {
      ++out_.ignored[why];
      (why == "--exclude" || why == "hidden" ? out_.left_out : out_.unwanted).insert(document_key(path));
      if (why == "--exclude" || why == ".hanokignore") refused_.insert({fs::canonical(path, error).string(), why});
      return 0;
    }
    if (folder) return walk(path, rules.below(path), by_link || link);
    if (rules_.globs.empty() && !(rules_.takes ? rules_.takes(path) : text::loadable(path, rules_.load))) {
      ++out_.skipped[suffix_of(path)];
      return 0;
    }
    if (!rules_.globs.empty() && !chosen(path)) {
      out_.left_out.insert(document_key(path));
      return 0;
    }
    const fs::path real = link ? fs::canonical(path, error) : real_parent / path.filename();
    found_.push_back({path, real, by_link || link, false});
    return 1;
  }

  const SourceRules& rules_;
  Sources& out_;
  std::vector<Found>& found_;
  Refused& refused_;
  IgnoreRules exclude_;
  fs::path root_;
  std::set<fs::path> parents_;  // canonical folders from the root to here: a link back to one of them is a loop
};

std::string exact_key(const fs::path& path) {
  std::string key = with_escapes(fs::absolute(path).lexically_normal().string());
  while (key.size() > 1 && key.back() == '/') key.pop_back();
  return key;
}

void leave_out_refused(std::vector<Found>& found, const Refused& refused, Sources& out) {
  std::erase_if(found, [&](const Found& f) {
    if (!f.by_link) return false;
    for (fs::path at = f.real; at.has_relative_path(); at = at.parent_path()) {
      const auto hit = refused.find(at.string());
      if (hit == refused.end()) continue;
      ++out.ignored[hit->second];
      (hit->second == "--exclude" ? out.left_out : out.unwanted).insert(document_key(f.path));
      return true;
    }
    return false;
  });
}

// Each file once, by the path without links where there is one.
void leave_out_links(std::vector<Found>& found, Sources& out) {
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return a.named != b.named ? a.named : a.by_link != b.by_link ? b.by_link : a.path < b.path;
  });
  std::unordered_map<std::string, std::string> taken;  // real path -> key
  std::erase_if(found, [&](const Found& f) {
    const std::string key = exact_key(f.path);
    const auto [at, fresh] = taken.emplace(f.real.string(), key);
    if (fresh) return false;
    if (at->second != key) {
      ++out.ignored["link"];
      out.unwanted.insert(document_key(f.path));
    }
    return true;
  });
}

std::vector<SourceFile> with_keys(const std::vector<Found>& found) {
  std::vector<SourceFile> out;
  std::set<std::string> used;
  for (const Found& f : found) {
    std::string key = document_key(f.path);
    if (used.count(key)) key = exact_key(f.path);  // neither of two twins is spelled like the key
    while (!used.insert(key).second) key += "%";   // "%E9" are letters of the other's name
    out.push_back({f.path, std::move(key), f.named});
  }
  std::sort(out.begin(), out.end(), [](const SourceFile& a, const SourceFile& b) { return a.key < b.key; });
  return out;
}

// True when the set holds the key or a folder above it.
bool covers(const std::set<std::string>& set, std::string_view key) {
  for (size_t end = key.size(); end != std::string_view::npos && end > 0; end = key.rfind('/', end - 1))
    if (set.count(std::string(key.substr(0, end)))) return true;
  return false;
}

}  // namespace

std::string document_key(const fs::path& path) {
  const std::string exact = exact_key(path);
  std::string key = text::nfc(exact);
  if (key == exact) return key;
  std::error_code error;  // equivalent: a file system that takes both names for one
  const bool twin = fs::exists(key, error) && fs::exists(path, error) && !fs::equivalent(key, path, error);
  return twin ? exact : key;
}

bool below(std::string_view key, std::string_view folder) {
  if (folder == "/") return true;
  return key.size() > folder.size() && key.substr(0, folder.size()) == folder && key[folder.size()] == '/';
}

Sources find_sources(std::span<const fs::path> paths, const SourceRules& rules) {
  Sources out;
  std::vector<Found> found;
  Refused refused;
  for (const auto& path : paths) {
    std::error_code error;
    const std::string key = document_key(path);
    if (fs::is_directory(path, error)) {
      (Walker(rules, out, found, refused).walk(path) > 0 ? out.folders : out.kept).push_back(key);
    } else if (fs::exists(path, error)) {
      found.push_back({path, fs::canonical(path, error), false, true});
    } else {
      out.kept.push_back(key);
      out.failed.push_back({path.string(), path.string() + ": no such file or folder", Code::NotFound});
    }
  }
  leave_out_refused(found, refused, out);
  leave_out_links(found, out);
  out.files = with_keys(found);
  return out;
}

std::vector<std::string> gone_keys(const Sources& sources, std::span<const std::string> stored,
                                   const Forgetting& forgetting, std::vector<std::string>& warnings) {
  if (forgetting.cleanup == Cleanup::None) return {};
  const bool prune = forgetting.prune;
  const auto is_below = [](const std::string& key, const std::vector<std::string>& folders) {
    return std::any_of(folders.begin(), folders.end(), [&](const auto& f) { return below(key, f) || key == f; });
  };
  for (const auto& folder : sources.kept) {
    const auto held = std::count_if(stored.begin(), stored.end(),
                                    [&](const auto& key) { return below(key, folder) || key == folder; });
    if (held > 0 && !prune)
      warnings.push_back(folder + ": holds nothing to read now (unmounted? moved?); " + std::to_string(held) +
                         " documents from it are kept; run again with --prune to forget them");
  }
  const bool full = forgetting.cleanup == Cleanup::Full && (prune || !sources.files.empty());
  if (forgetting.cleanup == Cleanup::Full && !full && !stored.empty())
    warnings.push_back("no file was found, so all " + std::to_string(stored.size()) +
                       " documents are kept; run again with --prune to forget them");
  std::set<std::string_view> present;
  for (const auto& file : sources.files) present.insert(file.key);
  std::vector<std::string> gone;
  for (const auto& key : stored) {
    if (present.count(key)) continue;
    const bool pruned = prune && is_below(key, sources.kept);
    if (full && !is_below(key, sources.folders) && !is_below(key, sources.kept)) {
      gone.push_back(key);
      continue;
    }
    if (!pruned && (!is_below(key, sources.folders) || is_below(key, sources.unreadable))) continue;
    // What this call's --glob or --exclude leaves out has not gone; nor has a file that is there and was named once.
    std::error_code error;
    if (!covers(sources.unwanted, key) && (covers(sources.left_out, key) || fs::exists(key, error) || error)) continue;
    gone.push_back(key);
  }
  return gone;
}

int64_t modified_ms(const fs::path& path) {
  std::error_code error;
  const auto time = fs::last_write_time(path, error);
  if (error) return 0;
  const auto wall = std::chrono::file_clock::to_sys(time).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
}

}  // namespace hanok::chain
