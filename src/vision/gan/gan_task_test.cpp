#include "vision/gan/gan_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/random.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "hanok/image.h"
#include "vision/gan/generator.h"

namespace hanok::vision {
namespace {

// White squares on black, in two places.
DataSet squares(size_t n, size_t side = 28) {
  base::Random random(1);
  DataSet set{.name = "squares", .class_names = {"left", "right"}, .mean = {0.5f}, .std = {0.5f}};
  set.train = {1, side, side, {}, {}};
  for (size_t i = 0; i < n; ++i) {
    const size_t left = i % 2 ? 16 : 4, top = 6 + random.below(8);
    std::vector<uint8_t> picture(side * side, 0);
    for (size_t y = top; y < top + 8; ++y)
      std::fill_n(picture.begin() + static_cast<std::ptrdiff_t>(y * side + left), 8, 255);
    set.train.pixels.insert(set.train.pixels.end(), picture.begin(), picture.end());
    set.train.labels.push_back(static_cast<uint16_t>(i % 2));
  }
  return set;
}

GanOptions tiny(const std::filesystem::path& out) {
  GanOptions o{.out = out, .latent = 8, .categories = 3, .width = 4, .batch = 16, .epochs = 3};
  o.samples = 20, o.checkpoint_seconds = 1e9, o.precision = "float32";
  return o;
}

TEST(Gan, TrainsAndLeavesWhatIsPromised) {
  base::TempFolder temp;
  const DataSet set = squares(64);
  std::vector<train::Event> events;
  GanOptions o = tiny(temp.path() / "run");
  o.tell = [&](const train::Event& e) { events.push_back(e); };
  const GanReport report = train_gan(set, o);
  EXPECT_EQ(report.epochs, 3);
  EXPECT_EQ(report.last.epoch, 3u);
  EXPECT_GT(report.last.d_loss, 0);
  EXPECT_GT(report.last.g_loss, 0);
  for (const char* file : {"generator.safetensors", "gan.json", "gan.csv", "plots/gan.svg", "samples/epoch-003.png"})
    EXPECT_TRUE(base::fs::exists(o.out / file)) << file;
  EXPECT_EQ(read_gan_rows(o.out).size(), 3u);
  const auto sheet = image::read_file(o.out / "samples" / "epoch-001.png");
  EXPECT_EQ(sheet.width, 2 + 8 * (2 * 28 + 2u));
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& e) { return e.name == "gan"; }), 3);

  const Generator generator(o.out);
  const auto made = generator.make(latents(5, 8, 3, 1));
  EXPECT_EQ(made.size(), 5u);
  EXPECT_EQ(made.pixels, generator.make(latents(5, 8, 3, 1)).pixels);
  EXPECT_NE(made.pixels, generator.make(latents(5, 8, 3, 2)).pixels);
  EXPECT_THROW(generator.make(std::vector<float>(9)), Error);
}

TEST(Gan, LearnsWhereTheSquaresAre) {
  base::TempFolder temp;
  const DataSet set = squares(256);
  GanOptions o = tiny(temp.path() / "run");
  // No categories: a net of this size needs longer than 640 steps where it has some.
  o.categories = 0, o.width = 8, o.epochs = 40, o.learning_rate = 1e-3, o.averaging = 0.9;
  train_gan(set, o);
  const auto made = Generator(o.out).make(latents(64, 8, 0, 5));
  double inside = 0, corner = 0;
  for (size_t i = 0; i < made.size(); ++i) {
    inside += made.pixels[i * 784 + 14 * 28 + 8] + made.pixels[i * 784 + 14 * 28 + 20];
    corner += made.pixels[i * 784] + made.pixels[i * 784 + 783];
  }
  // Of two pixels a picture; before it learns all are about equal.
  EXPECT_GT(inside, corner + 128 * 30) << "brighter where squares are than where none is";
}

TEST(Gan, CategoriesChangeThePicture) {
  base::TempFolder temp;
  const DataSet set = squares(64);
  const GanOptions o = tiny(temp.path() / "run");
  train_gan(set, o);
  const Generator generator(o.out);
  EXPECT_EQ(generator.run().categories, 3u);
  EXPECT_EQ(generator.run().parameters, 11 * 16 * 16 + 2 * 16 + 16 * 8 * 9 + 2 * 8 + 8 * 4 * 16 + 2 * 4 + 4 * 16u);
  std::vector<float> z(2 * 11, 0);
  z[8] = kDrawn, z[11 + 9] = kDrawn;
  const auto made = generator.make(z);
  ASSERT_EQ(made.size(), 2u);
  const auto half = made.pixels.begin() + 784;
  EXPECT_FALSE(std::equal(made.pixels.begin(), half, half));
  EXPECT_THROW(generator.make(std::vector<float>(8)), Error) << "normal numbers alone are no whole vector";
}

TEST(Gan, ADiscriminatorOfItsOwnRate) {
  base::TempFolder temp;
  const DataSet set = squares(64);
  const auto after = [&](double rate) {
    GanOptions o = tiny(temp.path() / std::to_string(rate));
    o.learning_rate = 5e-3, o.discriminator = rate;
    return train_gan(set, o).last;
  };
  const GanRow still = after(1e-6), learns = after(1);
  EXPECT_LT(still.d_real, still.d_fake) << "one that hardly moves is fooled";
  EXPECT_GT(learns.d_real - learns.d_fake, still.d_real - still.d_fake + 0.1);
}

// Stopped anywhere and gone on with: the same bytes as a run that was not.
TEST(Gan, ResumedRunsAreTheSame) {
  base::TempFolder temp;
  const DataSet set = squares(64);
  const GanOptions whole = tiny(temp.path() / "whole");
  train_gan(set, whole);
  GanOptions cut = tiny(temp.path() / "cut");
  CancelSource stop;
  size_t steps = 0;
  cut.tell = [&](const train::Event& e) {
    if (e.name == "step" && ++steps == 6) stop.cancel();
  };
  {
    const Context::Scope scope(Context().with_cancel(stop));
    EXPECT_THROW(train_gan(set, cut), Error);
  }
  cut.tell = nullptr, cut.resume = true, cut.precision = "auto";  // that of the checkpoint, whatever is faster today
  train_gan(set, cut);
  for (const char* file : {"generator.safetensors", "gan.csv", "samples/epoch-003.png"})
    EXPECT_EQ(base::read_file(whole.out / file), base::read_file(cut.out / file)) << file;
}

TEST(Gan, WhatCannotBeTrainedIsRefused) {
  base::TempFolder temp;
  GanOptions o = tiny(temp.path() / "run");
  EXPECT_THROW(train_gan(squares(64, 30), o), Error) << "30 x 30";
  EXPECT_THROW(train_gan(squares(8), o), Error) << "fewer than a batch";
  o.judge = std::filesystem::path(HANOK_SOURCE_DIR) / "tests" / "data" / "tiny_pictures";
  try {
    train_gan(squares(64), o);
    ADD_FAILURE() << "a judge of colour pictures was taken for gray ones";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("train one on the same data set"));
  }
}

}  // namespace
}  // namespace hanok::vision
