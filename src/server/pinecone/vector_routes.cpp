// Vectors by id: written, changed, fetched, listed, deleted.
#include "server/pinecone/vectors.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

constexpr size_t kMostBody = size_t{256} << 20;  // bytes; Pinecone's own 2 MB is for its network
constexpr size_t kMostIds = 10'000;
constexpr size_t kUsualPage = 100, kMostPerPage = 10'000;

/// Documents have fields of their own, which these calls do not know.
Index vector_index(const Request& request, House& house, Scope needed) {
  Index out = index_of(request, house, needed);
  if (needed != Scope::Read && !out.model.of_vectors())
    refuse_argument("This index has a document schema, so writes must go through the documents API.");
  return out;
}

Reply upsert(const Request& request, House& house) {
  const Index index = vector_index(request, house, Scope::Write);
  const Body body(request.body);
  const Namespace ns = namespace_said(body.object());
  std::vector<store::Record> records;
  for (const Element value : array_of(required(body.object(), "vectors"), "vectors"))
    records.push_back(read_vector(value, ns.name, index.model, "vectors[" + std::to_string(records.size()) + "]"));
  if (records.empty()) refuse_argument("vectors: at least one is expected");
  const size_t count = records.size();
  index.records->write(store::WriteMode::Replace, std::move(records));
  JsonWriter out;
  out.open_object().member("upsertedCount", static_cast<uint64_t>(count)).close_object();
  return Reply::json(out.take());
}

Reply matched(size_t count) {
  JsonWriter out;
  out.open_object().member("matchedRecords", static_cast<uint64_t>(count)).close_object();
  return Reply::json(out.take());
}

Reply update_by_filter(const Index& index, Object said, const std::string& ns) {
  store::Selection which{.ns = ns, .where = read_filter(required(said, "filter"), false)};
  for (const char* part : {"values", "sparseValues"})
    if (member(said, part)) refuse_argument(std::string(part) + ": an update by filter changes metadata only");
  const auto metadata = member(said, "setMetadata");
  if (!metadata) refuse_argument("setMetadata: is missing");
  const store::Json fields = read_metadata(*metadata, "setMetadata");
  if (flag(said, "dryRun")) return matched(index.records->read()->count(which));
  return matched(index.records->update(which, fields));
}

Reply update(const Request& request, House& house) {
  const Index index = vector_index(request, house, Scope::Write);
  const Body body(request.body);
  const Object said = body.object();
  const std::string ns = namespace_said(said).name;
  const auto id = member(said, "id");
  if (id && member(said, "filter")) refuse_argument("Cannot provide both 'id' and 'filter' at the same time.");
  if (!id) return update_by_filter(index, said, ns);
  store::Record record{.ns = ns, .id = read_id(*id, "id")};
  if (const auto values = member(said, "values")) record.vector = read_dense(*values, index.model, "values");
  if (const auto sparse = member(said, "sparseValues")) {
    record.sparse = read_sparse(*sparse, "sparseValues");
    if (!record.sparse.empty()) require_sparse(index.model);
  }
  if (const auto metadata = member(said, "setMetadata")) record.metadata = read_metadata(*metadata, "setMetadata");
  return matched(index.records->write(store::WriteMode::Update, {std::move(record)}).records);
}

Reply remove(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Write);
  const Body body(request.body);
  const Object said = body.object();
  const std::string ns = namespace_said(said).name;
  const auto ids = member(said, "ids"), filter = member(said, "filter");
  const bool all = flag(said, "deleteAll");
  if ((ids ? 1 : 0) + (filter ? 1 : 0) + (all ? 1 : 0) != 1)
    refuse_argument("Invalid request: give exactly one of ids, deleteAll and filter");
  store::Selection which{.ns = ns};
  if (ids) {
    which.ids = texts_of(*ids, "ids");
    if (which.ids->size() > kMostIds)
      refuse_argument("ids: at most 10000 at once, found " + std::to_string(which.ids->size()));
  }
  if (filter) which.where = read_filter(*filter, false);
  if (!index.records->read()->find_namespace(ns)) {
    if (ns.empty()) return Reply::json("{}");  // the default one is always there
    refuse(404, "Namespace not found");
  }
  if (all) {
    index.records->remove_namespace(ns);
    return Reply::json("{}");
  }
  index.records->remove(which);
  return Reply::json("{}");
}

