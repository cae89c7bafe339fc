// JPEG through libjpeg. Its errors leave by longjmp, which runs no destructors: everything with one lives in Job,
// outside of the function that is jumped out of.
#include <csetjmp>
#include <cstddef>
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>  // wants stdio first

#include "image/formats.h"

namespace hanok::image {
namespace {

constexpr int kMaxScans = 200;  // progressive files have about ten; thousands of empty ones would take hours

struct Job {
  jpeg_error_mgr errors;  // must come first: libjpeg hands back a pointer to it
  jpeg_progress_mgr progress;
  std::jmp_buf leave;
  std::string error;
  Image picture;
  int orientation = 1;
  bool too_large = false;
};

Job& job_of(j_common_ptr jpeg) { return *reinterpret_cast<Job*>(jpeg->err); }

[[noreturn]] void fail(j_common_ptr jpeg) {
  char text[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, text);
  job_of(jpeg).error = text;
  std::longjmp(job_of(jpeg).leave, 1);
}

// Level -1 is a warning about damage. Stray bytes between markers are harmless; where pixels are made up, it is an
// error.
void note(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  ++jpeg->err->num_warnings;
  switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
      fail(jpeg);
    default:  // arithmetic coding has a warning of its own, whose number depends on how the library was built
      if (reinterpret_cast<j_decompress_ptr>(jpeg)->arith_code) fail(jpeg);
  }
}

void count_scans(j_common_ptr jpeg) {
  if (!jpeg->is_decompressor || reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMaxScans) return;
  job_of(jpeg).error = "it has more than " + std::to_string(kMaxScans) + " scans";
  std::longjmp(job_of(jpeg).leave, 1);
}

void stay_quiet(j_common_ptr) {}

void note_orientation(const jpeg_decompress_struct& jpeg, Job& job) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  for (auto* marker = jpeg.marker_list; marker; marker = marker->next) {
    std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (marker->marker != JPEG_APP0 + 1 || data.substr(0, kExif.size()) != kExif) continue;
    job.orientation = exif_orientation(data.substr(kExif.size()));
    return;
  }
}

// False: job.error says why, or job.too_large is set.
bool decode(jpeg_decompress_struct& jpeg, Job& job, std::string_view bytes, const ReadLimits& limits) {
  if (setjmp(job.leave)) return false;
  jpeg_create_decompress(&jpeg);
  jpeg.progress = &job.progress;
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&jpeg, TRUE);
  Image& picture = job.picture;
  picture.width = jpeg.image_width;
  picture.height = jpeg.image_height;
  if (static_cast<uint64_t>(picture.width) * picture.height > limits.max_pixels) {
    job.too_large = true;
    return false;
  }
  note_orientation(jpeg, job);
  const bool four = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
  jpeg.out_color_space = jpeg.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : four ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&jpeg);
  picture.channels = static_cast<size_t>(jpeg.output_components);
  const size_t row = picture.width * picture.channels;
  picture.pixels.assign(row * picture.height, 0);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW to = picture.pixels.data() + jpeg.output_scanline * row;
    jpeg_read_scanlines(&jpeg, &to, 1);
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

// Ink to light. Adobe's programs, which write nearly all such files, keep the values inverted.
Image from_cmyk(const Image& ink, bool inverted) {
  Image out{ink.width, ink.height, 3, std::vector<uint8_t>(ink.width * ink.height * 3)};
  for (size_t i = 0; i < ink.width * ink.height; ++i) {
    const auto light = [&](size_t c) { return inverted ? ink.pixels[4 * i + c] : 255 - ink.pixels[4 * i + c]; };
    for (size_t c = 0; c < 3; ++c) out.pixels[3 * i + c] = static_cast<uint8_t>((light(c) * light(3) + 127) / 255);
  }
  return out;
}

}  // namespace

Stored read_jpeg(std::string_view bytes, std::string_view what, const ReadLimits& limits) {
  Job job{};
  jpeg_decompress_struct jpeg{};
  jpeg.err = jpeg_std_error(&job.errors);
  job.errors.error_exit = fail;
  job.errors.emit_message = note;
  job.errors.output_message = stay_quiet;
  job.progress.progress_monitor = count_scans;
  bool done = false;
  try {
    done = decode(jpeg, job, bytes, limits);
  } catch (...) {  // memory, from the vector
    jpeg_destroy_decompress(&jpeg);
    throw Error(Code::Exhausted, std::string(what) + ": no memory is left to read it");
  }
  const bool inverted = jpeg.saw_Adobe_marker, ink = done && jpeg.out_color_space == JCS_CMYK;
  jpeg_destroy_decompress(&jpeg);
  if (job.too_large) check_size(job.picture.width, job.picture.height, what, limits);
  if (!done) corrupt_picture(what, "JPEG", job.error);
  return {ink ? from_cmyk(job.picture, inverted) : std::move(job.picture), job.orientation};
}

}  // namespace hanok::image
