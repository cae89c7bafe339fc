// Documents: written, changed, searched by vectors or words, fetched, listed, deleted.
#include <algorithm>

#include "base/json.h"
#include "server/pinecone/documents.h"
#include "server/pinecone/embedding.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

constexpr size_t kMostDocuments = 10'000;  // of one request
constexpr size_t kUsualPage = 100;
constexpr int64_t kMostResults = 10'000, kMostPerPage = 10'000;
constexpr store::Include kAll{.document = true, .uri = false, .metadata = true, .vector = true, .sparse = true};

struct Call {
  Index index;
  std::string shown, ns;
};

Call call_of(const Request& request, House& house, Scope needed) {
  const std::string& ns = request.capture("namespace");
  return {index_of(request, house, needed), ns, namespace_of(ns)};
}

std::vector<store::Record> read_documents(Object said, const Call& call, bool patch) {
  std::vector<store::Record> out;
  for (const Element value : array_of(required(said, "documents"), "documents")) {
    const std::string place = "documents[" + std::to_string(out.size()) + "]";
    out.push_back(read_document(object_of(value, place), call.ns, call.index.model, place, patch));
  }
  if (out.empty() || out.size() > kMostDocuments)
    refuse_argument("documents: 1 to 10000 are expected, found " + std::to_string(out.size()));
  return out;
}

/// Gives the records whose text is embedded their vectors; returns how many tokens that were.
size_t embed_texts(std::vector<store::Record>& records, const Index& index, House& house) {
  const std::string field = index.model.text_field();
  if (field.empty()) return 0;
  std::vector<std::string> texts;
  std::vector<store::Record*> with_text;
  for (auto& record : records)
    if (const auto at = record.metadata.find(field); at != record.metadata.end() && at->is_string()) {
      texts.push_back(at->get<std::string>());
      with_text.push_back(&record);
    }
  if (texts.empty()) return 0;
  const Matrix vectors = embed(index, texts, Prompt::Passage, house);
  for (size_t i = 0; i < with_text.size(); ++i) {
    const auto row = vectors.row(i);
    with_text[i]->vector.assign(row.begin(), row.end());
  }
  return count_tokens(index, texts, house);
}

Reply upsert(const Request& request, House& house) {
  const Call call = call_of(request, house, Scope::Write);
  const Body body(request.body);
  auto records = read_documents(body.object(), call, false);
  const uint64_t tokens = embed_texts(records, call.index, house), count = records.size();
  call.index.records->write(store::WriteMode::Replace, std::move(records));
  JsonWriter out;
  out.open_object().member("upserted_count", count);
  if (tokens > 0) out.key("usage").open_object().member("embed_total_tokens", tokens).close_object();
  return Reply::json(out.close_object().take(), 202);
}

/// The text that is searched by words is made of several fields: a patch of one needs the others.
void add_words(std::vector<store::Record>& patches, const Call& call) {
  const auto fields = call.index.model.word_fields();
  if (fields.empty()) return;
  const auto now = call.index.records->read();
  for (auto& patch : patches) {
    const bool touched = std::any_of(fields.begin(), fields.end(),
                                     [&](const std::string& field) { return patch.metadata.contains(field); });
    const auto number = touched ? now->find(call.ns, patch.id) : std::nullopt;
    if (!number) continue;
    auto there = now->fetch(std::vector{*number}, {.document = false, .uri = false});
    if (there.empty()) continue;
    store::Json merged = std::move(there[0].metadata);
    merged.update(patch.metadata);
    patch.document = words_of(merged, call.index.model).value_or("");
  }
}

Reply matched(size_t count, int status) {
  JsonWriter out;
  out.open_object().member("matched_records", static_cast<uint64_t>(count)).close_object();
  return Reply::json(out.take(), status);
}

/// {"filter", "set_fields", "remove_fields"} as patches of every document that satisfies the filter.
std::vector<store::Record> patches_of(Object said, const Call& call) {
  const auto now = call.index.records->read();
  const store::Selection which{.ns = call.ns, .where = read_filter(required(said, "filter"), false)};
  store::Json fields = store::Json::object();
  if (const auto set = member(said, "set_fields")) fields = read_metadata(*set, "set_fields");
  if (const auto removed = member(said, "remove_fields"))
    for (const auto& name : texts_of(*removed, "remove_fields")) fields[name] = nullptr;
  if (fields.empty()) refuse_argument("set_fields, remove_fields: one of them is expected");
  if (fields.contains(call.index.model.text_field()))
    refuse_argument("set_fields: '" + call.index.model.text_field() + "' is embedded, change it by _id");
  std::vector<store::Record> out;
  for (auto& record : now->get(which, {}, {.document = false, .uri = false, .metadata = false}))
    out.push_back({.ns = call.ns, .id = std::move(record.id), .metadata = fields});
  return out;
}

