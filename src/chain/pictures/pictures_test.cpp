// With tests/data/tiny_pictures: a net that sees colour and nothing else.
#include "hanok/pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/random.h"
#include "base/test_error.h"

namespace hanok::chain {
namespace {

using base::error_of;
using base::fs::path;
using ::testing::HasSubstr;

const path kModel = path(HANOK_SOURCE_DIR) / "tests" / "data" / "tiny_pictures";

// A picture of about this colour, noisy, no two the same.
image::Image coloured(uint8_t r, uint8_t g, uint8_t b, uint64_t seed, size_t width = 40, size_t height = 24) {
  base::Random random(seed);
  image::Image out{width, height, 3, {}};
  for (size_t i = 0; i < width * height; ++i)
    for (const uint8_t c : {r, g, b})
      out.pixels.push_back(static_cast<uint8_t>(std::min<uint64_t>(c + random.below(40), 255)));
  return out;
}

class Pictures : public testing::Test {
 protected:
  Pictures()
      : store(store::Store::open(temp.path() / "data")), photos(store->collection("photos", true)), model(kModel) {
    base::fs::create_directories(folder());
    save("red_boot.png", coloured(200, 20, 20, 1));
    save("Red-Car.png", coloured(180, 30, 10, 2, 20, 50));
    save("green.png", coloured(20, 200, 20, 3));
    save("blue.png", coloured(10, 20, 210, 4));
  }
  path folder() const { return temp.path() / "pictures"; }
  void save(const std::string& name, const image::Image& picture) const {
    image::write_png_file(folder() / name, picture);
  }
  IngestReport ingest(const PictureModel& by, const PictureIngestOptions& options = {}) {
    const path paths[] = {folder()};
    return ingest_pictures(*photos, paths, by, options);
  }
  std::vector<std::string> names(const std::vector<PictureHit>& hits) const {
    std::vector<std::string> out;
    for (const auto& hit : hits) out.push_back(path(hit.path).filename().string());
    return out;
  }

