#include "nn/torch_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/file.h"
#include "hanok/error.h"
#include "nn/pickle.h"
#include "nn/weights.h"

namespace hanok::nn {
namespace {

std::filesystem::path saved(const std::string& name) {
  return std::filesystem::path(HANOK_SOURCE_DIR) / "tests" / "data" / "torch" / name;
}

// What tools/make_torch_files.py saves, in both formats.
void expect_state(const Weights& file) {
  EXPECT_EQ(file.tensors().size(), 8u);
  EXPECT_EQ(read_floats(file.at("a.weight", {2, 3})), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(read_floats(file.at("a.bias", {2})), (std::vector<float>{1.5, -2}));
  EXPECT_EQ(read_floats(file.at("h", {4})), (std::vector<float>{0, 1, 2, 3}));
  EXPECT_EQ(read_floats(file.at("b", {4})), (std::vector<float>{0, 1, 2, 3}));
  EXPECT_EQ(read_floats(file.at("view", {4})), (std::vector<float>{2, 3, 4, 5})) << "an offset into its storage";
  EXPECT_EQ(read_floats(file.at("t", {3, 2})), (std::vector<float>{0, 3, 1, 4, 2, 5})) << "a transpose";
  const auto channels_last = read_floats(file.at("cl", {1, 2, 2, 4}));
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(channels_last[i], static_cast<float>(i)) << "strides of channels_last";
  const Tensor* batches = file.find("bn.num_batches_tracked");
  ASSERT_TRUE(batches && batches->type == DType::I64 && batches->shape.empty());
  int64_t seven = 0;
  std::memcpy(&seven, batches->bytes.data(), sizeof seven);
  EXPECT_EQ(seven, 7);
}

TEST(TorchFile, ZipHasEveryTensor) { expect_state(Weights::open_file(saved("new.pth"))); }
TEST(TorchFile, TheOlderStreamHasTheSame) { expect_state(Weights::open_file(saved("old.pth"))); }

TEST(TorchFile, ACheckpointsModelIsFound) {
  const auto file = Weights::open_file(saved("ckpt.pth"));
  EXPECT_EQ(file.at("0.weight", {2, 1, 3, 3}).type, DType::F32);
  EXPECT_TRUE(file.find("1.running_var"));
  EXPECT_EQ(file.tensors().size(), 7u);
  EXPECT_EQ(Weights::open_file(saved("params.pth")).tensors().size(), 4u) << "nn.Parameter";
}

TEST(TorchFile, OrderIsThatOfTheStateDict) {
  const base::MappedFile map(saved("new.pth"));
  const auto file = read_torch_file(map.bytes(), "new.pth");
  EXPECT_EQ(file.tensors.front().name, "a.weight");
  EXPECT_EQ(file.tensors.back().name, "t");
}

TEST(TorchFile, AWholeModuleIsRefusedByName) {
  try {
    Weights::open_file(saved("module.pth"));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unsupported);
    EXPECT_NE(std::string(e.what()).find("torch.save(model.state_dict(), FILE)"), std::string::npos) << e.what();
  }
}

std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

Code code_of(const std::string& bytes) {
  try {
    read_torch_file(as_bytes(bytes), "test.pth");
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("test.pth"), std::string::npos) << e.what();
    return e.code();
  }
  return Code::Internal;
}

// Each of Python's dangerous pickles ends before anything could be called.
TEST(TorchFile, CodeIsNotRun) {
  const std::string call(
      "\x80\x02"
      "cposix\nsystem\nX\x04\0\0\0true\x85R.",
      28);
  EXPECT_EQ(code_of(call), Code::Unsupported);
  const std::string object(
      "\x80\x02"
      "cposix\nsystem\n)\x81.",
      19);
  EXPECT_NE(code_of(object), Code::Internal);
}

// What describes a storage may be long and stand in the file once: two bytes for each further storage must not copy it.
TEST(Pickle, AStorageKeepsFiveValues) {
  constexpr size_t kLong = 1000, kStorages = 50;
  std::string file("\x80\x02(", 3);
  for (size_t i = 0; i < kLong; ++i) file += 'N';
  file += std::string("tq\0Q", 4);
  for (size_t i = 1; i < kStorages; ++i) file += std::string("h\0Q", 3);
  base::ByteReader in(file += '.', "test");
  size_t storages = 0;
  for (const PickleValue& value : read_pickle(in).values) {
    if (value.kind != PickleValue::Kind::Storage) continue;
    ++storages;
    EXPECT_EQ(value.items.size(), 5u);
  }
  EXPECT_EQ(storages, kStorages);
}

TEST(TorchFile, CutAndChangedFilesAreErrors) {
  for (const char* name : {"new.pth", "old.pth", "ckpt.pth"}) {
    const std::string whole = base::read_file(saved(name));
    for (size_t n = 0; n < whole.size(); n += 7) EXPECT_NE(code_of(whole.substr(0, n)), Code::Internal) << name << n;
    for (size_t at = 0; at < whole.size(); at += 3) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 0x41);
      try {
        const auto file = read_torch_file(as_bytes(changed), "test.pth");
        for (const auto& t : file.tensors) EXPECT_EQ(t.bytes.size(), t.count() * bits(t.type) / 8);
      } catch (const Error&) {
      }
    }
  }
}

TEST(TorchFile, AStorageThatIsTooSmallIsNamed) {
  std::string file = base::read_file(saved("new.pth"));
  // The stride (3, 1) of a.weight becomes (9, 1): its last value would be the eleventh of six.
  const std::string stride("K\3K\1\x86", 5);
  const size_t at = file.find(stride);
  ASSERT_NE(at, std::string::npos);
  file[at + 1] = 9;
  try {
    read_torch_file(as_bytes(file), "test.pth");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Corrupt);
    EXPECT_NE(std::string(e.what()).find("tensor 'a.weight' takes values that its storage, of 6"), std::string::npos)
        << e.what();
  }
}

}  // namespace
}  // namespace hanok::nn
