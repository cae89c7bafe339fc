#include <algorithm>
#include <cmath>
#include <set>

#include "base/ascii.h"
#include "base/file.h"
#include "base/threads.h"
#include "hanok/error.h"
#include "hanok/image.h"
#include "vision/data/pictures.h"
#include "vision/data/unpack.h"

namespace hanok::vision {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kDigits = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
const std::vector<std::string> kClothes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                           "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
const std::vector<std::string> kThings = {"airplane", "automobile", "bird",  "cat",  "deer",
                                          "dog",      "frog",       "horse", "ship", "truck"};

[[noreturn]] void corrupt(const std::string& what) { throw Error(Code::Corrupt, what); }

// ---- idx: MNIST and Fashion-MNIST

constexpr uint64_t kMostIdx = 2'000'000'000;  // bytes of one file

uint32_t big_endian(std::string_view bytes, size_t at) {
  uint32_t v = 0;
  for (size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(bytes[at + i]);
  return v;
}

// The sizes of an idx file of bytes with `axes` axes; its data begin behind 4 + 4 * axes bytes.
std::vector<size_t> idx_shape(const std::string& bytes, size_t axes, const std::string& file) {
  const size_t head = 4 + 4 * axes;
  if (bytes.size() < head)
    corrupt(file + ": " + std::to_string(bytes.size()) + " bytes are less than the head of an idx file");
  const uint32_t magic = 0x800 + static_cast<uint32_t>(axes);
  if (big_endian(bytes, 0) != magic)
    corrupt(file + ": an idx file of bytes with " + std::to_string(axes) + " axes begins with " +
            std::to_string(magic) + ", found " + std::to_string(big_endian(bytes, 0)));
  std::vector<size_t> shape;
  uint64_t count = 1;
  for (size_t i = 0; i < axes; ++i) {
    shape.push_back(big_endian(bytes, 4 + 4 * i));
    if (i > 0 && (shape[i] == 0 || shape[i] > 4096))
      corrupt(file + ": an axis of " + std::to_string(shape[i]) + " values");
    count *= shape[i];
  }
  if (bytes.size() - head != count)
    corrupt(file + ": " + std::to_string(shape[0]) + " records are " + std::to_string(count) + " bytes, found " +
            std::to_string(bytes.size() - head) + "; record " +
            std::to_string((bytes.size() - head) * shape[0] / std::max<uint64_t>(count, 1)) + " is not whole");
  return shape;
}

std::string need(const fs::path& folder, const std::string& name, uint64_t most, fs::path& path) {
  auto bytes = read_packed(folder, name, most, &path);
  if (!bytes)
    throw Error(Code::NotFound, (folder / name).string() +
                                    ": is not there, nor with .gz or .xz; `hanok vision data get` "
                                    "fetches data sets");
  return std::move(*bytes);
}

void check_labels(const std::string& file, std::string_view labels, size_t classes) {
  for (size_t i = 0; i < labels.size(); ++i)
    if (const auto label = static_cast<unsigned char>(labels[i]); label >= classes)
      corrupt(file + ": record " + std::to_string(i) + ": label " + std::to_string(label) + ", expected 0 to " +
              std::to_string(classes - 1));
}

Pictures read_idx(const fs::path& folder, const std::string& part, size_t classes) {
  fs::path file;
  const std::string images = need(folder, part + "-images-idx3-ubyte", kMostIdx, file);
  const std::vector<size_t> shape = idx_shape(images, 3, file.string());
  const fs::path images_file = file;
  const std::string labels = need(folder, part + "-labels-idx1-ubyte", kMostIdx, file);
  if (const size_t n = idx_shape(labels, 1, file.string())[0]; n != shape[0])
    corrupt(file.string() + ": has " + std::to_string(n) + " labels, and " + images_file.string() + " has " +
            std::to_string(shape[0]) + " pictures");
  const std::string_view values = std::string_view(labels).substr(8);
  check_labels(file.string(), values, classes);
  Pictures out{.channels = 1, .height = shape[1], .width = shape[2]};
  out.pixels.assign(images.begin() + 16, images.end());
  for (const char c : values) out.labels.push_back(static_cast<unsigned char>(c));
  return out;
}

// ---- CIFAR-10

constexpr size_t kCifarPixels = 3072, kCifarRecord = 1 + kCifarPixels;
constexpr uint64_t kMostCifar = 1'000'000'000;

void add_cifar(std::string_view bytes, const std::string& file, Pictures& out) {
  if (bytes.size() % kCifarRecord != 0)
    corrupt(file + ": records have " + std::to_string(kCifarRecord) + " bytes, and " + std::to_string(bytes.size()) +
            " are no whole number of them: record " + std::to_string(bytes.size() / kCifarRecord) + " is cut off");
  for (size_t i = 0; i * kCifarRecord < bytes.size(); ++i) {
    const std::string_view record = bytes.substr(i * kCifarRecord, kCifarRecord);
    const auto label = static_cast<unsigned char>(record[0]);
    if (label >= kThings.size())
      corrupt(file + ": record " + std::to_string(i) + ": label " + std::to_string(label) + ", expected 0 to 9");
    out.labels.push_back(label);
    out.pixels.insert(out.pixels.end(), record.begin() + 1, record.end());
  }
}

void read_cifar(const fs::path& given, DataSet& set) {
  const std::vector<std::string> batches = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                            "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
  set.train = set.test = {.channels = 3, .height = 32, .width = 32};
  const fs::path archive = given / "cifar-10-binary.tar.gz";
  fs::path folder = given;
  if (fs::is_directory(given / "cifar-10-batches-bin")) folder = given / "cifar-10-batches-bin";
  std::string tar;
  fs::path there;
  const bool loose = [&] {
    for (const char* end : {"", ".gz", ".xz"})
      if (fs::exists(folder / (batches.back() + end))) return true;
    return false;
  }();
  if (!loose && fs::exists(archive)) tar = gunzip(base::read_file(archive, kMostCifar), archive.string(), kMostCifar);
  std::vector<std::string> parts(batches.size());
  std::vector<fs::path> files(batches.size());
  if (tar.empty()) {  // unpacking takes seconds
    base::parallel_for(batches.size(), 1, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) parts[i] = need(folder, batches[i], kMostCifar, files[i]);
    });
  }
  for (size_t i = 0; i < batches.size(); ++i) {
    Pictures& out = batches[i] == "test_batch.bin" ? set.test : set.train;
    if (tar.empty()) {
      add_cifar(parts[i], files[i].string(), out);
    } else {
      const auto found = find_in_tar(tar, "/" + batches[i], archive.string());
      if (!found) throw Error(Code::Corrupt, archive.string() + ": has no " + batches[i]);
      add_cifar(*found, archive.string() + ": " + batches[i], out);
    }
  }
}

