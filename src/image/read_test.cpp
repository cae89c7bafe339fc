// The pictures that tests/data/pictures/make.py makes: one scene in every kind of file.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "base/file.h"
#include "base/test_error.h"
#include "image/formats.h"

namespace hanok::image {
namespace {

using base::error_of;
using base::fs::path;

constexpr size_t kWidth = 24, kHeight = 16;

path file(const std::string& name) { return path(HANOK_SOURCE_DIR) / "tests" / "data" / "pictures" / name; }

Image make(size_t channels, const std::function<int(size_t x, size_t y, size_t c)>& value) {
  Image out{kWidth, kHeight, channels, {}};
  for (size_t y = 0; y < kHeight; ++y)
    for (size_t x = 0; x < kWidth; ++x)
      for (size_t c = 0; c < channels; ++c) out.pixels.push_back(static_cast<uint8_t>(value(x, y, c)));
  return out;
}

int scene_value(size_t x, size_t y, size_t c) {
  return static_cast<int>(c == 0 ? 10 * x : c == 1 ? 15 * y : 255 - 6 * (x + y));
}

Image scene() { return make(3, scene_value); }

// The largest difference; 256 for another shape.
int apart(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height || a.channels != b.channels) return 256;
  int worst = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) worst = std::max(worst, std::abs(a.pixels[i] - b.pixels[i]));
  return worst;
}

TEST(Png, EveryKindBecomesEightBits) {
  EXPECT_EQ(read_file(file("rgb.png")), scene());
  EXPECT_EQ(read_file(file("interlaced.png")), scene());
  EXPECT_EQ(read_file(file("sixteen_bits.png")), scene());
  EXPECT_EQ(read_file(file("gray.png")), make(1, scene_value));
  EXPECT_EQ(read_file(file("one_bit.png")), make(1, [](size_t x, size_t, size_t) { return x >= 12 ? 255 : 0; }));
  EXPECT_EQ(read_file(file("palette.png")), make(3, [](size_t x, size_t, size_t c) { return x % 3 == c ? 255 : 0; }));
}

TEST(Png, AlphaIsKept) {
  EXPECT_EQ(read_file(file("rgba.png")),
            make(4, [](size_t x, size_t y, size_t c) { return c == 3 ? scene_value(x, y, 0) : scene_value(x, y, c); }));
  EXPECT_EQ(read_file(file("gray_alpha.png")),
            make(4, [](size_t x, size_t y, size_t c) { return static_cast<int>(c == 3 ? 15 * y : 10 * x); }));
  EXPECT_EQ(read_file(file("palette_clear.png")), make(4, [](size_t x, size_t, size_t c) {
              constexpr int kAlpha[] = {255, 128, 0};
              return c == 3 ? kAlpha[x % 3] : x % 3 == c ? 255 : 0;
            }));
}

TEST(Png, WhatIsWrittenIsReadAgain) {
  for (const size_t channels : {1, 3, 4}) {
    const Image picture = make(channels, [](size_t x, size_t y, size_t c) { return (x * 37 + y * 11 + c * 91) % 256; });
    EXPECT_EQ(read(write_png(picture), "written"), picture) << channels;
  }
  base::TempFolder temp;
  write_png_file(temp.path() / "a.png", scene());
  EXPECT_EQ(read_file(temp.path() / "a.png"), scene());
  error_of([] { write_png({2, 2, 2, std::vector<uint8_t>(8)}); }, Code::Invalid);
  error_of([] { write_png({2, 2, 3, std::vector<uint8_t>(11)}); }, Code::Invalid);
  error_of([] { write_png({}); }, Code::Invalid);
}

TEST(Jpeg, EveryKindShowsTheScene) {
  EXPECT_LE(apart(read_file(file("rgb.jpg")), scene()), 6);
  EXPECT_LE(apart(read_file(file("progressive.jpg")), scene()), 6);
  EXPECT_LE(apart(read_file(file("cmyk.jpg")), scene()), 6);
  EXPECT_LE(apart(read_file(file("half_colour.jpg")), scene()), 24) << "colour at half the resolution";
  EXPECT_LE(apart(read_file(file("gray.jpg")), make(1, scene_value)), 3);
}

