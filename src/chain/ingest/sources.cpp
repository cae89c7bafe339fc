#include "chain/ingest/sources.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "hanok/text.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;

struct Walker {
  std::span<const std::string> globs;
  const text::LoadOptions& load;
  Sources& out;
  std::set<fs::path> parents;  // canonical folders from the root to here: a link back to one of them is a loop

  bool wanted(const fs::path& path) const {
    if (globs.empty()) return text::loadable(path, load);
    const std::string whole = path.string(), name = path.filename().string();
    return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
      return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0 || ::fnmatch(glob.c_str(), whole.c_str(), 0) == 0;
    });
  }

  size_t walk(const fs::path& folder) {
    std::error_code error;
    const fs::path real = fs::canonical(folder, error);
    if (error || !parents.insert(real).second) return 0;
    size_t found = 0;
    fs::directory_iterator it(folder, error), end;
    if (error) {
      out.unreadable.push_back(document_key(folder));
      out.failed.push_back(
          {folder.string(), folder.string() + ": cannot open the folder: " + error.message(), Code::Unavailable});
    }
    for (; !error && it != end; it.increment(error)) {
      const fs::path& path = it->path();
      std::error_code ignored;
      if (path.filename().string().front() == '.') continue;
      if (fs::is_directory(path, ignored))
        found += walk(path);
      else if (fs::is_regular_file(path, ignored) && wanted(path))
        out.files.push_back({path, document_key(path), false}), ++found;
    }
    parents.erase(real);
    return found;
  }
};

}  // namespace

std::string document_key(const fs::path& path) {
  std::string key = text::nfc(fs::absolute(path).lexically_normal().string());
  while (key.size() > 1 && key.back() == '/') key.pop_back();
  return key;
}

bool below(std::string_view key, std::string_view folder) {
  if (folder == "/") return true;
  return key.size() > folder.size() && key.substr(0, folder.size()) == folder && key[folder.size()] == '/';
}

Sources find_sources(std::span<const fs::path> paths, std::span<const std::string> globs,
                     const text::LoadOptions& load) {
  Sources out;
  for (const auto& path : paths) {
    std::error_code error;
    const std::string key = document_key(path);
    if (fs::is_directory(path, error)) {
      Walker walker{globs, load, out, {}};
      (walker.walk(path) > 0 ? out.folders : out.kept).push_back(key);
    } else if (fs::exists(path, error)) {
      out.files.push_back({path, key, true});
    } else {
      out.kept.push_back(key);
      out.failed.push_back({path.string(), path.string() + ": no such file or folder", Code::NotFound});
    }
  }
  auto by_key = [](const SourceFile& a, const SourceFile& b) { return a.key < b.key; };
  std::stable_sort(out.files.begin(), out.files.end(), by_key);
  out.files.erase(
      std::unique(out.files.begin(), out.files.end(), [](const auto& a, const auto& b) { return a.key == b.key; }),
      out.files.end());
  return out;
}

}  // namespace hanok::chain