  base::TempFolder temp;
  std::unique_ptr<store::Store> store;
  std::shared_ptr<store::Collection> photos;
  PictureModel model;
};

// The same net with another bias of blue.
void save_other_model(const path& to, float bias = 0.75f) {
  base::fs::create_directories(to);
  base::fs::copy_file(kModel / "model.json", to / "model.json");
  std::string weights = base::read_file(kModel / "model.safetensors");
  std::memcpy(weights.data() + weights.size() - sizeof bias, &bias, sizeof bias);  // fc.bias of blue
  base::write_file_atomic(to / "model.safetensors", weights);
}

TEST_F(Pictures, ModelSeesColour) {
  EXPECT_EQ(model.name(), "cnn");
  EXPECT_EQ(model.dim(), 6u);
  EXPECT_EQ(model.classes(), (std::vector<std::string>{"red", "green", "blue"}));
  const std::vector<image::Image> pictures = {coloured(200, 0, 0, 1), coloured(0, 0, 200, 2, 9, 33)};
  const Matrix rows = model.embed(pictures);
  ASSERT_EQ(rows.rows, 2u);
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(cosine(rows.row(i), rows.row(i)), 1, 1e-5);
  double length = 0;
  for (const float v : rows.row(0)) length += v * v;
  EXPECT_NEAR(length, 1, 1e-5);
  EXPECT_LT(cosine(rows.row(0), rows.row(1)), 0.5);
  const auto labels = model.classify(pictures[1]);
  ASSERT_EQ(labels.size(), 3u);
  EXPECT_EQ(labels[0].name, "blue");
  EXPECT_GT(labels[0].probability, 0.5f);
  EXPECT_NEAR(labels[0].probability + labels[1].probability + labels[2].probability, 1, 1e-5);
}

TEST_F(Pictures, ANetThatGivesNoNumbersIsRefused) {
  const path other = temp.path() / "other";
  save_other_model(other, NAN);
  const PictureModel broken(other);
  EXPECT_THAT(error_of([&] { (void)broken.classify(coloured(1, 2, 3, 4)); }, Code::Corrupt),
              HasSubstr("train it again"));
  EXPECT_THAT(error_of([&] { ingest(broken); }, Code::Corrupt), HasSubstr(other.string()));
  EXPECT_EQ(photos->document_count(), 0u);
}

TEST_F(Pictures, GrayAndTransparentPicturesAreTaken) {
  image::Image clear{4, 4, 4, std::vector<uint8_t>(64, 0)};  // transparent: white
  const image::Image gray{5, 7, 1, std::vector<uint8_t>(35, 128)};
  const auto seen = model.prepare(clear);
  ASSERT_EQ(seen.size(), 16u * 16 * 3);
  for (const float v : seen) ASSERT_NEAR(v, (1 - 0.5) / 0.25, 1e-5);
  for (const float v : model.prepare(gray)) ASSERT_NEAR(v, (128 / 255.0 - 0.5) / 0.25, 1e-5);
}

TEST_F(Pictures, AreReadOnceAndFound) {
  base::write_file_atomic(folder() / "notes.txt", "no picture");
  base::write_file_atomic(folder() / "broken.png", "\x89PNG\r\n\x1a\nxxxx");
  const auto report = ingest(model, {.metadata = {{"album", "one"}}});
  EXPECT_EQ(report.added, 4u);
  EXPECT_EQ(report.embedded, 4u);
  EXPECT_EQ(report.without_vector, 0u);
  EXPECT_EQ(report.skipped.at(".txt"), 1u);
  ASSERT_EQ(report.failed.size(), 1u);
  EXPECT_THAT(report.failed[0].error, HasSubstr("a damaged PNG"));

  const auto hits = search_pictures(*photos->snapshot(), model, coloured(210, 10, 10, 9), {.k = 2});
  EXPECT_THAT(names(hits), testing::UnorderedElementsAre("red_boot.png", "Red-Car.png"));
  EXPECT_GT(hits[0].score, 0.95f);
  EXPECT_GE(hits[0].score, hits[1].score);
  EXPECT_EQ(hits[0].label.name, "red");
  EXPECT_EQ(hits[0].width * hits[0].height, names(hits)[0] == "red_boot.png" ? 40u * 24 : 20u * 50);
  const auto green = search_pictures(*photos->snapshot(), model, coloured(210, 10, 10, 9),
                                     {.filter = store::Filter({{"label", "green"}, {"album", "one"}})});
  EXPECT_THAT(names(green), testing::ElementsAre("green.png"));
  EXPECT_EQ(photos->search_keyword("car", 5).size(), 1u) << "names are words";

  const auto again = ingest(model);
  EXPECT_EQ(again.unchanged, 4u);
  EXPECT_EQ(again.embedded, 0u);
  save("green.png", coloured(200, 10, 10, 12));
  base::fs::remove(folder() / "blue.png");
  const auto changed = ingest(model);
  EXPECT_EQ(changed.changed, 1u);
  EXPECT_EQ(changed.gone, 1u);
  EXPECT_EQ(photos->find((folder() / "green.png").string())->metadata["label"], "red");
}

TEST_F(Pictures, AnotherModelTakesOverWhenAllAreDone) {
  ingest(model);
  const path other = temp.path() / "other";
  save_other_model(other);
  const PictureModel second(other);
  EXPECT_NE(second.fingerprint(), model.fingerprint());
  error_of([&] { search_pictures(*photos->snapshot(), second, coloured(1, 2, 3, 4)); }, Code::Invalid);

  const path one[] = {folder() / "green.png"};
  const auto part = ingest_pictures(*photos, one, second);
  EXPECT_EQ(part.embedded, 1u);
  EXPECT_EQ(part.without_vector, 3u);
  EXPECT_EQ(picture_model_of(*photos->snapshot()).fingerprint(), model.fingerprint()) << "the old one answers";
  EXPECT_EQ(search_pictures(*photos->snapshot(), model, coloured(1, 200, 3, 4)).size(), 4u);

  const auto whole = ingest(second);
  EXPECT_EQ(whole.without_vector, 0u);
  EXPECT_EQ(picture_model_of(*photos->snapshot()).fingerprint(), second.fingerprint());
  EXPECT_EQ(search_pictures(*photos->snapshot(), second, coloured(1, 200, 3, 4)).size(), 4u);
  for (const auto& info : photos->documents())
    EXPECT_EQ(info.metadata["label_model"], second.fingerprint().substr(second.fingerprint().size() - 12)) << info.path;
  EXPECT_EQ(ingest(second).unchanged, 4u);

  base::write_file_atomic(other / "model.safetensors", base::read_file(kModel / "model.safetensors"));
  EXPECT_THAT(error_of([&] { picture_model_of(*photos->snapshot()); }, Code::Unavailable),
              HasSubstr("has changed since"));
  base::fs::remove_all(other);
  EXPECT_THAT(error_of([&] { picture_model_of(*photos->snapshot()); }, Code::NotFound),
              HasSubstr("Bring that run back"));
}

// A picture that cannot be read any more gets no vector of the new net: the old net goes on, with all its pictures.
TEST_F(Pictures, ADamagedPictureKeepsTheOldModelAnswering) {
  ingest(model);
  const path other = temp.path() / "other";
  save_other_model(other);
  const PictureModel second(other);
  base::write_file_atomic(folder() / "blue.png", "\x89PNG\r\n\x1a\nxxxx");
  for (int round = 0; round < 2; ++round) {
    const auto report = ingest(second);
    EXPECT_EQ(report.failed.size(), 1u);
    EXPECT_EQ(report.changed, 0u) << "round " << round;
    EXPECT_EQ(report.without_vector, 1u);
    ASSERT_EQ(report.warnings.size(), 1u);
    EXPECT_THAT(report.warnings[0], HasSubstr("hanok documents remove PATH -c photos"));
    EXPECT_EQ(search_pictures(*photos->snapshot(), model, coloured(1, 200, 3, 4)).size(), 4u) << "round " << round;
  }
  save("blue.png", coloured(10, 20, 210, 5));
  EXPECT_TRUE(ingest(second).warnings.empty());
  EXPECT_EQ(search_pictures(*photos->snapshot(), second, coloured(1, 200, 3, 4)).size(), 4u);
  EXPECT_EQ(ingest(second).unchanged, 4u) << "all have its labels";
}

TEST_F(Pictures, TextsAndPicturesDoNotMix) {
  auto texts = store->collection("texts", true);
  base::write_file_atomic(temp.path() / "a.txt", "hello");
  const path paths[] = {temp.path() / "a.txt"};
  chain::ingest(*texts, paths);
  const path pictures[] = {folder()};
  EXPECT_THAT(error_of([&] { ingest_pictures(*texts, pictures, model); }, Code::Invalid), HasSubstr("holds texts"));
  EXPECT_THAT(error_of([&] { search_pictures(*texts->snapshot(), model, coloured(1, 2, 3, 4)); }, Code::Invalid),
              HasSubstr("holds no pictures"));
}

TEST_F(Pictures, PageStandsByItselfAndEscapes) {
  const std::string evil = "<b>&\"x\".png";
  save(evil, coloured(220, 15, 15, 7));
  ingest(model);
  auto hits = search_pictures(*photos->snapshot(), model, coloured(220, 15, 15, 7), {.k = 3});
  base::fs::remove(folder() / "Red-Car.png");
  const std::string page = picture_page("a <title>", coloured(220, 15, 15, 7), hits);
  EXPECT_THAT(page, HasSubstr("a &lt;title&gt;"));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;&amp;&quot;x&quot;.png"));
  EXPECT_THAT(page, testing::Not(HasSubstr("<b>&\"x\"")));
  EXPECT_THAT(page, HasSubstr("src=\"data:image/png;base64,iVBOR"));
  EXPECT_THAT(page, testing::Not(HasSubstr("http")));
  EXPECT_THAT(page, HasSubstr("Red-Car.png: ")) << "a picture that is gone is said to be";
}

}  // namespace
}  // namespace hanok::chain