Reply update(const Request& request, House& house) {
  const Call call = call_of(request, house, Scope::Write);
  const Body body(request.body);
  const Object said = body.object();
  if ((member(said, "documents") ? 1 : 0) + (member(said, "filter") ? 1 : 0) != 1)
    refuse_argument("exactly one of documents and filter is expected");
  auto patches = member(said, "documents") ? read_documents(said, call, true) : patches_of(said, call);
  embed_texts(patches, call.index, house);
  add_words(patches, call);
  if (patches.empty()) return matched(0, 202);
  return matched(call.index.records->write(store::WriteMode::Update, std::move(patches)).records, 202);
}

Reply remove(const Request& request, House& house) {
  const Call call = call_of(request, house, Scope::Write);
  const Body body(request.body);
  const Object said = body.object();
  const auto ids = member(said, "ids"), filter = member(said, "filter");
  const bool all = flag(said, "delete_all");
  if ((ids ? 1 : 0) + (filter ? 1 : 0) + (all ? 1 : 0) != 1)
    refuse_argument("exactly one of ids, filter and delete_all is expected");
  store::Selection which{.ns = call.ns};
  if (ids) which.ids = texts_of(*ids, "ids");
  if (filter) which.where = read_filter(*filter, false);
  return matched(call.index.records->remove(which), 202);
}

using Ranked = std::vector<store::Match>;

/// One clause of score_by.
Ranked score(const store::RecordSnapshot& now, Object clause, const Call& call, store::Near how, House& house) {
  const IndexModel& model = call.index.model;
  const std::string type(text_of(required(clause, "type"), "score_by.type"));
  std::vector<std::string> fields;
  if (const auto list = member(clause, "fields")) fields = texts_of(*list, "score_by.fields");
  if (const auto one = member(clause, "field")) fields.emplace_back(text_of(*one, "score_by.field"));
  const auto only_field = [&] {
    if (fields.size() != 1) refuse_argument("score_by: " + type + " needs the name of exactly one field");
    return fields[0];
  };
  if (type == "dense_vector") {
    const std::string field = only_field();
    if (field != model.dense_field() || !model.text_field().empty())
      refuse_argument("score_by: '" + field + "' is no dense_vector field of the index's schema");
    const auto vector = read_dense(required(clause, "values"), model, "score_by.values");
    return now.dim() ? now.nearest(vector, how) : Ranked();
  }
  if (type == "sparse_vector") {
    const std::string field = only_field();
    const auto sparse = read_sparse(required(clause, "sparse_values"), "score_by.sparse_values");
    return now.nearest_sparse(sparse, how, field == "_sparse_values" ? "" : field);
  }
  if (type == "embed") {
    const std::string field = only_field();
    if (field != model.text_field()) refuse_argument("score_by: '" + field + "' is no field with embed");
    const std::vector<std::string> texts{std::string(text_of(required(clause, "query"), "score_by.query"))};
    how.fingerprint = call.index.info.model.fingerprint;
    return now.dim() ? now.nearest(embed(call.index, texts, Prompt::Query, house).data, how) : Ranked();
  }
  if (type == "text") {
    const auto known = model.word_fields();
    for (const auto& field : fields)
      if (std::find(known.begin(), known.end(), field) == known.end())
        refuse_argument("score_by: '" + field + "' is no field with full_text_search");
    if (fields.empty()) refuse_argument("score_by: text needs the names of fields");
    std::sort(fields.begin(), fields.end());
    fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
    if (fields.size() != known.size())
      refuse_argument("score_by: words are searched in all full_text_search fields together; name all " +
                      std::to_string(known.size()) + " of them");
    return now.by_words(text_of(required(clause, "query"), "score_by.query"), how);
  }
  refuse_argument("score_by: '" + type + "' is not supported; there are dense_vector, sparse_vector, text and embed");
}

/// Sums what several clauses give.
Ranked sum(std::vector<Ranked> lists, size_t k) {
  if (lists.size() == 1) return std::move(lists[0]);
  std::map<store::ChunkId, float> scores;
  for (const auto& list : lists)
    for (const auto& match : list) scores[match.chunk] += match.score;
  Ranked out;
  for (const auto& [number, total] : scores) out.push_back({number, total});
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  out.resize(std::min(out.size(), k));
  return out;
}

void write_document(JsonWriter& out, const store::Record& record, const float* score, const IndexModel& model,
                    const std::vector<std::string>& names) {
  out.open_object().member("_id", record.id);
  if (score != nullptr) out.member("_score", *score);
  const store::Json fields = fields_of(record, model, names);
  for (const auto& [name, value] : fields.items()) out.key(name).raw(base::dump_json(value));
  out.close_object();
}

void write_end(JsonWriter& out, const Call& call) {
  out.member("namespace", call.shown).key("usage").open_object().member("read_units", 1).close_object();
}

