#include "nn/vision_run.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/error.h"

namespace hanok::nn {
namespace {

VisionRun example() {
  return {.model = "lenet",
          .variant = "imagenet",
          .class_names = {"0", "고양이"},
          .channels = 1,
          .height = 28,
          .width = 28,
          .mean = {0.1307f},
          .std = {0.3081f},
          .parameters = 61706};
}

TEST(VisionRun, ComesBackAsItWasWritten) {
  const base::TempFolder folder;
  write_vision_run(folder.path(), example());
  const VisionRun run = read_vision_run(folder.path());
  EXPECT_EQ(run.model, "lenet");
  EXPECT_EQ(run.class_names, example().class_names);
  EXPECT_EQ(run.height, 28u);
  EXPECT_EQ(run.mean, example().mean);
  EXPECT_EQ(run.parameters, 61706u);
}

TEST(VisionRun, WrongFilesAreRefusedByName) {
  const base::TempFolder folder;
  EXPECT_THROW(read_vision_run(folder.path()), Error);
  write_vision_run(folder.path(), example());
  const auto file = folder.path() / "model.json";
  const std::string good = base::read_file(file);
  const auto refused = [&](const std::string& from, const std::string& to, Code code) {
    std::string text = good;
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    base::write_file_atomic(file, text);
    try {
      read_vision_run(folder.path());
      ADD_FAILURE() << to << " was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      EXPECT_NE(std::string(e.what()).find("model.json"), std::string::npos) << e.what();
    }
  };
  refused("hanok-vision-1", "hanok-vision-9", Code::Unsupported);
  refused("\"classes\": 2", "\"classes\": 3", Code::Corrupt);
  refused("\"height\": 28", "\"height\": 0", Code::Corrupt);
  refused("\"height\": 28", "\"height\": -28", Code::Corrupt);
  refused("\"std\"", "\"sdt\"", Code::Corrupt);
  refused("\"mean\": [\n    0.", "\"mean\": [\n    " + std::string(40, '9') + ".", Code::Corrupt);  // beyond a float
  refused("imagenet", "other", Code::Corrupt);
  refused("{", "[", Code::Invalid);
}

}  // namespace
}  // namespace hanok::nn
