#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>

#include <functional>

#include "base/file.h"
#include "hanok/error.h"
#include "hanok/image.h"
#include "vision/data/pictures.h"
#include "vision/data/unpack.h"

namespace hanok::vision {
namespace {

namespace fs = std::filesystem;

std::string u32(uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
}
std::string idx_images(uint32_t n) {
  std::string out = u32(0x803) + u32(n) + u32(4) + u32(5);
  for (uint32_t i = 0; i < n * 20; ++i) out += static_cast<char>(i);
  return out;
}
std::string idx_labels(std::vector<int> labels) {
  std::string out = u32(0x801) + u32(static_cast<uint32_t>(labels.size()));
  for (const int l : labels) out += static_cast<char>(l);
  return out;
}
std::string gzip(const std::string& bytes) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 1000, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())), z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data()), z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
std::string xz(const std::string& bytes) {
  std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
  size_t at = 0;
  lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                          reinterpret_cast<uint8_t*>(out.data()), &at, out.size());
  out.resize(at);
  return out;
}

struct Folder {
  base::TempFolder temp;
  fs::path path() const { return temp.path(); }
  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((path() / name).parent_path());
    base::write_file_atomic(path() / name, bytes);
  }
  void mnist() const {
    write("train-images-idx3-ubyte", idx_images(3));
    write("train-labels-idx1-ubyte.gz", gzip(idx_labels({7, 0, 9})));
    write("t10k-images-idx3-ubyte.xz", xz(idx_images(2)));
    write("t10k-labels-idx1-ubyte", idx_labels({1, 2}));
  }
};

