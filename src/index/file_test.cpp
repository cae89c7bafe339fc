#include "index/file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "index/base_index.h"

namespace hanok::index {
namespace {

std::string sample() {
  std::vector<int64_t> ids(10);
  std::iota(ids.begin(), ids.end(), 5);
  FileWriter writer("flat");
  writer.add("ids", std::as_bytes(std::span(ids)));
  writer.add_text("options", R"({"dim":3})");
  writer.add("empty", {});
  return writer.bytes();
}

Code code_of(const std::string& bytes) {
  try {
    FileReader reader(bytes, "test");
    reader.verify();
  } catch (const Error& e) {
    return e.code();
  }
  return Code::Internal;
}

TEST(IndexFile, SectionsComeBack) {
  base::TempFolder folder;
  std::vector<float> numbers{1, 2, 3};
  FileWriter writer("ivf");
  writer.add("numbers", std::as_bytes(std::span(numbers)));
  writer.add_text("note", "hello");
  writer.write(folder.path() / "a.idx");
  const FileReader reader(folder.path() / "a.idx");
  EXPECT_EQ(reader.kind(), "ivf");
  EXPECT_EQ(reader.text("note"), "hello");
  EXPECT_TRUE(reader.has("numbers"));
  EXPECT_FALSE(reader.has("other"));
  const auto back = reader.array<float>("numbers", 3);
  EXPECT_EQ(std::vector<float>(back.begin(), back.end()), numbers);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(back.data()) % 64, 0u);
  EXPECT_THROW(reader.array<float>("numbers", 4), Error);
  EXPECT_THROW(reader.section("other"), Error);
  reader.verify();
}

TEST(IndexFile, EveryFlippedByteIsFound) {
  const std::string good = sample();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x40);
    const FileReader whole(good, "test");
    bool padding = i >= 64 + 3 * 64;
    for (const auto* name : {"ids", "options", "empty"}) {
      const auto s = whole.text(name);
      const auto at = static_cast<size_t>(s.data() - good.data());
      padding = padding && !(i >= at && i < at + s.size());
    }
    if (padding) continue;
    EXPECT_EQ(code_of(bad), Code::Corrupt) << "byte " << i;
  }
}

TEST(IndexFile, EveryTruncationIsFound) {
  const std::string good = sample();
  for (size_t n = 0; n < good.size(); ++n) EXPECT_EQ(code_of(good.substr(0, n)), Code::Corrupt) << n;
}

TEST(IndexFile, NumbersAmongOptionsAreWholeAndFit) {
  const auto read = [](const std::string& text, const auto& get) {
    FileWriter writer("flat");
    writer.add_text("options", options_text({.dim = 3}, {{"x", text}}));
    const std::string bytes = writer.bytes();
    const FileReader file(bytes, "numbers");
    return get(file, read_options(file).more);
  };
  const auto number = [](const FileReader& file, const MoreTexts& more) { return stored_number(file, more, "x"); };
  const auto measure = [](const FileReader& file, const MoreTexts& more) { return stored_measure(file, more, "x", 4); };
  EXPECT_EQ(read("18446744073709551615", number), UINT64_MAX);
  for (const char* bad : {"", "18446744073709551616", "-1", "3x", "1.5"}) EXPECT_THROW(read(bad, number), Error) << bad;
  EXPECT_EQ(read("2.5", measure), 2.5);
  for (const char* bad : {"", "nan", "inf", "-0.5", "4.5", "1e999"}) EXPECT_THROW(read(bad, measure), Error) << bad;
}

TEST(IndexFile, NewerVersionIsUnsupported) {
  std::string newer = sample();
  newer[8] = 2;
  const uint32_t crc = base::crc32c(std::string_view(newer).substr(0, 60));
  std::memcpy(newer.data() + 60, &crc, 4);
  EXPECT_EQ(code_of(newer), Code::Unsupported);
}

}  // namespace
}  // namespace hanok::index
