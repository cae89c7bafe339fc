#include "text/loaders/zip.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/ascii.h"
#include "text/loaders/unpack.h"

namespace hanok::text {
namespace {

constexpr zip_int64_t kMaxEntries = 100'000;

// The part that only files of one format have.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kMainParts{{{"word/document.xml", ".docx"},
                                                                                   {"ppt/presentation.xml", ".pptx"},
                                                                                   {"xl/workbook.xml", ".xlsx"},
                                                                                   {"Contents/section0.xml", ".hwpx"}}};

std::string error_text(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

}  // namespace

Zip::Zip(const Source& source) : source_(source) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* bytes = zip_source_buffer_create(source.bytes.data(), source.bytes.size(), 0, &error);
  if (!bytes) source.fail(Code::Exhausted, "cannot open the zip archive: " + error_text(error));
  archive_ = zip_open_from_source(bytes, ZIP_RDONLY, &error);
  if (!archive_) {
    zip_source_free(bytes);
    const std::string why = error_text(error);
    source.fail(Code::Corrupt, "the zip archive is truncated or damaged (" + why + "); download or export it again");
  }
  const zip_int64_t count = zip_get_num_entries(archive_, 0);
  if (count > kMaxEntries) {
    zip_discard(archive_);
    source.fail(Code::Exhausted, "the zip archive has " + std::to_string(count) + " entries, the limit is " +
                                     std::to_string(kMaxEntries));
  }
  for (zip_int64_t i = 0; i < count; ++i)
    if (const char* name = zip_get_name(archive_, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS))
      entries_.emplace(name, static_cast<uint64_t>(i));
}

Zip::~Zip() { zip_discard(archive_); }

std::vector<std::string> Zip::names() const {
  std::vector<std::string> out;
  for (const auto& [name, index] : entries_) out.push_back(name);
  return out;
}

std::optional<std::string> Zip::find(const std::string& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return std::nullopt;
  zip_stat_t stat;
  zip_stat_init(&stat);
  zip_stat_index(archive_, entry->second, 0, &stat);
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && stat.encryption_method != ZIP_EM_NONE)
    source_.fail(Code::Unsupported, "is protected by a password (entry " + name + "); save it without one");
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive_, entry->second, 0),
                                                                &zip_fclose);
  if (!file) source_.fail(Code::Corrupt, "cannot open entry " + name + ": " + zip_strerror(archive_));
  const uint64_t packed = stat.valid & ZIP_STAT_COMP_SIZE ? stat.comp_size : source_.bytes.size();
  std::string out;
  std::array<char, 1 << 16> buffer;
  // The size that the archive declares may be a lie: what counts is what comes out.
  for (;;) {
    const zip_int64_t n = zip_fread(file.get(), buffer.data(), buffer.size());
    if (n < 0) source_.fail(Code::Corrupt, "entry " + name + " is damaged: " + zip_file_strerror(file.get()));
    if (n == 0) return out;
    unpacked_ += static_cast<uint64_t>(n);
    if (unpacked_ > source_.options.max_unpacked_bytes)
      source_.fail(Code::Exhausted, "unpacks to more than " + std::to_string(source_.options.max_unpacked_bytes) +
                                        " bytes (max_unpacked_bytes)");
    out.append(buffer.data(), static_cast<size_t>(n));
    if (out.size() > kBombFloor && out.size() / kBombRatio > packed)
      source_.fail(Code::Exhausted, "entry " + name + " unpacks to more than " + std::to_string(kBombRatio) +
                                        " times its size: a zip bomb");
  }
}

std::string Zip::read(const std::string& name) {
  if (auto bytes = find(name)) return std::move(*bytes);
  std::string message = "named " + std::string(source_.suffix()) + " but the zip archive has no " + name;
  for (const auto& [part, suffix] : kMainParts)
    if (part != name && has(part)) message += "; it looks like a " + std::string(suffix) + " file";
  source_.fail(Code::Corrupt, message);
}

std::string_view folder_of(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == name.npos ? std::string_view() : name.substr(0, slash + 1);
}

namespace {

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && base::hex_digit(text[i + 1]) >= 0 &&
        base::hex_digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(base::hex_digit(text[i + 1]) * 16 + base::hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

std::string resolve(std::string_view folder, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  std::string path = percent_decoded(reference);
  path = path.starts_with('/') ? path.substr(1) : std::string(folder) + path;
  std::vector<std::string> steps;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string step = path.substr(at, end - at);
    at = end + 1;
    if (step == ".." && !steps.empty()) steps.pop_back();
    if (step != ".." && step != "." && !step.empty()) steps.push_back(step);
  }
  std::string out;
  for (const auto& step : steps) out += (out.empty() ? "" : "/") + step;
  return out;
}

}  // namespace hanok::text
