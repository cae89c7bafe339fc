// Making the file of kind "disk". Rows are read three times, some megabytes at a time: a sample to learn from, all to
// code for linking, and all to write them beside their links. Links are made by graph/builder.h over its codes, which
// are let go before the rows are written.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "hanok/disk_index.h"
#include "index/base_index.h"
#include "index/disk/nodes.h"
#include "index/disk/short_codes.h"
#include "index/graph/builder.h"

namespace hanok::index {

/// The kind's keys, read once.
struct DiskKeys {
  size_t degree, ef_construction, code_bytes, exact_below, beam;
  float alpha;
  std::optional<Storage> storage;  // nullopt: u8 for whole bytes, else f32
  explicit DiskKeys(const Options& options);
};

/// What searches of the file use where they say nothing.
struct DiskDefaults {
  size_t ef = 0;
};

/// Nodes of an earlier file that are taken over, with their links: the first of the source are these, in order.
struct DiskBefore {
  const FileReader* file;
  const Nodes* nodes;
  const ShortCodes* codes;
  std::span<const uint32_t> entries;
  std::span<const uint8_t> dead;  // by node: taken over as removed
  double local_dimension;
};

/// check(rows, first) throws for rows that the index refuses.
using CheckRows = std::function<void(std::span<const float> rows, size_t first)>;

/// before: null: all links are made anew.
void write_disk(const std::filesystem::path& path, const Options& options, const DiskKeys& keys,
                const DiskDefaults& defaults, const VectorSource& source, const DiskBefore* before,
                const CheckRows& check);

}  // namespace hanok::index
