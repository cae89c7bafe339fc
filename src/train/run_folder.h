// What a run writes while it goes on: the folder described in docs/formats/vision-run.md.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hanok::train {

/// Something that happened, with its numbers: one JSON object on a line, {"event": name, key: number, ...}.
struct Event {
  std::string name;  // start, step, epoch, warning, stop
  std::vector<std::pair<std::string, double>> numbers = {};
  std::string text = {};  // for people; key "text" where it is not empty
};
std::string to_json(const Event& event);

/// One epoch.
struct EpochRow {
  size_t epoch = 0, step = 0;  // both count from 1: what was finished
  double seconds = 0, learning_rate = 0, train_loss = 0, train_accuracy = 0, test_loss = 0, test_accuracy = 0,
         images_per_second = 0;
};

class RunFolder {
 public:
  /// Makes the folder. `rows`: the epochs that a run which goes on has behind it; the files begin with them. Throws
  /// Unavailable where it cannot be written.
  RunFolder(const std::filesystem::path& folder, std::vector<EpochRow> rows);
  ~RunFolder();
  /// Appends to events.jsonl.
  void write(const Event& event);
  /// metrics.csv, the plots and TensorBoard's file.
  void add(const EpochRow& row);
  const std::vector<EpochRow>& rows() const { return rows_; }

 private:
  void write_files() const;
  struct TensorBoard;
  std::filesystem::path folder_;
  std::vector<EpochRow> rows_;
  std::ofstream events_;
  std::unique_ptr<TensorBoard> board_;
};

/// One record of a TensorBoard events file (a TFRecord with a tensorflow.Event in it). Public for its test.
std::string tensorboard_record(double wall_time, int64_t step, const std::string& tag, float value);
/// The record that every such file begins with.
std::string tensorboard_head(double wall_time);

}  // namespace hanok::train
