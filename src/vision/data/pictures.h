// Data sets of pictures with classes, read whole into memory from the files in which they are published.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hanok::vision {

/// Pictures of one size, eight bits a value, channel by channel.
struct Pictures {
  size_t channels = 0, height = 0, width = 0;
  std::vector<uint8_t> pixels;   // [N, channels, height, width]
  std::vector<uint16_t> labels;  // [N], each below the number of classes

  size_t size() const { return labels.size(); }
  size_t bytes_each() const { return channels * height * width; }
  const uint8_t* at(size_t i) const { return pixels.data() + i * bytes_each(); }
};

struct DataSet {
  std::string name;
  Pictures train, test;
  std::vector<std::string> class_names;
  std::vector<float> mean, std;  // one a channel, of values in [0, 1]
};

/// "mnist", "fashion-mnist", "cifar10", "folder".
const std::vector<std::string>& data_set_names();

/// Reads the data set `name` from `folder`:
///   mnist, fashion-mnist   train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-...; plain, .gz or .xz
///   cifar10                data_batch_1..5.bin and test_batch.bin, plain, .gz or .xz, in the folder or in
///   cifar-10-batches-bin
///                          below it; or cifar-10-binary.tar.gz
///   folder                 train/CLASS/*.{png,jpg,jpeg} and test/CLASS/*; or CLASS/*, of which every fifth is for the
///   test.
///                          Made size x size: the largest square about the centre, resized.
/// Throws NotFound for files that are not there, Corrupt for damaged ones, naming file, record, what was expected and
/// found; Invalid where there is nothing to learn from (no pictures, one class).
DataSet read_data_set(const std::string& name, const std::filesystem::path& folder, size_t size = 32);

/// Mean and standard deviation of each channel, of values in [0, 1].
void measure_channels(const Pictures& pictures, std::vector<float>& mean, std::vector<float>& std);

}  // namespace hanok::vision
