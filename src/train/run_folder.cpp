#include "train/run_folder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <sstream>

#include "base/byte_reader.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "hanok/error.h"
#include "train/plot.h"

namespace hanok::train {
namespace {

using base::ByteWriter;

double wall_time() { return 1e-3 * static_cast<double>(base::now_ms()); }  // seconds since 1970

// ---- protocol buffers, as much of them as tensorflow.Event needs

enum Wire { kVarint = 0, kDouble = 1, kBytes = 2, kFloat = 5 };
void put_key(ByteWriter& out, int field, Wire wire) { out.put_varint(static_cast<uint64_t>(field) << 3 | wire); }
void put_bytes(ByteWriter& out, int field, std::string_view bytes) {
  put_key(out, field, kBytes);
  out.put_varint(bytes.size());
  out.put_text(bytes);
}

// TFRecord: u64 length, masked CRC-32C of it, the bytes, masked CRC-32C of them; little endian.
uint32_t masked_crc(std::string_view bytes) { return std::rotr(base::crc32c(bytes), 15) + 0xa282ead8u; }
std::string record(const ByteWriter& event) {
  ByteWriter out;
  out.put<uint64_t>(event.size());
  out.put(masked_crc(out.bytes()));
  out.put_text(event.bytes());
  out.put(masked_crc(event.bytes()));
  return out.bytes();
}

}  // namespace

std::string to_json(const Event& event) {
  base::OrderedJson json = {{"event", event.name}};
  for (const auto& [key, value] : event.numbers) {
    if (std::isfinite(value) && value == std::floor(value) && std::abs(value) < 1e15)
      json[key] = static_cast<int64_t>(value);
    else
      json[key] = value;
  }
  if (!event.text.empty()) json["text"] = event.text;
  return base::dump_json(json);
}

std::string tensorboard_head(double time) {
  ByteWriter event;
  put_key(event, 1, kDouble);
  event.put(time);
  put_bytes(event, 3, "brain.Event:2");
  return record(event);
}

std::string tensorboard_record(double time, int64_t step, const std::string& tag, float value) {
  ByteWriter of_value, summary, event;
  put_bytes(of_value, 1, tag);
  put_key(of_value, 2, kFloat);
  of_value.put(value);
  put_bytes(summary, 1, of_value.bytes());
  put_key(event, 1, kDouble);
  event.put(time);
  put_key(event, 2, kVarint);
  event.put_varint(static_cast<uint64_t>(step));
  put_bytes(event, 5, summary.bytes());
  return record(event);
}

struct RunFolder::TensorBoard {
  std::ofstream out;
  void add(const EpochRow& row) {
    const double time = wall_time();
    const auto put = [&](const std::string& tag, double value) {
      const std::string bytes =
          tensorboard_record(time, static_cast<int64_t>(row.step), tag, static_cast<float>(value));
      out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    };
    put("loss/train", row.train_loss), put("loss/test", row.test_loss);
    put("accuracy/train", row.train_accuracy), put("accuracy/test", row.test_accuracy);
    put("learning_rate", row.learning_rate), put("images_per_second", row.images_per_second);
    out.flush();
  }
};

RunFolder::RunFolder(const std::filesystem::path& folder, std::vector<EpochRow> rows)
    : folder_(folder), rows_(std::move(rows)), board_(std::make_unique<TensorBoard>()) {
  std::filesystem::create_directories(folder / "plots");
  events_.open(folder / "events.jsonl", rows_.empty() ? std::ios::trunc : std::ios::app);
  board_->out.open(folder / ("events.out.tfevents." + std::to_string(static_cast<int64_t>(wall_time())) + ".hanok"),
                   std::ios::binary);
  if (!events_ || !board_->out) throw Error(Code::Unavailable, folder.string() + ": cannot be written");
  const std::string head = tensorboard_head(wall_time());
  board_->out.write(head.data(), static_cast<std::streamsize>(head.size()));
  for (const auto& row : rows_) board_->add(row);
}
RunFolder::~RunFolder() = default;

void RunFolder::write(const Event& event) { events_ << to_json(event) << std::endl; }

void RunFolder::add(const EpochRow& row) {
  rows_.push_back(row);
  board_->add(row);
  write_files();
}

void RunFolder::write_files() const {
  std::ostringstream csv;
  csv << "epoch,step,seconds,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy,images_per_second\n";
  csv.precision(9);
  Curve train_loss{"train", {}}, test_loss{"test", {}}, train_accuracy{"train", {}}, test_accuracy{"test", {}};
  for (const auto& r : rows_) {
    csv << r.epoch << ',' << r.step << ',' << r.seconds << ',' << r.learning_rate << ',' << r.train_loss << ','
        << r.train_accuracy << ',' << r.test_loss << ',' << r.test_accuracy << ',' << r.images_per_second << '\n';
    train_loss.y.push_back(r.train_loss), test_loss.y.push_back(r.test_loss);
    train_accuracy.y.push_back(r.train_accuracy), test_accuracy.y.push_back(r.test_accuracy);
  }
  base::write_file_atomic(folder_ / "metrics.csv", csv.str());
  write_plot(folder_ / "plots" / "loss", "Loss", {train_loss, test_loss});
  write_plot(folder_ / "plots" / "accuracy", "Accuracy", {train_accuracy, test_accuracy});
}

}  // namespace hanok::train