TEST(Orientation, PicturesStandUpright) {
  for (int orientation = 2; orientation <= 8; ++orientation)
    EXPECT_LE(apart(read_file(file("turned_" + std::to_string(orientation) + ".jpg")), scene()), 6) << orientation;
  EXPECT_EQ(read_file(file("turned.png")), scene());
}

TEST(Orientation, DamagedExifLeavesThePictureAsItLies) {
  const std::string good("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22);
  EXPECT_EQ(exif_orientation(good), 6);
  for (size_t n = 0; n < 20; ++n) EXPECT_EQ(exif_orientation(good.substr(0, n)), 1) << n;
  for (const int value : {0, 9, 255}) {
    std::string bad = good;
    bad[18] = static_cast<char>(value);
    EXPECT_EQ(exif_orientation(bad), 1) << value;
  }
  std::string far = good;
  far.replace(4, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(exif_orientation(far), 1);
}

TEST(Read, SaysWhatIsWrong) {
  EXPECT_NE(error_of([] { read("GIF89a....", "a.gif"); }, Code::Unsupported).find("found a GIF file"),
            std::string::npos);
  error_of([] { read("", "empty"); }, Code::Unsupported);
  error_of([] { read_file(file("none.png")); }, Code::NotFound);
  const auto large = error_of([] { read_file(file("rgb.png"), {.max_pixels = 383}); }, Code::Exhausted);
  EXPECT_NE(large.find("24 x 16 pixels, at most 383"), std::string::npos) << large;
  error_of([] { read_file(file("rgb.jpg"), {.max_pixels = 383}); }, Code::Exhausted);
  error_of([] { read_file(file("rgb.jpg"), {.max_file_bytes = 100}); }, Code::Exhausted);
}

// A cut file is never half a picture; a changed bit of a PNG never another picture.
TEST(Read, DamageIsSeen) {
  for (const std::string name : {"rgb.png", "interlaced.png", "rgb.jpg", "progressive.jpg"}) {
    const std::string whole = base::read_file(file(name));
    for (size_t n = 12; n + 2 < whole.size(); n += 7) {
      try {
        read(std::string_view(whole).substr(0, n), name);
        ADD_FAILURE() << name << " cut to " << n << " bytes was read";
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Code::Corrupt) << e.what();
        EXPECT_EQ(std::string(e.what()).rfind(name + ": a damaged ", 0), 0u) << e.what();
      }
    }
  }
  const std::string whole = base::read_file(file("rgb.png"));
  for (size_t at = 16; at < whole.size() - 12; at += 5) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 16);
    try {
      EXPECT_EQ(read(bad, "bad"), scene()) << at;  // a chunk's name may become one that nobody needs
    } catch (const Error&) {
    }
  }
}

// What says that it is huge is refused before memory is taken for it.
TEST(Read, BombsAreRefused) {
  std::string png = base::read_file(file("rgb.png")), jpeg = base::read_file(file("rgb.jpg"));
  const size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");  // height, width
  error_of([&] { read(jpeg, "bomb.jpg"); }, Code::Exhausted);
  png.replace(16, 8, std::string("\x00\x01\x00\x00\x00\x01\x00\x00", 8));
  const uint32_t right = [&] {  // CRC-32 of the changed head, as PNG has it
    uint32_t crc = ~0u;
    for (size_t i = 12; i < 29; ++i) {
      crc ^= static_cast<unsigned char>(png[i]);
      for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
  }();
  for (size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<char>(right >> (24 - 8 * i));
  const auto message = error_of([&] { read(png, "bomb.png"); }, Code::Exhausted);
  EXPECT_NE(message.find("65536 x 65536"), std::string::npos) << message;
}

}  // namespace
}  // namespace hanok::image
