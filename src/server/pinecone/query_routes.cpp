// The nearest vectors.
#include "server/pinecone/vectors.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

constexpr int64_t kMostResults = 10'000;

struct Query {
  std::vector<float> dense;
  store::SparseVector sparse;
};

/// By the vectors of a record that is there; nothing where it is not.
std::optional<Query> of_record(const store::RecordSnapshot& now, const std::string& ns, const std::string& id) {
  const auto number = now.find(ns, id);
  if (!number) return std::nullopt;
  auto records = now.fetch(std::vector{*number},
                           {.document = false, .uri = false, .metadata = false, .vector = true, .sparse = true});
  if (records.empty()) return std::nullopt;
  return Query{std::move(records[0].vector), std::move(records[0].sparse)};
}

std::vector<store::Match> search(const store::RecordSnapshot& now, const Query& query, const store::Near& how) {
  if (query.dense.empty())
    return query.sparse.empty() ? std::vector<store::Match>() : now.nearest_sparse(query.sparse, how);
  if (!now.dim()) return {};
  return query.sparse.empty() ? now.nearest(query.dense, how) : now.nearest_both(query.dense, query.sparse, how);
}

bool flag(Object body, std::string_view name) {
  const auto value = member(body, name);
  return value && flag_of(*value, name);
}

Reply query(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  const Body body(request.body);
  const Object said = body.object();
  const auto ns_said = member(said, "namespace");
  const std::string shown(ns_said ? text_of(*ns_said, "namespace") : "");
  const std::string ns = namespace_of(shown);
  store::Near how{.k = static_cast<size_t>(whole_of(required(said, "topK"), "topK", 1, kMostResults))};
  how.among.ns = ns;
  if (const auto filter = member(said, "filter")) how.among.where = read_filter(*filter, true);
  const auto vector = member(said, "vector"), sparse = member(said, "sparseVector"), id = member(said, "id");
  if (id && (vector || sparse)) refuse_argument("Cannot provide both 'ID' and 'vector' at the same time.");

  const auto now = index.records->read();
  std::optional<Query> what = Query{};
  if (id) {
    what = of_record(*now, ns, read_id(*id, "id"));
  } else {
    if (vector) what->dense = read_dense(*vector, index.model, "vector");
    if (sparse) what->sparse = read_sparse(*sparse, "sparseVector");
    if (!what->sparse.empty()) require_sparse(index.model);
    if (what->dense.empty() && what->sparse.empty())
      refuse_argument("Invalid request: one of vector, sparseVector and id is expected");
    if (what->dense.empty() && !index.model.sparse)
      refuse_argument("Query vector dimension 0 does not match the dimension of the index " +
                      std::to_string(index.model.dimension.value_or(0)));
  }
  std::vector<store::Match> matches;
  if (what) matches = search(*now, *what, how);
  std::vector<store::ChunkId> numbers;
  for (const auto& match : matches) numbers.push_back(match.chunk);
  const bool values = flag(said, "includeValues"), metadata = flag(said, "includeMetadata");
  const auto records = now->fetch(
      numbers, {.document = metadata, .uri = false, .metadata = metadata, .vector = values, .sparse = values});

  JsonWriter out;
  out.open_object().key("results").open_array().close_array().key("matches").open_array();
  for (size_t i = 0; i < records.size(); ++i) {
    out.open_object().member("id", records[i].id).member("score", matches[i].score);
    write_values(out, records[i]);
    if (metadata) write_metadata(out, records[i], index.model);
    out.close_object();
  }
  out.close_array().member("namespace", shown);
  write_usage(out);
  return Reply::json(out.close_object().take());
}

}  // namespace

void add_query_routes(Routes& routes, House& house) {
  routes.add(
      "POST", "/{index}/query", [&house](const Request& request) { return query(request, house); },
      told("The nearest vectors"));
}

}  // namespace hanok::server::pinecone
