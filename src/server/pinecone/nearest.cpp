#include "server/pinecone/nearest.h"

namespace hanok::server::pinecone {

std::optional<Query> query_of_record(const store::RecordSnapshot& now, const std::string& ns, const std::string& id) {
  const auto number = now.find(ns, id);
  if (!number) return std::nullopt;
  auto records = now.fetch(std::vector{*number},
                           {.document = false, .uri = false, .metadata = false, .vector = true, .sparse = true});
  if (records.empty()) return std::nullopt;
  return Query{std::move(records[0].vector), std::move(records[0].sparse)};
}

std::vector<store::Match> nearest(const store::RecordSnapshot& now, const Query& query, const store::Near& how) {
  if (query.dense.empty())
    return query.sparse.empty() ? std::vector<store::Match>() : now.nearest_sparse(query.sparse, how);
  if (!now.dim()) return {};
  return query.sparse.empty() ? now.nearest(query.dense, how) : now.nearest_both(query.dense, query.sparse, how);
}

}  // namespace hanok::server::pinecone
