// Pictures on the command line, with a tiny net that sees colour and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace hanok::test {
namespace {

using base::Json;
using ::testing::HasSubstr;

const std::string kModel = HANOK_SOURCE_DIR "/tests/data/tiny_pictures";
const std::string kPictures = HANOK_SOURCE_DIR "/tests/data/pictures";

TEST(CliPictures, EmbedWritesVectorsWithLabels) {
  Program hanok;
  const std::string npy = hanok.folder() / "v.npy", picture = kPictures + "/rgb.png";
  const Json made = hanok.json({"embed", "--image", picture, kPictures + "/rgb.jpg", "--model", kModel, "--out", npy});
  EXPECT_EQ(made["pictures"], 2);
  EXPECT_EQ(made["dim"], 6);
  EXPECT_EQ(base::read_file(npy).substr(1, 5), "NUMPY");
  const auto lines = hanok.run({"embed", "--image", picture, "--model", kModel, "--format", "jsonl"});
  const Json line = base::parse_json(lines.out, "line");
  EXPECT_EQ(line["image"], picture);
  EXPECT_EQ(line["embedding"].size(), 6u);
  EXPECT_THAT(hanok.json({"embed", "--image", picture, "--out", npy}, 2)["error"]["message"].get<std::string>(),
              HasSubstr("which net"));
  EXPECT_EQ(
      hanok.json({"embed", "--image", kPictures + "/make.py", "--model", kModel, "--out", npy}, 6)["error"]["code"],
      "unsupported");
  EXPECT_EQ(hanok.json({"embed", "--image", picture, "--model", kPictures, "--out", npy}, 3)["error"]["code"],
            "not_found");
}

TEST(CliPictures, IngestThenSearchByPicture) {
  Program hanok;
  const Json report =
      hanok.json({"ingest", kPictures, "-c", "photos", "--image-model", kModel, "--meta", "album=test"});
  EXPECT_EQ(report["files"]["new"], 22);
  EXPECT_EQ(report["embedded"], 22);
  EXPECT_EQ(report["files"]["skipped"][".py"], 1);
  // The collection knows its model from then on.
  EXPECT_EQ(hanok.json({"ingest", kPictures, "-c", "photos"})["files"]["unchanged"], 22);

  const std::string page = hanok.folder() / "like.html";
  const Json found =
      hanok.json({"search", "--image", kPictures + "/rgb.png", "-c", "photos", "-k", "3", "--html", page});
  ASSERT_EQ(found["results"].size(), 3u);
  EXPECT_THAT(keys(found["results"][0]),
              testing::UnorderedElementsAre("rank", "score", "path", "label", "label_probability", "width", "height"));
  EXPECT_GT(found["results"][0]["score"].get<double>(), 0.9999);
  EXPECT_EQ(found["html"], page);
  EXPECT_THAT(base::read_file(page), HasSubstr("data:image/png;base64,"));
  const Json png = hanok.json({"search", "--image", kPictures + "/rgb.png", "-c", "photos", "--where",
                               "{\"format\": \"png\", \"album\": \"test\"}", "-k", "100"});
  EXPECT_EQ(png["results"].size(), 10u);
  // Names are words, and no text model is asked for.
  const Json words = hanok.json({"search", "progressive", "-c", "photos"});
  ASSERT_EQ(words["results"].size(), 1u);
}

TEST(CliPictures, ErrorsSayWhatToDo) {
  Program hanok;
  const auto message = [&](std::vector<std::string> words, int status) {
    return hanok.json(std::move(words), status)["error"]["message"].get<std::string>();
  };
  hanok.write("notes/a.txt", "The office opens at nine.");
  hanok.json({"ingest", hanok.folder() / "notes"});
  EXPECT_THAT(message({"search", "--image", kPictures + "/rgb.png"}, 2), HasSubstr("--image-model RUN"));
  EXPECT_THAT(message({"ingest", kPictures, "--image-model", kModel}, 2), HasSubstr("collection of their own"));
  EXPECT_THAT(message({"search"}, 2), HasSubstr("--image FILE"));
  EXPECT_THAT(message({"search", "x", "--html", "p.html"}, 2), HasSubstr("needs --image"));
  EXPECT_THAT(message({"search", "x", "--image", kPictures + "/rgb.png"}, 2), HasSubstr("not both"));
  EXPECT_THAT(message({"search", "--image", "x.png", "--mode", "keyword"}, 2), HasSubstr("--mode is for words"));
  EXPECT_THAT(message({"embed", "--image", "x.png", "--model", kModel, "--prompt", "query", "--out", "v.npy"}, 2),
              HasSubstr("--prompt is for texts"));
  hanok.json({"ingest", kPictures, "-c", "photos", "--image-model", kModel});
  EXPECT_THAT(message({"ingest", kPictures, "-c", "photos", "--ocr"}, 2), HasSubstr("reads pictures"));
  const auto run = hanok.folder() / "run";
  base::fs::copy(kModel, run);
  hanok.json({"ingest", kPictures, "-c", "more", "--image-model", run});
  base::fs::remove_all(run);
  EXPECT_THAT(message({"ingest", kPictures, "-c", "more"}, 3), HasSubstr("name another: --image-model RUN"));
}

}  // namespace
}  // namespace hanok::test
