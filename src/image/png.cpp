// PNG through libpng. Its errors leave by longjmp, which runs no destructors: everything with one lives in Job, outside
// of the functions that are jumped out of.
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "image/formats.h"

namespace hanok::image {
namespace {

struct Job {
  std::string_view left;  // of the file
  std::string error;
  Image picture;
  std::vector<png_bytep> rows;
  int orientation = 1;
  bool too_large = false;
  std::string out;  // when writing
};

void fail(png_structp png, png_const_charp message) {
  static_cast<Job*>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}

void stay_quiet(png_structp, png_const_charp) {}

void take(png_structp png, png_bytep to, size_t n) {
  auto& left = static_cast<Job*>(png_get_io_ptr(png))->left;
  if (n > left.size()) png_error(png, "the file is cut off");
  std::memcpy(to, left.data(), n);
  left.remove_prefix(n);
}

void put(png_structp png, png_bytep from, size_t n) {
  static_cast<Job*>(png_get_io_ptr(png))->out.append(reinterpret_cast<const char*>(from), n);
}

// Eight bits; gray, RGB, or RGBA where anything is transparent.
void ask_for_bytes(png_structp png, png_infop info) {
  png_set_expand(png);
  png_set_scale_16(png);
  const bool alpha = (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS);
  if (alpha) png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

void note_orientation(png_structp png, png_infop info, Job& job) {
#ifdef PNG_eXIf_SUPPORTED
  png_bytep exif = nullptr;
  png_uint_32 size = 0;
  if (png_get_eXIf_1(png, info, &size, &exif))
    job.orientation = exif_orientation({reinterpret_cast<const char*>(exif), size});
#endif
}

// False: job.error says why, or job.too_large is set.
bool decode(png_structp png, png_infop info, Job& job, const ReadLimits& limits) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_read_fn(png, &job, take);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the product is limited, not the sides
  png_set_chunk_malloc_max(png, 8'000'000);                    // texts and profiles, which nobody here reads
  png_set_chunk_cache_max(png, 128);
  png_read_info(png, info);
  Image& picture = job.picture;
  picture.width = png_get_image_width(png, info);
  picture.height = png_get_image_height(png, info);
  if (static_cast<uint64_t>(picture.width) * picture.height > limits.max_pixels) {
    job.too_large = true;
    return false;
  }
  note_orientation(png, info, job);
  ask_for_bytes(png, info);
  picture.channels = png_get_channels(png, info);
  const size_t row = png_get_rowbytes(png, info);
  picture.pixels.assign(row * picture.height, 0);
  job.rows.resize(picture.height);
  for (size_t y = 0; y < picture.height; ++y) job.rows[y] = picture.pixels.data() + y * row;
  png_read_image(png, job.rows.data());
  png_read_end(png, nullptr);
  return true;
}

bool encode(png_structp png, png_infop info, Job& job, const Image& picture) {
  if (setjmp(png_jmpbuf(png))) return false;
  static constexpr int kTypes[] = {0, PNG_COLOR_TYPE_GRAY, 0, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
  png_set_write_fn(png, &job, put, nullptr);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(png, info, static_cast<png_uint_32>(picture.width), static_cast<png_uint_32>(picture.height), 8,
               kTypes[picture.channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  const size_t row = picture.width * picture.channels;
  for (size_t y = 0; y < picture.height; ++y) png_write_row(png, picture.pixels.data() + y * row);
  png_write_end(png, info);
  return true;
}

}  // namespace

Stored read_png(std::string_view bytes, std::string_view what, const ReadLimits& limits) {
  Job job{.left = bytes};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, fail, stay_quiet);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    throw Error(Code::Exhausted, std::string(what) + ": no memory is left to read it");
  }
  bool done = false;
  try {
    done = decode(png, info, job, limits);
  } catch (...) {  // memory, from the vectors
    png_destroy_read_struct(&png, &info, nullptr);
    throw Error(Code::Exhausted, std::string(what) + ": no memory is left to read it");
  }
  png_destroy_read_struct(&png, &info, nullptr);
  if (job.too_large) check_size(job.picture.width, job.picture.height, what, limits);
  if (!done) corrupt_picture(what, "PNG", job.error);
  return {std::move(job.picture), job.orientation};
}

std::string write_png(const Image& picture) {
  const bool channels = picture.channels == 1 || picture.channels == 3 || picture.channels == 4;
  if (!channels || picture.width == 0 || picture.height == 0 ||
      picture.pixels.size() != picture.width * picture.height * picture.channels)
    throw Error(Code::Invalid,
                "a picture of " + std::to_string(picture.width) + " x " + std::to_string(picture.height) + " pixels, " +
                    std::to_string(picture.channels) + " channels and " + std::to_string(picture.pixels.size()) +
                    " values cannot be written as PNG: expected 1, 3 or 4 channels, and as many values as "
                    "width * height * channels");
  Job job;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &job, fail, stay_quiet);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  const bool done = info && encode(png, info, job, picture);
  png_destroy_write_struct(&png, &info);
  if (!done) throw Error(Code::Internal, "a PNG could not be written: " + job.error);
  return std::move(job.out);
}

}  // namespace hanok::image
