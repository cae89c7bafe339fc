// Files that pyarrow wrote (tests/data/parquet/make.py says what is in them), and damaged ones.
#include "server/parquet/parquet.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "hanok/error.h"
#include "server/parquet/levels.h"
#include "server/parquet/snappy.h"
#include "server/parquet/thrift.h"

namespace hanok::server::parquet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string bytes_of(const std::string& name) {
  return base::read_file(base::fs::path(HANOK_SOURCE_DIR) / "tests/data/parquet" / (name + ".parquet"));
}

File open(const std::string& bytes) {
  return {[bytes](uint64_t at, size_t count) { return at < bytes.size() ? bytes.substr(at, count) : ""; }, bytes.size(),
          "a.parquet"};
}

size_t leaf_of(const File& file, const std::string& path) {
  for (size_t i = 0; i < file.leaves().size(); ++i)
    if (file.leaves()[i].path == path) return i;
  ADD_FAILURE() << "no column " << path;
  return 0;
}

/// All cells of a column.
std::vector<Cell> cells(const File& file, const std::string& path) {
  std::vector<Cell> out;
  for (size_t group = 0; group < file.groups().size(); ++group) {
    ColumnReader column(file, group, leaf_of(file, path));
    for (uint64_t row = 0; row < file.groups()[group].rows; ++row) column.next(out.emplace_back());
  }
  return out;
}

void expect_rows(const std::string& name, size_t rows, size_t groups) {
  const File file = open(bytes_of(name));
  EXPECT_EQ(file.groups().size(), groups) << name;
  const auto ids = cells(file, "id"), values = cells(file, "values.list.element"), metadata = cells(file, "metadata");
  ASSERT_EQ(ids.size(), rows) << name;
  const char* words[] = {"river", "도서관", "stone"};
  for (size_t i = 0; i < rows; ++i) {
    const auto n = static_cast<double>(i);
    EXPECT_EQ(ids[i].text, "r" + std::to_string(i)) << name;
    EXPECT_THAT(values[i].numbers, ElementsAre(n, n + .5, -n)) << name << " " << i;
    ASSERT_EQ(metadata[i].there, i % 5 != 4) << name << " " << i;
    if (metadata[i].there) {
      EXPECT_EQ(metadata[i].text, "{\"n\": " + std::to_string(i) + ", \"word\": \"" + words[i % 3] + "\"}");
    }
  }
}

TEST(Parquet, ReadsEveryRowOfEveryKindOfPage) {
  expect_rows("snappy", 60, 1);
  expect_rows("pages", 300, 3);
  expect_rows("split", 40, 1);
}

TEST(Parquet, ListsInStructsAreNullTogether) {
  const File file = open(bytes_of("snappy"));
  const auto indices = cells(file, "sparse_values.indices.list.element");
  const auto values = cells(file, "sparse_values.values.list.element");
  for (size_t i = 0; i < indices.size(); ++i) {
    EXPECT_EQ(indices[i].there, i % 3 != 0);
    const auto n = static_cast<double>(i);
    if (i % 3 == 0) continue;
    EXPECT_THAT(indices[i].numbers, ElementsAre(n, n + 7));
    EXPECT_THAT(values[i].numbers, ElementsAre(1, n / 2));
  }
}

TEST(Parquet, WhatIsNotReadIsNamed) {
  const File file = open(bytes_of("zstd"));
  try {
    cells(file, "id");
    ADD_FAILURE() << "was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::Unsupported);
    EXPECT_THAT(error.what(), HasSubstr("snappy, gzip or none"));
  }
}

TEST(Parquet, AListIsNoLongerThanIsRead) {
  const File file = open(bytes_of("long"));
  EXPECT_EQ(cells(file, "id").size(), 1u);
  try {
    cells(file, "values.list.element");
    ADD_FAILURE() << "was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::Corrupt);
    EXPECT_THAT(error.what(), HasSubstr("more than 1,048,576 numbers"));
  }
}

