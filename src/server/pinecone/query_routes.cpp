// The nearest vectors.
#include "server/pinecone/nearest.h"
#include "server/pinecone/vectors.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

constexpr int64_t kMostResults = 10'000;

Reply query(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  const Body body(request.body);
  const Object said = body.object();
  const Namespace ns = namespace_said(said);
  store::Near how{.k = static_cast<size_t>(whole_of(required(said, "topK"), "topK", 1, kMostResults))};
  how.among.ns = ns.name;
  if (const auto filter = member(said, "filter")) how.among.where = read_filter(*filter, true);
  const auto vector = member(said, "vector"), sparse = member(said, "sparseVector"), id = member(said, "id");
  if (id && (vector || sparse)) refuse_argument("Cannot provide both 'ID' and 'vector' at the same time.");

  const auto now = index.records->read();
  std::optional<Query> what = Query{};
  if (id) {
    what = query_of_record(*now, ns.name, read_id(*id, "id"));
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
  if (what) matches = nearest(*now, *what, how);
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
  out.close_array().member("namespace", ns.shown);
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
