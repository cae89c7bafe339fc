#include "base/file.h"
#include "image/formats.h"

namespace hanok::image {
namespace {

constexpr std::string_view kPng("\x89PNG\r\n\x1a\n", 8), kJpeg("\xff\xd8\xff", 3);

bool has(std::string_view bytes, size_t at, std::string_view what) {
  return bytes.size() >= at && bytes.substr(at, what.size()) == what;
}
bool starts(std::string_view bytes, std::string_view with) { return has(bytes, 0, with); }

std::string pixels_of(uint64_t width, uint64_t height) {
  return std::to_string(width) + " x " + std::to_string(height) + " pixels";
}

// What people hand over instead, so that the message can name it.
std::string_view other_kind(std::string_view bytes) {
  if (starts(bytes, "GIF8")) return "a GIF";
  if (starts(bytes, "RIFF") && has(bytes, 8, "WEBP")) return "a WebP";
  if (starts(bytes, "BM")) return "a BMP";
  if (starts(bytes, "II*") || starts(bytes, std::string_view("MM\0*", 4))) return "a TIFF";
  if (has(bytes, 4, "ftyp")) return "a HEIC, AVIF or video";
  if (starts(bytes, "%PDF")) return "a PDF";
  return bytes.empty() ? "an empty" : "another kind of";
}

}  // namespace

void check_size(uint64_t width, uint64_t height, std::string_view what, const ReadLimits& limits) {
  if (width * height <= limits.max_pixels) return;
  throw Error(Code::Exhausted, std::string(what) + ": it has " + pixels_of(width, height) + ", at most " +
                                   std::to_string(limits.max_pixels) + " in all are read; make it smaller first");
}

void corrupt_picture(std::string_view what, std::string_view kind, const std::string& why) {
  throw Error(Code::Corrupt, std::string(what) + ": a damaged " + std::string(kind) + " (" + why + "); get it again");
}

bool is_picture(std::string_view bytes) { return starts(bytes, kPng) || starts(bytes, kJpeg); }

Image read(std::string_view bytes, std::string_view what, const ReadLimits& limits) {
  if (bytes.size() > limits.max_file_bytes)
    throw Error(Code::Exhausted, std::string(what) + ": the picture has " + std::to_string(bytes.size()) +
                                     " bytes, at most " + std::to_string(limits.max_file_bytes) + " are read");
  if (!is_picture(bytes))
    throw Error(Code::Unsupported, std::string(what) + ": expected a PNG or a JPEG, found " +
                                       std::string(other_kind(bytes)) + " file; convert it to one of them");
  Stored stored = starts(bytes, kPng) ? read_png(bytes, what, limits) : read_jpeg(bytes, what, limits);
  return turned(std::move(stored.picture), stored.orientation);
}

Image read_file(const std::filesystem::path& path, const ReadLimits& limits) {
  return read(base::read_file(path, limits.max_file_bytes), path.string(), limits);
}

void write_png_file(const std::filesystem::path& path, const Image& picture) {
  base::write_file_atomic(path, write_png(picture));
}

}  // namespace hanok::image