// ---- folders

bool is_picture_file(const fs::path& file) {
  const std::string end = base::lower(file.extension().string());
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}

std::vector<fs::path> sorted(const fs::path& folder, bool folders) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string()[0] != '.' &&
        (folders ? entry.is_directory() : entry.is_regular_file() && is_picture_file(entry.path())))
      out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

struct Labelled {
  fs::path file;
  uint16_t label;
};

std::vector<Labelled> list_folder(const fs::path& folder, const std::vector<std::string>& classes) {
  std::vector<Labelled> out;
  for (size_t c = 0; c < classes.size(); ++c)
    if (fs::is_directory(folder / classes[c]))
      for (auto& file : sorted(folder / classes[c], false)) out.push_back({std::move(file), static_cast<uint16_t>(c)});
  return out;
}

Pictures read_files(const std::vector<Labelled>& files, size_t size) {
  Pictures out{.channels = 3, .height = size, .width = size};
  out.pixels.resize(files.size() * out.bytes_each());
  out.labels.resize(files.size());
  base::parallel_for(files.size(), 8, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) {
      base::check_interrupt();
      image::Image picture = image::to_rgb(image::read_file(files[i].file));  // errors name the file
      picture = image::resize(image::crop_to_ratio(picture, 1, 1), size, size);
      uint8_t* to = out.pixels.data() + i * out.bytes_each();
      for (size_t c = 0; c < 3; ++c)
        for (size_t p = 0; p < size * size; ++p) *to++ = picture.pixels[p * 3 + c];
      out.labels[i] = files[i].label;
    }
  });
  return out;
}

