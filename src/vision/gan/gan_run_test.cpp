#include "vision/gan/gan_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/error.h"
#include "vision/gan/generator.h"

namespace hanok::vision {
namespace {

using ::testing::HasSubstr;

TEST(GanRun, IsReadAsWritten) {
  base::TempFolder temp;
  write_gan_run(
      temp.path(),
      {.data_set = "mnist", .latent = 64, .categories = 5, .width = 16, .channels = 3, .side = 32, .parameters = 9});
  const GanRun run = read_gan_run(temp.path());
  EXPECT_EQ(run.data_set, "mnist");
  EXPECT_EQ(run.latent, 64u);
  EXPECT_EQ(run.categories, 5u);
  EXPECT_EQ(run.width, 16u);
  EXPECT_EQ(run.channels, 3u);
  EXPECT_EQ(run.side, 32u);
  const auto file = temp.path() / "gan.json";
  const auto code = [&](const std::string& text) {
    base::write_file_atomic(file, text);
    try {
      read_gan_run(temp.path());
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr("gan.json"));
      return e.code();
    }
    return Code::Internal;
  };
  base::write_file_atomic(file, R"({"format": "hanok-gan-1", "dataset": "mnist", "latent": 12, "width": 8,
                                    "channels": 1, "side": 28, "parameters": 9})");
  EXPECT_EQ(read_gan_run(temp.path()).categories, 0u) << "runs of before had none";
  EXPECT_EQ(code("{\"format\": \"hanok-gan-2\"}"), Code::Unsupported);
  EXPECT_EQ(code("[]"), Code::Corrupt);
  EXPECT_EQ(code("{\"format\": \"hanok-gan-1\", \"latent\": -1}"), Code::Corrupt);
  EXPECT_THROW(read_gan_run(temp.path() / "none"), Error);
}

TEST(GanRun, RowsAreReadAsWritten) {
  base::TempFolder temp;
  const std::vector<GanRow> rows = {{1, 1.25, 0.5, 0.7, 0.3, 0.9}, {2, 1.5, 0.75, 0.6, 0.4, 0.8, 0.91, 10, 2.3, 12.5}};
  write_gan_rows(temp.path(), rows);
  const auto back = read_gan_rows(temp.path());
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].d_loss, 1.25);
  EXPECT_EQ(back[0].confident, -1);
  EXPECT_EQ(back[1].frechet, 12.5);
  EXPECT_THAT(base::read_file(temp.path() / "plots" / "gan.svg"), HasSubstr("<svg"));
  for (const char* plot : {"gan.png", "gan-d.png", "gan-judge.png"})
    EXPECT_TRUE(base::fs::exists(temp.path() / "plots" / plot)) << plot;
  EXPECT_TRUE(read_gan_rows(temp.path() / "none").empty());
  base::write_file_atomic(temp.path() / "gan.csv", base::read_file(temp.path() / "gan.csv") + "3,x\n");
  EXPECT_THROW(read_gan_rows(temp.path()), Error);
}

TEST(GanRun, CollapseIsNamed) {
  const GanRow well{.epoch = 1,
                    .d_loss = 1.2,
                    .g_loss = 0.9,
                    .d_real = 0.6,
                    .d_fake = 0.4,
                    .spread = 0.95,
                    .confident = 0.9,
                    .classes = 10};
  EXPECT_FALSE(collapse(well, 10));
  GanRow row = well;
  row.classes = 8;
  EXPECT_THAT(collapse(row, 10).value(), HasSubstr("8 of 10 classes"));
  row = well, row.spread = 0.2;
  EXPECT_THAT(collapse(row, 10).value(), HasSubstr("20 %"));
  row = well, row.d_real = 0.999, row.d_fake = 0.001;
  EXPECT_THAT(collapse(row, 10).value(), HasSubstr("right about nearly everything"));
  row = well, row.classes = -1;
  EXPECT_FALSE(collapse(row, 0)) << "no judge, nobody who counts classes";
}

TEST(Latents, OneCategoryIsDrawnForEach) {
  constexpr size_t kPictures = 300, kNormal = 5, kCategories = 4;
  const auto z = latents(kPictures, kNormal, kCategories, 7);
  ASSERT_EQ(z.size(), kPictures * (kNormal + kCategories));
  std::vector<size_t> drawn(kCategories, 0);
  for (size_t i = 0; i < kPictures; ++i) {
    size_t here = 0;
    for (size_t c = 0; c < kCategories; ++c) {
      const float v = z[i * (kNormal + kCategories) + kNormal + c];
      EXPECT_TRUE(v == 0 || v == kDrawn) << v;
      here += v == kDrawn, drawn[c] += v == kDrawn;
    }
    EXPECT_EQ(here, 1u);
  }
  for (const size_t n : drawn) EXPECT_NEAR(static_cast<double>(n), 75, 35);
}

TEST(Latents, SeedsAndGreatCircles) {
  EXPECT_EQ(latents(3, 5, 0, 7), latents(3, 5, 0, 7));
  EXPECT_NE(latents(3, 5, 0, 7), latents(3, 5, 0, 8));
  const auto a = latents(1, 50, 0, 1), b = latents(1, 50, 0, 2);
  const auto path = between(a, b, 5);
  ASSERT_EQ(path.size(), 250u);
  const auto length = [&](size_t step) {
    double sum = 0;
    for (size_t i = 0; i < 50; ++i) sum += static_cast<double>(path[step * 50 + i]) * path[step * 50 + i];
    return std::sqrt(sum);
  };
  for (size_t i = 0; i < 50; ++i) {
    EXPECT_NEAR(path[i], a[i], 1e-5);
    EXPECT_NEAR(path[200 + i], b[i], 1e-5);
  }
  EXPECT_GT(length(2), 0.95 * std::min(length(0), length(4))) << "the middle is as long as the ends";
  EXPECT_EQ(between(a, a, 3), (std::vector<float>([&] {
              auto out = a;
              out.insert(out.end(), a.begin(), a.end());
              out.insert(out.end(), a.begin(), a.end());
              return out;
            }())));
}

}  // namespace
}  // namespace hanok::vision
