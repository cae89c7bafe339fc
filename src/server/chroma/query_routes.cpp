// The nearest records of query vectors.
#include <algorithm>
#include <set>

#include "server/chroma/answers.h"
#include "server/chroma/batch.h"
#include "server/chroma/restrictions.h"
#include "server/chroma/service.h"
#include "server/chroma/where.h"
#include "server/wire/told.h"

namespace hanok::server::chroma {
namespace {

constexpr int64_t kUsualResults = 10;

struct Queries {
  size_t count = 0;
  std::vector<float> rows;  // [count, dim]
};

Queries read_queries(Object body, std::optional<size_t> dim) {
  Queries out;
  for (const Element value : array_of(required(body, "query_embeddings"), "query_embeddings")) {
    const std::string place = "query_embeddings[" + std::to_string(out.count) + "]";
    const size_t before = out.rows.size();
    append_vector(value, place, out.rows);
    const size_t found = out.rows.size() - before;
    if (!dim) dim = found;
    if (found != *dim) refuse_dimension(*dim, found);
    ++out.count;
  }
  return out;
}

struct Found {
  std::vector<std::vector<store::Match>> matches;
  std::vector<std::vector<store::Record>> records;  // beside matches
};

/// An id that is not there is a mistake of the caller: Chroma says so too, its own server as a 500.
void check_ids(const store::RecordSnapshot& now, const std::vector<std::string>& ids) {
  const std::set<std::string_view> each(ids.begin(), ids.end());
  if (now.count({.ids = ids}) >= each.size()) return;
  for (const auto& id : ids)
    if (now.count({.ids = std::vector<std::string>{id}}) == 0)
      refuse(404, "NotFoundError", "Error finding id: '" + id + "' is not in the collection");
}

Found search(const Target& target, const Queries& queries, const store::Near& how, const Wanted& wanted) {
  Found out;
  const auto now = target.records->read();
  if (how.among.ids) check_ids(*now, *how.among.ids);
  if (now->dim() && queries.count > 0 && how.k > 0)
    out.matches = now->nearest_many(queries.rows, queries.count, how);
  else
    out.matches.resize(queries.count);
  for (const auto& matches : out.matches) {
    std::vector<store::ChunkId> numbers;
    numbers.reserve(matches.size());
    for (const auto& match : matches) numbers.push_back(match.chunk);
    out.records.push_back(now->fetch(numbers, wanted.parts()));
  }
  return out;
}

/// [[of the first query], [of the second], ...]
template <typename WritePart>
void write_lists(JsonWriter& out, const Found& found, WritePart write) {
  out.open_array();
  for (const auto& records : found.records) write_list(out, records, write);
  out.close_array();
}

void write_distances(JsonWriter& out, const Found& found, store::Metric metric) {
  out.open_array();
  for (const auto& matches : found.matches) {
    out.open_array();
    for (const auto& match : matches) out.value(distance_of(metric, match.score));
    out.close_array();
  }
  out.close_array();
}

Reply query(const Request& request, House& house) {
  const Target target = target_of(request, house, Scope::Read);
  const Body body(request.body);
  const Object said = body.object();
  const Wanted wanted = read_wanted(said, true);
  const Queries queries = read_queries(said, target.info.dim);
  const auto results = member(said, "n_results");
  const store::Json where = read_where(said);
  check_allowed(*target.records, where);

  store::Near how{.k = static_cast<size_t>(results ? whole_of(*results, "n_results", 0) : kUsualResults)};
  how.k = std::min(how.k, target.info.records + 1);  // a number that is no request for memory; + 1: written meanwhile
  how.among = {.where = store::Filter(where), .into_lists = false};
  if (const auto ids = member(said, "ids")) how.among.ids = texts_of(*ids, "ids");
  const Found found = search(target, queries, how, wanted);

  JsonWriter out;
  out.open_object().key("ids");
  write_lists(out, found, [](JsonWriter& o, const store::Record& r) { o.value(r.id); });
  write_part(out, "embeddings", wanted.embeddings, [&] { write_lists(out, found, write_embedding); });
  write_part(out, "documents", wanted.documents, [&] { write_lists(out, found, write_document); });
  write_part(out, "uris", wanted.uris, [&] { write_lists(out, found, write_uri); });
  write_part(out, "metadatas", wanted.metadatas, [&] {
    write_lists(out, found, [](JsonWriter& o, const store::Record& r) { write_metadata(o, r.metadata); });
  });
  write_part(out, "distances", wanted.distances, [&] { write_distances(out, found, target.info.metric); });
  write_include(out, wanted);
  return Reply::json(out.close_object().take());
}

}  // namespace

void add_query_routes(Routes& routes, House& house) {
  routes.add(
      "POST", "/tenants/{tenant}/databases/{database}/collections/{collection}/query",
      [&house](const Request& request) { return query(request, house); }, told("The nearest records of vectors"));
}

}  // namespace hanok::server::chroma