TEST(Parquet, DamagedFilesAreErrorsAndNothingElse) {
  for (const char* name : {"snappy", "pages", "split"}) {
    const std::string whole = bytes_of(name);
    const auto read = [&](const std::string& bytes) {
      try {
        const File file = open(bytes);
        for (size_t group = 0; group < file.groups().size(); ++group)
          for (size_t leaf = 0; leaf < file.leaves().size(); ++leaf) {
            ColumnReader column(file, group, leaf);
            Cell cell;
            for (uint64_t row = 0; row < std::min<uint64_t>(file.groups()[group].rows, 1000); ++row) column.next(cell);
          }
      } catch (const Error& error) {
        EXPECT_TRUE(error.code() == Code::Corrupt || error.code() == Code::Unsupported) << error.what();
      }
    };
    for (size_t cut = 0; cut < whole.size(); cut += 7) read(whole.substr(0, cut));
    for (size_t at = 0; at < whole.size(); ++at) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
      read(flipped);
    }
  }
  EXPECT_THROW(open("PAR1"), Error);
  EXPECT_THROW(open(std::string("\xff\xff\xff\x7fPAR1", 8)), Error);
}

/// The field 5 of a struct, after another one that nobody takes.
int64_t field_after(const std::string& other) {
  Thrift in(other + std::string("\x45\x0e\x00", 3), "t");
  int64_t out = 0;
  in.structure([&](int id, Thrift::Type type) { return id == 5 ? (out = in.integer(type), true) : false; });
  return out;
}

TEST(Thrift, WhatNobodyTakesIsPassedOver) {
  EXPECT_EQ(field_after(std::string("\x19\x21\x01\x02", 4)), 7) << "a list of flags";
  EXPECT_EQ(field_after(std::string("\x1b\x02\x51\x02\x01\x04\x02", 7)), 7) << "a map of numbers and flags";
  EXPECT_EQ(field_after(std::string("\x1b\x00", 2)), 7) << "an empty map";
}

TEST(Thrift, ElementsOfNoBytesAreNone) {
  EXPECT_THROW(field_after(std::string("\x19\x20", 2)), Error);
  EXPECT_THROW(field_after(std::string("\x1b\x02\x00", 3)), Error);
}

TEST(Levels, RunsAndPackedGroups) {
  EXPECT_THAT(read_levels(std::string("\x06\x02", 2), 2, 3, "l"), ElementsAre(2, 2, 2));
  // Eight numbers of three bits: 0 to 7 (the example of the format's page).
  EXPECT_THAT(read_levels(std::string("\x03\x88\xc6\xfa", 4), 3, 8, "l"), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(read_levels("", 0, 2, "l"), ElementsAre(0, 0));
  EXPECT_THROW(read_levels("", 1, 1, "l"), Error);
  EXPECT_THROW(read_levels(std::string("\x00\x01", 2), 1, 1, "l"), Error);
}

TEST(Snappy, CopiesMayReachIntoThemselves) {
  // 9 bytes: "abc" as it is, then six bytes from three back.
  EXPECT_EQ(unpack_snappy(std::string("\x09\x08"
                                      "abc"
                                      "\x09\x03",
                                      7),
                          9, "s"),
            "abcabcabc");
  EXPECT_THROW(unpack_snappy(std::string("\x09\x08"
                                         "abc"
                                         "\x09\x04",
                                         7),
                             9, "s"),
               Error)
      << "before the beginning";
  EXPECT_THROW(unpack_snappy(std::string("\x09\x08"
                                         "abc"
                                         "\x09\x03",
                                         7),
                             8, "s"),
               Error);
  EXPECT_THROW(unpack_snappy(std::string("\x03\x0c"
                                         "abc",
                                         5),
                             3, "s"),
               Error)
      << "longer than it says";
}

}  // namespace
}  // namespace hanok::server::parquet
