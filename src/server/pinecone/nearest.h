// What is searched by: a dense vector, a sparse one, or both.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hanok/records.h"

namespace hanok::server::pinecone {

struct Query {
  std::vector<float> dense;
  store::SparseVector sparse;
  bool empty() const { return dense.empty() && sparse.empty(); }
};

/// The vectors of a record that is there; nothing where it is not.
std::optional<Query> query_of_record(const store::RecordSnapshot& now, const std::string& ns, const std::string& id);
/// By what the query has; nothing where that is nothing, or no record has such a vector.
std::vector<store::Match> nearest(const store::RecordSnapshot& now, const Query& query, const store::Near& how);

}  // namespace hanok::server::pinecone
