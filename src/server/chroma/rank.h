// Chroma's expressions of ranks: distances from several searches, put together by arithmetic.
//
//   {"$sum": [{"$knn": {"query": [..], "limit": 100}}, {"$mul": [{"$val": 0.3}, {"$knn": {"query": {..}, "key":
//   "words"}}]}]}
//
// An expression has a value for some records (those its searches found) and perhaps one for all others (its default).
// Two are put together over the records that have both values. Reciprocal rank fusion arrives built of these.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hanok/records.h"
#include "server/wire/body.h"

namespace hanok::server::chroma {

struct Knn {
  std::vector<float> vector;   // of the dense vectors, or
  store::SparseVector sparse;  // of the sparse vectors in metadata `key`
  std::string key = "#embedding";
  size_t limit = 16;
  std::optional<float> otherwise = {};  // the value of records that it does not find
  bool by_place = false;                // 0, 1, 2, ... in place of distances
};

struct Rank {
  enum class Kind { Value, Knn, Sum, Product, Max, Min, Difference, Quotient, Absolute, Exp, Log };
  Kind kind = Kind::Value;
  float value = 0;          // of Value
  Knn knn = {};             // of Knn
  std::vector<Rank> parts;  // of the rest
};

/// Refused where it is malformed, or has more than 64 searches.
Rank read_rank(Element rank);

/// What a search finds: records and their distances, nearest first.
using Nearest = std::vector<std::pair<store::ChunkId, float>>;
using Search = std::function<Nearest(const Knn&)>;
/// Values of records, least (best) first, ties by number. Records whose value is no number are left out.
Nearest evaluate(const Rank& rank, const Search& search);

}  // namespace hanok::server::chroma
