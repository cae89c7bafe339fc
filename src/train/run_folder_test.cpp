#include "train/run_folder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"

namespace hanok::train {
namespace {

TEST(RunFolder, TensorBoardRecordsAreThoseOfTensorFlow) {
  // tensorflow.Event by hand: Event(wall_time=1.5, step=3, summary{tag "loss", simple_value 0.25}).
  const std::string record = tensorboard_record(1.5, 3, "loss", 0.25f);
  const std::string event = {'\x09', 0,  0,      0, 0,   0,   0,   '\xf8', '\x3f', '\x10', 3, '\x2a', 13,
                             '\x0a', 11, '\x0a', 4, 'l', 'o', 's', 's',    '\x15', 0,      0, '\x80', '\x3e'};
  ASSERT_EQ(record.size(), 8 + 4 + event.size() + 4);
  EXPECT_EQ(static_cast<size_t>(record[0]), event.size());
  EXPECT_EQ(record.substr(12, event.size()), event);
}

TEST(RunFolder, ARunThatGoesOnKeepsItsRows) {
  const base::TempFolder temp;
  const auto folder = temp.path() / "run";
  std::vector<EpochRow> before;
  {
    RunFolder run(folder, {});
    run.write({"start", {{"seed", 7}}, "hello"});
    run.add({.epoch = 1, .step = 10, .train_loss = 2.5, .test_accuracy = 0.5});
    before = run.rows();
  }
  {
    RunFolder run(folder, before);
    run.add({.epoch = 2, .step = 20, .train_loss = 1.5, .test_accuracy = 0.75});
  }
  const std::string csv = base::read_file(folder / "metrics.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_NE(csv.find("\n1,10,0,0,2.5,0,0,0.5,0\n2,20,"), std::string::npos) << csv;
  EXPECT_EQ(base::read_file(folder / "events.jsonl"), "{\"event\":\"start\",\"seed\":7,\"text\":\"hello\"}\n");
  const std::string svg = base::read_file(folder / "plots" / "accuracy.svg");
  EXPECT_NE(svg.find("<polyline"), std::string::npos);
  for (const char* plot : {"loss.svg", "loss.png", "accuracy.png"})
    EXPECT_TRUE(std::filesystem::exists(folder / "plots" / plot)) << plot;
}

}  // namespace
}  // namespace hanok::train