void write_fetched(JsonWriter& out, const std::vector<store::Record>& records, const IndexModel& model,
                   const std::string& ns) {
  out.key("vectors").open_object();
  for (const auto& record : records) {
    out.key(record.id).open_object().member("id", record.id);
    write_values(out, record);
    write_metadata(out, record, model);
    out.close_object();
  }
  out.close_object().member("namespace", ns);
  write_usage(out);
}

constexpr store::Include kAll{.document = true, .uri = false, .metadata = true, .vector = true, .sparse = true};

Reply fetch(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  const Namespace ns = namespace_said(request);
  const auto ids = request.parameters("ids");
  if (ids.empty() || ids.size() > kMostIds)
    refuse_argument("ids: 1 to 10000 are expected, found " + std::to_string(ids.size()));
  const auto records = index.records->read()->get({.ns = ns.name, .ids = ids}, {}, kAll);
  JsonWriter out;
  out.open_object();
  write_fetched(out, records, index.model, ns.shown);
  return Reply::json(out.close_object().take());
}

Reply fetch_by_metadata(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  const Body body(request.body);
  const Object object = body.object();
  const Namespace ns = namespace_said(object);
  store::Page page{.limit = kUsualPage};
  if (const auto limit = member(object, "limit"))
    page.limit = static_cast<size_t>(whole_of(*limit, "limit", 1, kMostPerPage));
  if (const auto token = member(object, "paginationToken"))
    page.offset = offset_of_token(text_of(*token, "paginationToken"));
  const store::Selection which{.ns = ns.name, .where = read_filter(required(object, "filter"), true)};
  const auto now = index.records->read();
  auto numbers = now->select(which, {.offset = page.offset, .limit = page.limit + 1});
  const bool more = numbers.size() > page.limit;
  if (more) numbers.pop_back();
  JsonWriter out;
  out.open_object();
  write_fetched(out, now->fetch(numbers, kAll), index.model, ns.shown);
  if (more)
    out.key("pagination")
        .open_object()
        .member("next", to_token(std::to_string(page.offset + page.limit)))
        .close_object();
  return Reply::json(out.close_object().take());
}

Reply list(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  const Namespace ns = namespace_said(request);
  const size_t limit = request.number("limit", kUsualPage, 1, kMostPerPage);
  const auto token = request.parameter("paginationToken");
  const std::string after = token && !token->empty() ? from_token(*token) : "";
  const auto page = index.records->read()->list(ns.name, request.parameter("prefix").value_or(""), limit, after);
  JsonWriter out;
  out.open_object().key("vectors").open_array();
  for (const auto& id : page.ids) out.open_object().member("id", id).close_object();
  out.close_array();
  if (page.next) out.key("pagination").open_object().member("next", to_token(*page.next)).close_object();
  out.member("namespace", ns.shown);
  write_usage(out);
  return Reply::json(out.close_object().take());
}

}  // namespace

void add_vector_routes(Routes& routes, House& house) {
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  const RouteOptions writing{.scope = Scope::Write, .lane = Lane::Write, .most_body = kMostBody};
  routes.add("POST", "/{index}/vectors/upsert", bound(upsert), told("Writes vectors", writing));
  routes.add("POST", "/{index}/vectors/update", bound(update), told("Changes vectors by id or condition", writing));
  routes.add("POST", "/{index}/vectors/delete", bound(remove),
             told("Removes vectors by id, condition or all", writing));
  routes.add("GET", "/{index}/vectors/fetch", bound(fetch), told("Vectors by id"));
  routes.add("POST", "/{index}/vectors/fetch_by_metadata", bound(fetch_by_metadata), told("Vectors by condition"));
  routes.add("GET", "/{index}/vectors/list", bound(list), told("Lists ids by prefix"));
}

}  // namespace hanok::server::pinecone