std::vector<std::string> names_of(Object said, std::vector<std::string> otherwise) {
  const auto names = member(said, "include_fields");
  auto out = names ? texts_of(*names, "include_fields") : std::vector<std::string>();
  return out.empty() ? otherwise : out;
}

Reply search(const Request& request, House& house) {
  const Call call = call_of(request, house, Scope::Read);
  const Body body(request.body);
  const Object said = body.object();
  store::Near how{.k = static_cast<size_t>(whole_of(required(said, "top_k"), "top_k", 1, kMostResults))};
  how.among.ns = call.ns;
  if (const auto filter = member(said, "filter")) how.among.where = read_filter(*filter, true);
  const auto now = call.index.records->read();
  std::vector<Ranked> lists;
  for (const Element clause : array_of(required(said, "score_by"), "score_by"))
    lists.push_back(score(*now, object_of(clause, "score_by"), call, how, house));
  if (lists.empty()) refuse_argument("score_by: at least one clause is expected");
  const Ranked ranked = sum(std::move(lists), how.k);
  std::vector<store::ChunkId> numbers;
  for (const auto& match : ranked) numbers.push_back(match.chunk);
  const auto names = names_of(said, {});
  const auto records = now->fetch(numbers, kAll);
  JsonWriter out;
  out.open_object().key("matches").open_array();
  for (size_t i = 0; i < records.size(); ++i)
    write_document(out, records[i], &ranked[i].score, call.index.model, names);
  out.close_array();
  write_end(out, call);
  return Reply::json(out.close_object().take());
}

Reply fetch(const Request& request, House& house) {
  const Call call = call_of(request, house, Scope::Read);
  const Body body(request.body);
  const Object said = body.object();
  store::Selection which{.ns = call.ns};
  const auto ids = member(said, "ids"), filter = member(said, "filter");
  if ((ids ? 1 : 0) + (filter ? 1 : 0) != 1) refuse_argument("exactly one of ids and filter is expected");
  store::Page page;
  if (ids) {
    which.ids = texts_of(*ids, "ids");
  } else {
    which.where = read_filter(*filter, false);
    const auto limit = member(said, "limit");
    page.limit = limit ? static_cast<size_t>(whole_of(*limit, "limit", 1, kMostPerPage)) : kUsualPage;
    if (const auto token = member(said, "pagination_token"))
      page.offset = offset_of_token(text_of(*token, "pagination_token"));
  }
  const auto now = call.index.records->read();
  auto numbers = now->select(which, {page.offset, ids ? SIZE_MAX : page.limit + 1});
  const bool more = !ids && numbers.size() > page.limit;
  if (more) numbers.pop_back();
  const auto names = names_of(said, {"*"});
  JsonWriter out;
  out.open_object().key("documents").open_object();
  for (const auto& record : now->fetch(numbers, kAll)) {
    out.key(record.id);
    write_document(out, record, nullptr, call.index.model, names);
  }
  out.close_object();
  if (more)
    out.key("pagination")
        .open_object()
        .member("next", to_token(std::to_string(page.offset + page.limit)))
        .close_object();
  write_end(out, call);
  return Reply::json(out.close_object().take());
}

Reply list(const Request& request, House& house) {
  const Call call = call_of(request, house, Scope::Read);
  const Body body(request.body.empty() ? "{}" : std::string_view(request.body));
  const Object said = body.object();
  const auto prefix = member(said, "prefix"), limit = member(said, "limit"), token = member(said, "pagination_token");
  const auto page = call.index.records->read()->list(
      call.ns, prefix ? text_of(*prefix, "prefix") : "",
      limit ? static_cast<size_t>(whole_of(*limit, "limit", 1, kMostPerPage)) : kUsualPage,
      token ? from_token(text_of(*token, "pagination_token")) : "");
  JsonWriter out;
  out.open_object().key("documents").open_array();
  for (const auto& id : page.ids) out.open_object().member("_id", id).close_object();
  out.close_array();
  if (page.next) out.key("pagination").open_object().member("next", to_token(*page.next)).close_object();
  write_end(out, call);
  return Reply::json(out.close_object().take());
}

}  // namespace

void add_document_routes(Routes& routes, House& house) {
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  const std::string documents = "/{index}/namespaces/{namespace}/documents";
  const RouteOptions writing{.scope = Scope::Write, .lane = Lane::Write};
  routes.add("POST", documents + "/upsert", bound(upsert), told("Writes documents", writing));
  routes.add("POST", documents + "/update", bound(update), told("Changes documents", writing));
  routes.add("POST", documents + "/delete", bound(remove), told("Removes documents", writing));
  routes.add("POST", documents + "/search", bound(search), told("Searches documents by vectors or words"));
  routes.add("POST", documents + "/fetch", bound(fetch), told("Documents by id or condition"));
  routes.add("POST", documents + "/list", bound(list), told("Lists the ids of documents"));
}

}  // namespace hanok::server::pinecone
