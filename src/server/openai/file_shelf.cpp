#include "server/openai/file_shelf.h"

#include <sys/random.h>

#include <algorithm>

#include "base/clock.h"
#include "base/file.h"
#include "hanok/error.h"
#include "text/utf8.h"

namespace hanok::server {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestName = 200;  // bytes; file systems take 255
constexpr const char* kPlaces = "places.json";

bool is_file_id(std::string_view id) {
  return id.size() == 29 && id.starts_with("file-") &&
         id.substr(5).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "../a/b.txt" -> "b.txt": no folders, no control characters, not too long, not hidden.
std::string plain_name(std::string_view name) {
  name.remove_prefix(std::min(name.find_last_of("/\\") + 1, name.size()));
  std::string out;
  for (const char c : text::replace_invalid(name)) out += static_cast<unsigned char>(c) < 32 || c == 127 ? '_' : c;
  if (out.size() > kLongestName) {  // what it ends with says its format
    out.erase(0, out.size() - kLongestName);
    while (!out.empty() && (static_cast<unsigned char>(out[0]) & 0xC0) == 0x80) out.erase(0, 1);
  }
  while (out.starts_with('.')) out.erase(0, 1);
  return out.empty() ? "file" : out;
}

}  // namespace

std::string new_id(std::string_view prefix) {
  unsigned char bytes[12];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
    throw Error(Code::Unavailable, "the system gives no random bytes");
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(prefix);
  for (const unsigned char byte : bytes) out += {digits[byte >> 4], digits[byte & 15]};
  return out;
}

FileShelf::FileShelf(fs::path folder)
    : folder_(std::move(folder)), places_({fs::absolute(folder_).lexically_normal()}) {
  const fs::path file = folder_ / kPlaces;
  if (!fs::exists(file)) {
    if (fs::exists(folder_)) write_places();
    return;
  }
  const base::Json listed = base::parse_json(base::read_file(file, 1 << 20), file.string());
  if (!listed.is_array() || !std::all_of(listed.begin(), listed.end(), [](const auto& p) { return p.is_string(); }))
    throw Error(Code::Corrupt, file.string() + ": a list of folders was expected; remove the file if this data " +
                                   "directory has never been moved");
  for (const auto& place : listed)
    if (place != places_[0].string()) places_.emplace_back(place.get<std::string>());
  if (listed.empty() || listed[0] != places_[0].string()) write_places();
}

// For the next process.
void FileShelf::write_places() const {
  base::Json all = base::Json::array();
  for (const auto& place : places_) all.push_back(place.string());
  base::write_file_atomic(folder_ / kPlaces, base::dump_json(all));
}

std::vector<fs::path> FileShelf::paths(const ShelvedFile& file) const {
  std::vector<fs::path> out;
  for (const auto& place : places_) out.push_back(place / file.id / file.filename);
  return out;
}

ShelvedFile FileShelf::add(std::string_view filename, std::string purpose, std::string_view bytes, std::string key) {
  ShelvedFile out{new_id("file-"), plain_name(filename),  std::move(purpose),
                  bytes.size(),    base::now_ms() / 1000, std::move(key)};
  fs::create_directories(folder_ / out.id);
  if (!fs::exists(folder_ / kPlaces)) write_places();
  base::write_file_atomic(path(out), bytes);
  base::OrderedJson about = to_json(out);
  if (!out.key.empty()) about["key"] = out.key;
  base::write_file_atomic(folder_ / (out.id + ".json"), base::dump_json(about));  // from now on it is there
  return out;
}

std::optional<ShelvedFile> FileShelf::find(std::string_view id) const {
  const fs::path about = folder_ / (std::string(id) + ".json");
  if (!is_file_id(id) || !fs::exists(about)) return std::nullopt;
  std::string text;
  try {
    text = base::read_file(about, 1 << 20);
  } catch (const Error& e) {
    if (e.code() == Code::NotFound) return std::nullopt;  // removed since it was looked for
    throw;
  }
  const base::Json json = base::parse_json(text, about.string());
  return ShelvedFile{std::string(id),  json.at("filename"),   json.at("purpose"),
                     json.at("bytes"), json.at("created_at"), json.value("key", "")};
}

std::vector<ShelvedFile> FileShelf::list() const {
  std::vector<ShelvedFile> out;
  if (fs::exists(folder_))
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().extension() == ".json")
        if (auto file = find(entry.path().stem().string())) out.push_back(std::move(*file));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.created_at != b.created_at ? a.created_at > b.created_at : a.id < b.id;
  });
  return out;
}

bool FileShelf::remove(std::string_view id) {
  if (!is_file_id(id) || !fs::remove(folder_ / (std::string(id) + ".json"))) return false;
  fs::remove_all(folder_ / std::string(id));
  return true;
}

std::optional<std::string> FileShelf::id_of(std::string_view document_path) const {
  const fs::path folder = fs::path(document_path).parent_path();
  const std::string id = folder.filename().string();
  if (!is_file_id(id) || std::find(places_.begin(), places_.end(), folder.parent_path()) == places_.end())
    return std::nullopt;
  return id;
}

bool may_see(const Access& access, const ShelvedFile& file) {
  return (access.collections.empty() && access.of_collection.empty()) || access.key == file.key;
}

base::OrderedJson to_json(const ShelvedFile& file) {
  return {{"id", file.id},
          {"object", "file"},
          {"bytes", file.bytes},
          {"created_at", file.created_at},
          {"filename", file.filename},
          {"purpose", file.purpose},
          {"status", "processed"},
          {"expires_at", nullptr},
          {"status_details", nullptr}};
}

}  // namespace hanok::server
