// /vector_stores: create, change, fill, search.
#include "server/body.h"
#include "server/openai/openai.h"
#include "server/openai/vector_stores.h"

namespace hanok::server {
namespace {

using base::Json;
using base::OrderedJson;

constexpr int64_t kMostResults = 50;

Reply reply(const OrderedJson& value) { return Reply::json(base::dump_json(value)); }

/// Of what may still be in progress: SDKs ask again after so long.
Reply polled(const OrderedJson& value) {
  Reply out = reply(value);
  if (value["status"] == "in_progress") out.headers.emplace_back("openai-poll-after-ms", "200");
  return out;
}

Reply deleted(const std::string& id, const char* object) {
  return reply({{"id", id}, {"object", object}, {"deleted", true}});
}

const std::string& store_id(const Request& request, Scope scope) {
  const std::string& id = request.capture("store");
  request.access.require(scope, id);
  return id;
}

// Creating one without a body is what SDKs do where nothing was said.
Json body_or_nothing(const Request& request) { return request.body.empty() ? Json::object() : json_body(request); }

std::vector<OrderedJson> by_status(std::vector<OrderedJson> rows, const Request& request) {
  if (const auto wanted = request.parameter("filter"))
    std::erase_if(rows, [&](const OrderedJson& row) { return row["status"] != *wanted; });
  return rows;
}

Reply search(VectorStores& stores, const Request& request) {
  const std::string& id = store_id(request, Scope::Read);
  const Json body = json_body(request);
  const auto queries = texts_field(body, "query");
  if (queries.empty()) wrong_field("query", "a text, or a list of texts", nullptr);
  const auto k = whole_field(body, "max_num_results", 1, kMostResults).value_or(10);
  double least = 0;
  if (const Json* ranking = field(body, "ranking_options"); ranking && ranking->is_object())
    least = number_field(*ranking, "score_threshold", 0, 1).value_or(0);
  std::string query;
  for (const auto& one : queries) query += (query.empty() ? "" : "\n") + one;
  OrderedJson data = OrderedJson::array();
  for (const auto& found :
       stores.search(id, query, read_attribute_filter(field(body, "filters")), static_cast<size_t>(k))) {
    if (found.score < least) continue;
    OrderedJson row = {{"file_id", found.file_id}, {"filename", found.filename}, {"score", found.score}};
    row["attributes"] = OrderedJson::parse(base::dump_json(found.attributes));
    row["content"] = OrderedJson::array({{{"type", "text"}, {"text", found.text}}});
    data.push_back(std::move(row));
  }
  return reply({{"object", "vector_store.search_results.page"},
                {"search_query", queries},
                {"data", data},
                {"has_more", false},
                {"next_page", nullptr}});
}

}  // namespace

void add_openai_vector_stores(Router::Group& group, VectorStores& stores) {
  const RouteOptions write{.scope = Scope::Write, .lane = Lane::Write, .most_body = kMostJson};
  const auto writing = [&](const char* summary) {
    RouteOptions out = write;
    out.summary = summary;
    return out;
  };
  const auto reading = [](const char* summary) { return RouteOptions{.summary = summary}; };
  group.add(
      "GET", "/vector_stores", [&stores](const Request& r) { return reply(stores.list(r)); },
      reading("Every collection, as a vector store"));
  group.add(
      "POST", "/vector_stores", [&stores](const Request& r) { return reply(stores.create(r, body_or_nothing(r))); },
      writing("Create one, with the files of file_ids in it"));
  group.add(
      "GET", "/vector_stores/{store}",
      [&stores](const Request& r) { return polled(stores.show(store_id(r, Scope::Read))); },
      reading("One vector store"));
  group.add(
      "POST", "/vector_stores/{store}",
      [&stores](const Request& r) { return reply(stores.update(store_id(r, Scope::Write), body_or_nothing(r))); },
      writing("Change its name or metadata"));
  group.add(
      "DELETE", "/vector_stores/{store}",
      [&stores](const Request& r) {
        stores.remove(store_id(r, Scope::Write));
        return deleted(r.capture("store"), "vector_store.deleted");
      },
      writing("Delete it and what it holds"));
  group.add(
      "POST", "/vector_stores/{store}/search", [&stores](const Request& r) { return search(stores, r); },
      {.lane = Lane::Embed,
       .summary = "Passages that answer a question: by words and meaning",
       .request_schema = R"({"type":"object","required":["query"],"properties":{"query":{},"filters":{"type":"object"},
"max_num_results":{"type":"integer"},"ranking_options":{"type":"object"},"rewrite_query":{"type":"boolean"}}})",
       .most_body = kMostJson});
  group.add(
      "GET", "/vector_stores/{store}/files",
      [&stores](const Request& r) {
        return reply(list_page(by_status(stores.list_files(store_id(r, Scope::Read)), r), r));
      },
      reading("Its files"));
  group.add(
      "POST", "/vector_stores/{store}/files",
      [&stores](const Request& r) {
        return reply(stores.attach(r.access, store_id(r, Scope::Write), json_body(r), Json::object()));
      },
      writing("Read an uploaded file into it"));
  group.add(
      "GET", "/vector_stores/{store}/files/{file}",
      [&stores](const Request& r) { return polled(stores.show_file(store_id(r, Scope::Read), r.capture("file"))); },
      reading("One of its files"));
  group.add(
      "POST", "/vector_stores/{store}/files/{file}",
      [&stores](const Request& r) {
        return reply(stores.change(store_id(r, Scope::Write), r.capture("file"), json_body(r)));
      },
      writing("Change a file's attributes: it is read again"));
  group.add(
      "DELETE", "/vector_stores/{store}/files/{file}",
      [&stores](const Request& r) {
        stores.detach(store_id(r, Scope::Write), r.capture("file"));
        return deleted(r.capture("file"), "vector_store.file.deleted");
      },
      writing("Take a file out; the uploaded file stays"));
  group.add(
      "GET", "/vector_stores/{store}/files/{file}/content",
      [&stores](const Request& r) { return reply(stores.content(store_id(r, Scope::Read), r.capture("file"))); },
      reading("The passages that a file was cut into"));
  group.add(
      "POST", "/vector_stores/{store}/file_batches",
      [&stores](const Request& r) {
        return reply(stores.create_batch(r.access, store_id(r, Scope::Write), json_body(r)));
      },
      writing("Read several uploaded files into it"));
  group.add(
      "GET", "/vector_stores/{store}/file_batches/{batch}",
      [&stores](const Request& r) { return polled(stores.show_batch(store_id(r, Scope::Read), r.capture("batch"))); },
      reading("How far a batch is"));
  group.add(
      "POST", "/vector_stores/{store}/file_batches/{batch}/cancel",
      [&stores](const Request& r) { return reply(stores.cancel_batch(store_id(r, Scope::Write), r.capture("batch"))); },
      writing("Cancel a batch: those of its files that wait are not read"));
  group.add(
      "GET", "/vector_stores/{store}/file_batches/{batch}/files",
      [&stores](const Request& r) {
        return reply(list_page(by_status(stores.batch_files(store_id(r, Scope::Read), r.capture("batch")), r), r));
      },
      reading("The files of a batch"));
}

}  // namespace hanok::server
