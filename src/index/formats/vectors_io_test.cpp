#include "index/formats/vectors_io.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/random.h"
#include "hanok/error.h"

namespace hanok::index::formats {
namespace {

std::vector<float> numbers(size_t n, bool bytes, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out(n);
  for (auto& v : out) v = bytes ? static_cast<float>(random.below(256)) : static_cast<float>(random.normal());
  return out;
}

Code code_of(std::string_view bytes, std::string_view format) {
  try {
    parse_vectors(bytes, format, "x");
  } catch (const Error& e) {
    return e.code();
  }
  return Code::Internal;
}

TEST(VectorsIo, EveryFormatGivesBackWhatWasWritten) {
  base::TempFolder folder;
  for (const char* format : {"npy", "fvecs", "fbin", "bvecs", "u8bin"})
    for (const size_t dim : {1, 3, 17, 128}) {
      const auto file = folder.path() / ("a." + std::string(format));
      const bool bytes = format[0] == 'b' || format[0] == 'u';
      const auto values = numbers(dim * 7, bytes, dim);
      write_vectors(file, dim, values);
      const Vectors back = read_vectors(file);
      EXPECT_EQ(back.dim, dim) << format;
      EXPECT_EQ(back.values, values) << format;
      EXPECT_EQ(back.element == Element::U8, bytes);
      const Vectors some = read_vectors(file, 3);
      EXPECT_EQ(some.rows(), 3u);
      EXPECT_TRUE(std::equal(some.values.begin(), some.values.end(), values.begin()));
    }
}

TEST(VectorsIo, IdsGoThroughIvecsAndIbin) {
  base::TempFolder folder;
  for (const char* name : {"ids.ivecs", "ids.ibin"}) {
    const IdRows rows{3, {1, 2, -1, 2147483647, 0, 5}};
    write_ids(folder.path() / name, rows);
    const IdRows back = read_ids(folder.path() / name);
    EXPECT_EQ(back.width, 3u);
    EXPECT_EQ(back.ids, rows.ids);
  }
  EXPECT_THROW(write_ids(folder.path() / "x.ivecs", {1, {int64_t{1} << 32}}), Error);
}

TEST(VectorsIo, NumpyHeadersAsNumpyWritesThem) {
  auto npy = [](const std::string& header, std::string_view data) {
    std::string out("\x93NUMPY\x01\x00", 8);
    out.push_back(static_cast<char>(header.size()));
    out.push_back(0);
    return out + header + std::string(data);
  };
  const Vectors fortran =
      parse_vectors(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", "\1\4\2\5\3\6"), "npy", "x");
  EXPECT_EQ(fortran.values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  const Vectors row =
      parse_vectors(npy("{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }\n", "\xFF\1\2"), "npy", "x");
  EXPECT_EQ(row.values, (std::vector<float>{-1, 1, 2}));
  const Vectors half = parse_vectors(
      npy("{'descr': '<f2', 'fortran_order': False, 'shape': (1, 1), }\n", std::string_view("\x00\x3C", 2)), "npy",
      "x");
  EXPECT_EQ(half.values, std::vector<float>{1});
  EXPECT_EQ(code_of(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1), }\n", "abcd"), "npy"),
            Code::Unsupported);
  EXPECT_EQ(
      code_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999, 9999999999999), }\n", "abcd"),
              "npy"),
      Code::Corrupt);
  EXPECT_EQ(code_of("\x93NUMPX", "npy"), Code::Corrupt);
  // Rows of nothing take no bytes, so only this check keeps a short file from 10^19 turns of a loop.
  EXPECT_EQ(code_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999999, 0), }\n", ""), "npy"),
            Code::Corrupt);
  EXPECT_EQ(parse_vectors(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }\n", ""), "npy", "x").rows(),
            0u);
}

TEST(VectorsIo, DamageIsCorruptAndAllocatesNothing) {
  EXPECT_EQ(code_of(std::string_view("\xFF\xFF\xFF\x7F", 4), "fvecs"), Code::Corrupt);
  EXPECT_EQ(code_of(std::string_view("\2\0\0\0\0\0\0\0", 8), "fvecs"), Code::Corrupt);     // half a row
  EXPECT_EQ(code_of(std::string_view("\1\0\0\0a\2\0\0\0b", 10), "bvecs"), Code::Corrupt);  // ragged
  EXPECT_EQ(code_of(std::string_view("\xFF\xFF\xFF\x7F\x10\0\0\0", 8), "fbin"),
            Code::Corrupt);  // header larger than the file
  EXPECT_EQ(code_of(std::string_view("\0\0\x08\x03\xFF\xFF\xFF\xFF\0\0\0\x1C\0\0\0\x1C", 16), "idx"), Code::Corrupt);
  EXPECT_EQ(code_of(std::string_view("\0\0\x08\x02\xFF\xFF\xFF\xFF\0\0\0\0", 12), "idx"),
            Code::Corrupt);  // rows of nothing
  EXPECT_EQ(code_of("abc", "csv"), Code::Unsupported);
  EXPECT_THROW(read_vectors("/nowhere/at/all.fvecs"), Error);
}

TEST(VectorsIo, BytesOnlyForBytes) {
  base::TempFolder folder;
  EXPECT_THROW(write_vectors(folder.path() / "a.bvecs", 1, std::vector<float>{0.5f}), Error);
  EXPECT_THROW(write_vectors(folder.path() / "a.bvecs", 1, std::vector<float>{256}), Error);
}

}  // namespace
}  // namespace hanok::index::formats
