#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "base/json.h"
#include "hanok/error.h"
#include "hanok/image.h"

namespace hanok::image {
namespace {

Image counted(size_t width, size_t height, size_t channels) {
  Image out{width, height, channels, std::vector<uint8_t>(width * height * channels)};
  for (size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] = static_cast<uint8_t>(i);
  return out;
}

TEST(Channels, GrayRgbAndAlpha) {
  const Image rgba{2, 1, 4, {200, 100, 50, 255, 0, 0, 0, 102}};
  EXPECT_EQ(to_rgb(rgba).pixels, (std::vector<uint8_t>{200, 100, 50, 153, 153, 153}));
  EXPECT_EQ(to_gray(rgba).pixels, (std::vector<uint8_t>{124, 153}));  // .299 200 + .587 100 + .114 50 = 124.2
  EXPECT_EQ(to_rgb({1, 1, 1, {7}}).pixels, (std::vector<uint8_t>{7, 7, 7}));
}

TEST(Crop, PartsAndBounds) {
  const Image picture = counted(4, 3, 2);
  EXPECT_EQ(crop(picture, 1, 1, 2, 2).pixels, (std::vector<uint8_t>{10, 11, 12, 13, 18, 19, 20, 21}));
  EXPECT_EQ(crop(picture, 0, 0, 4, 3), picture);
  for (const auto& [x, y, w, h] :
       std::vector<std::array<size_t, 4>>{{3, 0, 2, 1}, {0, 3, 1, 1}, {0, 0, 0, 1}, {5, 0, 1, 1}, {1, 0, SIZE_MAX, 1}})
    EXPECT_THROW(crop(picture, x, y, w, h), Error);
  EXPECT_EQ(crop_to_ratio(counted(9, 4, 1), 1, 1).pixels, crop(counted(9, 4, 1), 2, 0, 4, 4).pixels);
  EXPECT_EQ(crop_to_ratio(counted(4, 9, 1), 2, 1).height, 2u);
}

TEST(Resize, KeepsFlatColourAndTheMean) {
  const Image flat{7, 5, 3, std::vector<uint8_t>(7 * 5 * 3, 93)};
  for (const bool antialias : {false, true})
    for (const auto& [w, h] : {std::pair<size_t, size_t>{1, 1}, {3, 9}, {20, 2}, {7, 5}}) {
      const Image out = resize(flat, w, h, antialias);
      EXPECT_EQ(out.pixels, std::vector<uint8_t>(w * h * 3, 93)) << w << " x " << h;
    }
  const Image halves{4, 1, 1, {0, 0, 200, 200}};
  EXPECT_EQ(resize(halves, 1, 1).pixels[0], 100) << "antialiased: all pixels count";
  EXPECT_THROW(resize(flat, 0, 3), Error);
  EXPECT_THROW(resize({}, 2, 2), Error);
  EXPECT_THROW(resize_floats(std::vector<float>(5), 2, 2, 1, 1, 1), Error);
}

// Values that PyTorch computed (HANOK_TEST_DATA, or shared/data beside the source).
class Golden {
 public:
  static base::fs::path file() {
    const char* given = std::getenv("HANOK_TEST_DATA");
    return (given ? base::fs::path(given) : base::fs::path(HANOK_SOURCE_DIR) / "../shared/data") /
           "golden/vision/augment/augment.safetensors";
  }
  Golden() : bytes_(base::read_file(file())) {
    uint64_t head = 0;
    std::memcpy(&head, bytes_.data(), 8);
    data_ = 8 + head;
    json_ = base::parse_json(std::string_view(bytes_).substr(8, head), "augment");
  }
  // A tensor [N, C, H, W] as pictures [H, W, C] of floats; bytes are divided by 255.
  std::vector<std::vector<float>> pictures(const std::string& name) const {
    const auto& entry = json_.at(name);
    const auto shape = entry.at("shape").get<std::vector<size_t>>();
    const bool byte = entry.at("dtype") == "U8";
    const char* at = bytes_.data() + data_ + entry.at("data_offsets")[0].get<size_t>();
    std::vector<std::vector<float>> out(shape[0], std::vector<float>(shape[1] * shape[2] * shape[3]));
    size_t i = 0;
    for (auto& picture : out)
      for (size_t c = 0; c < shape[1]; ++c)
        for (size_t pixel = 0; pixel < shape[2] * shape[3]; ++pixel, ++i) {
          float value = 0;
          if (byte)
            value = static_cast<float>(static_cast<unsigned char>(at[i])) / 255.0f;
          else
            std::memcpy(&value, at + 4 * i, 4);
          picture[pixel * shape[1] + c] = value;
        }
    return out;
  }

 private:
  std::string bytes_;
  size_t data_ = 0;
  base::Json json_;
};

TEST(Resize, EqualsPyTorch) {
  if (!base::fs::exists(Golden::file())) GTEST_SKIP() << Golden::file() << " is not here";
  const Golden golden;
  struct Case {
    const char* name;
    size_t height, width;
    bool antialias;
  };
  const auto from = golden.pictures("in");
  for (const Case& c : {Case{"bilinear.48x48", 48, 48, false}, Case{"bilinear.20x28", 20, 28, false},
                        Case{"bilinear_antialias.14x14", 14, 14, true}}) {
    const auto expected = golden.pictures(c.name);
    for (size_t i = 0; i < from.size(); ++i) {
      const auto out = resize_floats(from[i], 32, 32, 3, c.width, c.height, c.antialias);
      ASSERT_EQ(out.size(), expected[i].size()) << c.name;
      for (size_t j = 0; j < out.size(); ++j) ASSERT_NEAR(out[j], expected[i][j], 1e-6) << c.name << " " << j;
    }
  }
}

TEST(Sheet, CellsInReadingOrder) {
  const std::vector<Image> pictures = {{1, 1, 1, {10}}, {2, 1, 1, {20, 30}}, {1, 2, 1, {40, 50}}};
  const Image out = sheet(pictures, {.columns = 2, .gap = 1});
  ASSERT_EQ(out.width, 7u);
  ASSERT_EQ(out.height, 7u);
  ASSERT_EQ(out.channels, 1u);
  EXPECT_EQ(out.pixels[out.at(1, 1)], 10);
  EXPECT_EQ(out.pixels[out.at(2, 1)], 255);
  EXPECT_EQ(out.pixels[out.at(4, 1)], 20);
  EXPECT_EQ(out.pixels[out.at(5, 1)], 30);
  EXPECT_EQ(out.pixels[out.at(1, 4)], 40);
  EXPECT_EQ(out.pixels[out.at(1, 5)], 50);
  EXPECT_EQ(out.pixels[out.at(4, 4)], 255) << "an empty cell";
  const Image mixed = sheet(std::vector<Image>{{1, 1, 1, {9}}, {1, 1, 3, {1, 2, 3}}}, {.gap = 0, .scale = 2});
  EXPECT_EQ(mixed.channels, 3u);
  EXPECT_EQ(mixed.width, 4u);
  EXPECT_EQ(mixed.height, 2u);
  EXPECT_EQ(mixed.pixels, (std::vector<uint8_t>{9, 9, 9, 9, 9, 9, 1, 2, 3, 1, 2, 3,  //
                                                9, 9, 9, 9, 9, 9, 1, 2, 3, 1, 2, 3}));
  EXPECT_THROW(sheet({}), Error);
}

}  // namespace
}  // namespace hanok::image
