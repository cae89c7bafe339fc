#include "nn/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/byte_reader.h"
#include "hanok/error.h"
#include "nn/weights.h"

namespace hanok::nn {
namespace {

using base::ByteWriter;
using testing::HasSubstr;

void put_text(ByteWriter& out, std::string_view text) {
  out.put<uint64_t>(text.size());
  out.put_text(text);
}

struct Made {
  uint32_t version = 3, axes = 2, ggml_type = 8;
  uint64_t columns = 32, rows = 2, offset = 0, tensors = 1, settings = 3;
  std::string second_name;  // another tensor at the same place
  size_t data = 68;         // two blocks of Q8_0
};

std::string make(const Made& m = {}) {
  ByteWriter out;
  out.put_text("GGUF");
  out.put(m.version);
  out.put(m.tensors + (m.second_name.empty() ? 0 : 1));
  out.put(m.settings);
  put_text(out, "general.architecture");
  out.put<uint32_t>(8);
  put_text(out, "llama");
  put_text(out, "llama.block_count");
  out.put<uint32_t>(4);
  out.put<uint32_t>(7);
  put_text(out, "tokens");
  out.put<uint32_t>(9);
  out.put<uint32_t>(8);
  out.put<uint64_t>(2);
  put_text(out, "a");
  put_text(out, "한");
  for (const std::string& name : {std::string("w"), m.second_name}) {
    if (name.empty()) continue;
    put_text(out, name);
    out.put(m.axes);
    out.put(m.columns);
    out.put(m.rows);
    out.put(m.ggml_type);
    out.put(m.offset);
  }
  std::string bytes = out.bytes();
  bytes.resize((bytes.size() + 31) / 32 * 32, '\0');
  std::string data(m.data, '\0');
  if (m.data > 2) data[1] = 0x3C, data[2] = 5;  // scale 1, first value 5
  return bytes + data;
}

GgufHeader read(const std::string& bytes) {
  return read_gguf({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "m.gguf");
}

std::string refused(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const Error& e) {
    return e.what();
  }
  return "read";
}

TEST(Gguf, SettingsAndTensors) {
  base::TempFolder folder;
  base::write_file_atomic(folder.path() / "m.gguf", make());
  const Gguf gguf = Gguf::open(folder.path() / "m.gguf");
  EXPECT_EQ(gguf.text("general.architecture"), "llama");
  EXPECT_EQ(gguf.whole("llama.block_count"), 7u);
  EXPECT_EQ(gguf.texts("tokens"), (std::vector<std::string_view>{"a", "한"}));
  EXPECT_EQ(gguf.whole("missing"), std::nullopt);
  EXPECT_THROW(gguf.whole("general.architecture"), Error);
  ASSERT_EQ(gguf.tensors().size(), 1u);
  const Tensor& w = gguf.tensors()[0];
  EXPECT_EQ(w.shape, (std::vector<size_t>{2, 32}));  // row-major: the contiguous axis last
  EXPECT_EQ(read_floats(w)[0], 5.0f);
  float three[3];
  read_floats(w, 31, 3, three);  // over the border of two blocks
  EXPECT_EQ(three[0], 0.0f);
}

TEST(Gguf, PartsBelongTogether) {
  base::TempFolder folder;
  base::write_file_atomic(folder.path() / "m-00001-of-00002.gguf", make());
  EXPECT_THROW(Gguf::open(folder.path() / "m-00001-of-00002.gguf"), Error);  // the second is missing
  base::write_file_atomic(folder.path() / "m-00002-of-00002.gguf", make());
  EXPECT_THROW(Gguf::open(folder.path() / "m-00001-of-00002.gguf"), Error);  // the same tensor in both
}

TEST(Gguf, DamageIsNamed) {
  EXPECT_THAT(refused("GGU"), HasSubstr("does not begin with GGUF"));
  EXPECT_THAT(refused(make({.version = 1})), HasSubstr("version 1"));
  EXPECT_THAT(refused(make({.version = 0x03000000})), HasSubstr("big-endian"));
  EXPECT_THAT(refused(make({.tensors = 1ull << 40})), HasSubstr("tensors"));
  EXPECT_THAT(refused(make({.settings = 1ull << 40})), HasSubstr("settings"));
  EXPECT_THAT(refused(make({.ggml_type = 4})), HasSubstr("ggml's type 4"));
  EXPECT_THAT(refused(make({.columns = 31})), HasSubstr("no whole blocks"));
  EXPECT_THAT(refused(make({.columns = 1ull << 62, .rows = 32})), HasSubstr("axis"));
  EXPECT_THAT(refused(make({.rows = 0})), HasSubstr("axis"));
  EXPECT_THAT(refused(make({.axes = 99})), HasSubstr("axes"));
  EXPECT_THAT(refused(make({.offset = 8})), HasSubstr("multiple of 32"));
  EXPECT_THAT(refused(make({.offset = 1ull << 60})), HasSubstr("the file has"));
  EXPECT_THAT(refused(make({.data = 60})), HasSubstr("is the download complete?"));
  EXPECT_THAT(refused(make({.second_name = "w"})), HasSubstr("stands twice"));
  EXPECT_THAT(refused(make({.second_name = "v"})), HasSubstr("overlaps"));
  const std::string whole = make();
  for (size_t n = 0; n < whole.size(); n += 7) EXPECT_NE(refused(whole.substr(0, n)), "read") << n;
}

}  // namespace
}  // namespace hanok::nn
