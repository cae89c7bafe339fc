// Small documents for tests of this room.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"
#include "hanok/store.h"

namespace hanok::store {

/// Takes a folder without records back to version 3 of its tables.
constexpr const char* kBackToVersion3 =
    "DROP TABLE tenant; DROP TABLE tenant_database; DROP TABLE note; DROP TABLE record; DROP TABLE namespace; "
    "DROP TABLE field_segment_blob; DROP TABLE field_segment; DROP INDEX collection_uuid; "
    "ALTER TABLE collection DROP COLUMN uuid; ALTER TABLE collection DROP COLUMN metric; "
    "ALTER TABLE collection DROP COLUMN records; DELETE FROM migration WHERE version = 4; PRAGMA user_version=3;";

/// One chunk for each line of `text`.
inline NewDocument make_document(std::string path, std::string text, Json metadata = Json::object()) {
  NewDocument out;
  out.info.path = std::move(path);
  out.info.format = "txt";
  out.info.content_hash = "hash of " + out.info.path;
  out.info.metadata = std::move(metadata);
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    if (end > start) out.chunks.push_back({.span = {start, end}, .page = static_cast<int>(out.chunks.size()) + 1});
    start = end + 1;
  }
  out.text = std::move(text);
  return out;
}

/// `lines` lines of words from a vocabulary of 200.
inline std::string random_text(base::Random& random, size_t lines, size_t words = 12) {
  std::string out;
  for (size_t i = 0; i < lines; ++i) {
    for (size_t w = 0; w < words; ++w) out += "word" + std::to_string(random.below(200)) + " ";
    out += "\n";
  }
  return out;
}

inline std::vector<float> random_rows(base::Random& random, size_t rows, size_t dim) {
  std::vector<float> out(rows * dim);
  for (float& x : out) x = static_cast<float>(random.normal());
  return out;
}

}  // namespace hanok::store
