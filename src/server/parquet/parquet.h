// Parquet files, read row by row: what bulk imports hold. https://parquet.apache.org/docs/file-format/
//
// Read: columns of texts and numbers, and lists of numbers (in structs, too); pages of both versions; plain, by a
// dictionary, or split by bytes; not packed, by Snappy or by gzip. All else is refused by name. A page of each column
// is in memory at a time, not a file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::server::parquet {

/// `count` bytes from byte `at`; what lies behind the end is missing.
using ReadAt = std::function<std::string(uint64_t at, size_t count)>;

enum class Physical { Boolean, Int32, Int64, Int96, Float, Double, Bytes, Fixed };

/// A column of values. Levels are Dremel's (Melnik et al. 2010): how much of its path is there, and where a list goes
/// on.
struct Leaf {
  std::string path;  // "values.list.element"
  Physical type = Physical::Bytes;
  bool is_unsigned = false;  // Int32 and Int64 hold numbers without a sign
  uint32_t definition = 0;   // of a value that is there
  uint32_t repetition = 0;   // 1: a list
  uint32_t element = 0;      // of a list: the definition from which it has elements
};

/// What a row has in a column.
struct Cell {
  bool there = false;           // false: null
  std::vector<double> numbers;  // of a number or a list
  std::string text;
};

/// The pages of one column in one row group.
struct Chunk {
  uint64_t at = 0, bytes = 0;  // in the file, dictionary included
  int codec = 0;
  uint64_t values = 0;
};

struct RowGroup {
  uint64_t rows = 0;
  std::vector<Chunk> chunks;  // by leaf
};

class File {
 public:
  /// Throws Corrupt where it is no Parquet file or damaged, Unsupported for lists in lists. name: for messages.
  File(ReadAt read, uint64_t size, std::string name);
  const std::vector<Leaf>& leaves() const { return leaves_; }
  const std::vector<RowGroup>& groups() const { return groups_; }
  const ReadAt& read() const { return read_; }
  const std::string& name() const { return name_; }

 private:
  const ReadAt read_;
  const std::string name_;
  std::vector<Leaf> leaves_;
  std::vector<RowGroup> groups_;
};

/// The cells of one column in one row group, in order. The file outlives it.
class ColumnReader {
 public:
  ColumnReader(const File& file, size_t group, size_t leaf);
  ~ColumnReader();
  ColumnReader(ColumnReader&&) noexcept;
  /// The next row's. Throws Corrupt where there is none, or it is damaged; Unsupported for what is not read.
  void next(Cell& cell);

 private:
  struct Page;
  bool more();  // reads the next page where this one is over
  void read_page();
  void take_value(Cell& cell);

  const File& file_;
  const Leaf& leaf_;
  const Chunk& chunk_;
  uint64_t at_ = 0, left_ = 0;  // in the file; values that pages to come have
  std::unique_ptr<Page> page_, dictionary_;
};

}  // namespace hanok::server::parquet