void read_folder(const fs::path& folder, size_t size, DataSet& set) {
  const bool parted = fs::is_directory(folder / "train");
  const fs::path train = parted ? folder / "train" : folder;
  if (parted && !fs::is_directory(folder / "test"))
    throw Error(Code::NotFound,
                (folder / "test").string() + ": is not there; train/ needs a test/ with the same classes");
  for (const auto& path : sorted(train, true)) set.class_names.push_back(path.filename().string());
  std::vector<Labelled> for_train = list_folder(train, set.class_names), for_test;
  if (parted) {
    for_test = list_folder(folder / "test", set.class_names);
    for (const auto& path : sorted(folder / "test", true))
      if (!std::count(set.class_names.begin(), set.class_names.end(), path.filename().string()))
        throw Error(Code::Invalid, path.string() + ": is a class that " + train.string() + " does not have");
  } else {
    constexpr size_t kEvery = 5;  // a fifth of every class is held back
    std::vector<Labelled> kept;
    size_t at = 0;
    for (size_t i = 0; i < for_train.size(); ++i) {
      at = i > 0 && for_train[i].label == for_train[i - 1].label ? at + 1 : 0;
      (at % kEvery == kEvery - 1 ? for_test : kept).push_back(for_train[i]);
    }
    for_train = std::move(kept);
  }
  set.train = read_files(for_train, size);
  set.test = read_files(for_test, size);
  if (set.train.size()) measure_channels(set.train, set.mean, set.std);
}

void check(const DataSet& set, const fs::path& folder) {
  const std::string what = folder.string() + ": " + set.name;
  if (set.train.size() == 0) throw Error(Code::Invalid, what + " has no pictures to learn from");
  if (set.test.size() == 0) throw Error(Code::Invalid, what + " has no pictures to be tested with");
  if (std::set<uint16_t>(set.train.labels.begin(), set.train.labels.end()).size() < 2)
    throw Error(Code::Invalid,
                what + ": all pictures are of one class, there is nothing to learn; two were expected at least");
  if (set.train.bytes_each() != set.test.bytes_each() || set.train.height != set.test.height)
    throw Error(Code::Invalid, what + ": the pictures to learn from and those of the test have different sizes");
}

}  // namespace

const std::vector<std::string>& data_set_names() {
  static const std::vector<std::string> names = {"mnist", "fashion-mnist", "cifar10", "folder"};
  return names;
}

void measure_channels(const Pictures& p, std::vector<float>& mean, std::vector<float>& std) {
  mean.assign(p.channels, 0), std.assign(p.channels, 1);
  const size_t each = p.height * p.width;
  for (size_t c = 0; c < p.channels; ++c) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < p.size(); ++i)
      for (size_t k = 0; k < each; ++k) {
        const double v = p.at(i)[c * each + k] / 255.0;
        sum += v, squares += v * v;
      }
    const double n = static_cast<double>(p.size() * each), m = sum / n, variance = std::max(0.0, squares / n - m * m);
    mean[c] = static_cast<float>(m);
    std[c] = static_cast<float>(std::max(std::sqrt(variance), 1e-3));  // a channel of one value alone
  }
}

DataSet read_data_set(const std::string& name, const fs::path& folder, size_t size) {
  if (!fs::is_directory(folder)) throw Error(Code::NotFound, folder.string() + ": is no folder");
  DataSet set{.name = name};
  if (name == "mnist" || name == "fashion-mnist") {
    set.class_names = name == "mnist" ? kDigits : kClothes;
    set.train = read_idx(folder, "train", set.class_names.size());
    set.test = read_idx(folder, "t10k", set.class_names.size());
    set.mean = {name == "mnist" ? 0.1307f : 0.2860f}, set.std = {name == "mnist" ? 0.3081f : 0.3530f};
  } else if (name == "cifar10") {
    set.class_names = kThings;
    read_cifar(folder, set);
    set.mean = {0.4914f, 0.4822f, 0.4465f}, set.std = {0.2470f, 0.2435f, 0.2616f};
  } else if (name == "folder") {
    read_folder(folder, size, set);
  } else {
    throw Error(Code::Invalid, "there is no data set '" + name + "'; there are: mnist, fashion-mnist, cifar10, folder");
  }
  check(set, folder);
  return set;
}

}  // namespace hanok::vision