// The error's text, which must name what is wrong.
std::string refusal(const std::string& set, const fs::path& folder, Code code) {
  try {
    read_data_set(set, folder);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  ADD_FAILURE() << set << " was read";
  return "";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

TEST(DataSets, IdxFilesPlainAndPacked) {
  const Folder folder;
  folder.mnist();
  const DataSet set = read_data_set("mnist", folder.path());
  EXPECT_EQ(set.train.size(), 3u);
  EXPECT_EQ(set.train.height, 4u);
  EXPECT_EQ(set.train.width, 5u);
  EXPECT_EQ(set.train.labels, (std::vector<uint16_t>{7, 0, 9}));
  EXPECT_EQ(set.train.at(2)[1], 41);
  EXPECT_EQ(set.test.labels, (std::vector<uint16_t>{1, 2}));
  EXPECT_EQ(set.class_names.size(), 10u);
}

TEST(DataSets, DamagedIdxFilesAreNamedWithTheirRecord) {
  const auto after = [](const std::string& name, const std::string& bytes, Code code = Code::Corrupt) {
    const Folder folder;
    folder.mnist();
    for (const char* end : {"", ".gz", ".xz"}) fs::remove(folder.path() / (name + end));
    if (!bytes.empty()) folder.write(name, bytes);
    return refusal("mnist", folder.path(), code);
  };
  std::string text = after("train-labels-idx1-ubyte", idx_labels({7, 0, 10}));
  EXPECT_TRUE(has(text, "train-labels") && has(text, "record 2") && has(text, "label 10")) << text;
  text = after("train-images-idx3-ubyte", idx_images(3).substr(0, 16 + 45));
  EXPECT_TRUE(has(text, "train-images") && has(text, "record 2")) << text;
  EXPECT_TRUE(has(after("train-images-idx3-ubyte", "short"), "5 bytes"));
  EXPECT_TRUE(has(after("train-images-idx3-ubyte", idx_labels({1, 2, 3}) + std::string(20, 'x')), "begins with 2051"));
  EXPECT_TRUE(has(after("train-labels-idx1-ubyte", idx_labels({7, 0})), "2 labels"));
  EXPECT_TRUE(has(after("t10k-labels-idx1-ubyte", "", Code::NotFound), "t10k-labels"));
  EXPECT_TRUE(has(after("train-labels-idx1-ubyte", idx_labels({7, 7, 7}), Code::Invalid), "one class"));
}

TEST(DataSets, DamagedPackedFilesAreRefused) {
  const std::string bytes(5000, 'a'), packed = gzip(bytes), xzed = xz(bytes);
  EXPECT_EQ(gunzip(packed, "it", 5000), bytes);
  EXPECT_EQ(gunzip(packed + packed, "it", 10000), bytes + bytes);
  EXPECT_EQ(unxz(xzed, "it", 5000), bytes);
  for (const auto& refuse : std::vector<std::function<void()>>{
           [&] { gunzip(packed.substr(0, packed.size() - 6), "it", 5000); },
           [&] { gunzip("nothing of the kind", "it", 5000); }, [&] { gunzip(packed, "it", 4999); },
           [&] { unxz(xzed.substr(0, xzed.size() - 6), "it", 5000); }, [&] { unxz(packed, "it", 5000); },
           [&] { unxz(xzed, "it", 4999); }})
    EXPECT_THROW(refuse(), Error);
}

std::string cifar(std::vector<int> labels) {
  std::string out;
  for (const int l : labels) {
    out += static_cast<char>(l);
    for (int i = 0; i < 3072; ++i) out += static_cast<char>(i + l);
  }
  return out;
}

std::string tar_of(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out;
  for (const auto& [name, bytes] : files) {
    std::string head(512, '\0');
    head.replace(0, name.size(), name);
    char size[13];
    std::snprintf(size, sizeof size, "%011zo", bytes.size());
    head.replace(124, 11, size);
    out += head + bytes + std::string((512 - bytes.size() % 512) % 512, '\0');
  }
  return out + std::string(1024, '\0');
}

TEST(DataSets, CifarFromBatchesAndFromItsArchive) {
  const Folder loose, packed;
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 1; i <= 5; ++i) {
    const std::string name = "data_batch_" + std::to_string(i) + ".bin";
    loose.write(name + (i == 2 ? ".xz" : ""), i == 2 ? xz(cifar({i, 0})) : cifar({i, 0}));
    files.emplace_back("cifar-10-batches-bin/" + name, cifar({i, 0}));
  }
  loose.write("test_batch.bin", cifar({9}));
  files.emplace_back("cifar-10-batches-bin/test_batch.bin", cifar({9}));
  packed.write("cifar-10-binary.tar.gz", gzip(tar_of(files)));
  const DataSet a = read_data_set("cifar10", loose.path()), b = read_data_set("cifar10", packed.path());
  EXPECT_EQ(a.train.labels, (std::vector<uint16_t>{1, 0, 2, 0, 3, 0, 4, 0, 5, 0}));
  EXPECT_EQ(a.train.at(2)[0], 2);
  EXPECT_EQ(a.train.pixels, b.train.pixels);
  EXPECT_EQ(a.test.labels, b.test.labels);
  loose.write("data_batch_4.bin", cifar({4, 0}).substr(0, 4000));
  EXPECT_TRUE(has(refusal("cifar10", loose.path(), Code::Corrupt), "record 1 is cut off"));
  loose.write("data_batch_4.bin", cifar({4, 11}));
  const std::string text = refusal("cifar10", loose.path(), Code::Corrupt);
  EXPECT_TRUE(has(text, "data_batch_4.bin") && has(text, "record 1") && has(text, "label 11")) << text;
  files.pop_back();
  packed.write("cifar-10-binary.tar.gz", gzip(tar_of(files)));
  EXPECT_TRUE(has(refusal("cifar10", packed.path(), Code::Corrupt), "has no test_batch.bin"));
}

image::Image square(size_t side, uint8_t value) {
  return {.width = side, .height = side, .channels = 3, .pixels = std::vector<uint8_t>(side * side * 3, value)};
}

TEST(DataSets, FoldersOfPictures) {
  const Folder folder;
  for (const std::string name : {"고양이", "dog"}) {
    fs::create_directories(folder.path() / name);
    for (int i = 0; i < 10; ++i)
      image::write_png_file(folder.path() / name / (std::to_string(i) + ".png"), square(20, name == "dog" ? 200 : 40));
  }
  const DataSet set = read_data_set("folder", folder.path(), 16);
  EXPECT_EQ(set.class_names, (std::vector<std::string>{"dog", "고양이"}));
  EXPECT_EQ(set.train.size(), 16u);
  EXPECT_EQ(set.test.size(), 4u);
  EXPECT_EQ(set.train.height, 16u);
  EXPECT_EQ(set.train.at(0)[0], 200);
  EXPECT_NEAR(set.mean[0], 120 / 255.0, 1e-3);
  folder.write("dog/broken.png", "\x89PNG\r\n\x1a\n and then nothing");
  EXPECT_TRUE(has(refusal("folder", folder.path(), Code::Corrupt), "broken.png"));
  const Folder empty;
  refusal("folder", empty.path(), Code::Invalid);
  EXPECT_TRUE(has(refusal("folder", empty.path() / "nowhere", Code::NotFound), "nowhere"));
  EXPECT_TRUE(has(refusal("imagenet", empty.path(), Code::Invalid), "cifar10"));
}

}  // namespace
}  // namespace hanok::vision
