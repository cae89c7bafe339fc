// Records of an index that embeds: texts in, texts out.
#include <algorithm>

#include "base/json.h"
#include "server/pinecone/embedding.h"
#include "server/pinecone/nearest.h"
#include "server/pinecone/reranking.h"
#include "server/pinecone/vectors.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

constexpr size_t kMostRecords = 10'000;  // of one upsert
constexpr int64_t kMostResults = 10'000;

/// One JSON object a line; whatever the content type says, for one client sends text/plain.
template <typename Take>
void each_line(std::string_view body, Take take) {
  size_t line = 0;
  while (!body.empty()) {
    const std::string_view text = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), text.size() + 1));
    ++line;
    if (text.find_first_not_of(" \t\r") == text.npos) continue;
    const std::string place = "record " + std::to_string(line);
    try {
      const Body one(text);
      take(one.object(), place);
    } catch (const Refusal&) {
      throw;
    } catch (const Error& error) {
      if (error.code() != Code::Invalid) throw;
      refuse_argument(place + ": " + error.what());
    }
  }
}

store::Record read_record(Object said, const std::string& ns, const std::string& text_field, const std::string& place) {
  store::Record out{.ns = ns};
  const auto id = member(said, "_id") ? member(said, "_id") : member(said, "id");
  if (!id) refuse_argument(place + ": _id is missing");
  out.id = read_id(*id, place + "._id");
  const auto text = member(said, text_field);
  if (!text) refuse_argument(place + ": the text's field '" + text_field + "' is missing");
  out.document = std::string(text_of(*text, place + "." + text_field));
  out.metadata = read_metadata(said, place);
  for (const char* own : {"_id", "id"}) out.metadata.erase(own);
  out.metadata.erase(text_field);
  return out;
}

Reply upsert(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Write);
  const std::string ns = namespace_of(request.capture("namespace")), field = index.model.text_field();
  if (field.empty())
    refuse_argument("Integrated inference is not configured for this index: make it by /indexes/create-for-model");
  std::vector<store::Record> records;
  std::vector<std::string> texts;
  each_line(request.body, [&](Object said, const std::string& place) {
    records.push_back(read_record(said, ns, field, place));
    texts.push_back(*records.back().document);
  });
  if (records.empty() || records.size() > kMostRecords)
    refuse_argument("1 to 10000 records are expected, one JSON object a line, found " + std::to_string(records.size()));
  const Matrix vectors = embed(index, texts, Prompt::Passage, house);
  for (size_t i = 0; i < records.size(); ++i) {
    const auto row = vectors.row(i);
    records[i].vector.assign(row.begin(), row.end());
  }
  index.records->write(store::WriteMode::Replace, std::move(records));
  return Reply::empty(201);
}

struct Question {
  size_t k = 0;
  std::string text;  // empty: by the vectors
  Query vectors;
  std::string id;
  store::Filter filter;
};

Question read_question(Object query, const IndexModel& model) {
  Question out{.k = static_cast<size_t>(whole_of(required(query, "top_k"), "query.top_k", 1, kMostResults))};
  if (const auto inputs = member(query, "inputs"))
    if (const auto text = member(object_of(*inputs, "query.inputs"), "text"))
      out.text = text_of(*text, "query.inputs.text");
  if (const auto vector = member(query, "vector")) {
    const Object said = object_of(*vector, "query.vector");
    if (const auto values = member(said, "values"))
      out.vectors.dense = read_dense(*values, model, "query.vector.values");
    if (member(said, "sparse_indices") || member(said, "sparse_values"))
      out.vectors.sparse =
          make_sparse(required(said, "sparse_indices"), required(said, "sparse_values"), "query.vector");
    if (!out.vectors.sparse.empty()) require_sparse(model);
  }
  if (const auto id = member(query, "id")) out.id = read_id(*id, "query.id");
  if (const auto filter = member(query, "filter")) out.filter = read_filter(*filter, true);
  if (member(query, "match_terms"))
    refuse_argument("query.match_terms: is not supported; it belongs to Pinecone's own sparse model");
  return out;
}

struct Hit {
  std::string id;
  float score = 0;
  store::Json fields;
};

std::vector<Hit> search(const Index& index, Question question, const std::string& ns, size_t& tokens, House& house) {
  const auto now = index.records->read();
  store::Near how{.k = question.k, .among = {.ns = ns, .where = question.filter}};
  if (!question.id.empty()) {
    auto vectors = query_of_record(*now, ns, question.id);
    if (!vectors) return {};
    question.vectors = std::move(*vectors);
  } else if (!question.text.empty()) {
    const std::vector<std::string> texts{question.text};
    question.vectors.dense = embed(index, texts, Prompt::Query, house).data;
    tokens = count_tokens(index, texts, house);
    how.fingerprint = index.info.model.fingerprint;
  }
  if (question.vectors.empty()) refuse_argument("query: one of inputs.text, vector and id is expected");
  const auto matches = nearest(*now, question.vectors, how);
  std::vector<store::ChunkId> numbers;
  for (const auto& match : matches) numbers.push_back(match.chunk);
  std::vector<Hit> out;
  for (auto& record : now->fetch(numbers))
    out.push_back({record.id, matches[out.size()].score, metadata_of(record, index.model)});
  return out;
}

/// {"model", "rank_fields", "top_n"?, "query"?}
std::vector<Hit> reranked(std::vector<Hit> hits, Object said, const std::string& question, House& house) {
  const auto fields = texts_of(required(said, "rank_fields"), "rerank.rank_fields");
  const auto own = member(said, "query");
  const std::string text(own ? text_of(*own, "rerank.query") : std::string_view(question));
  std::vector<std::string> passages;
  for (const Hit& hit : hits) passages.push_back(passage_of(hit.fields, fields));
  std::vector<Hit> out;
  for (const auto& [which, score] : rerank(said, text, passages, house)) {
    out.push_back(std::move(hits[which]));
    out.back().score = score;
  }
  return out;
}

Reply find(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  const Body body(request.body);
  const Object said = body.object();
  const Question question = read_question(object_of(required(said, "query"), "query"), index.model);
  size_t tokens = 0;
  auto hits = search(index, question, namespace_of(request.capture("namespace")), tokens, house);
  const auto reranking = member(said, "rerank");
  if (reranking) hits = reranked(std::move(hits), object_of(*reranking, "rerank"), question.text, house);
  std::optional<std::vector<std::string>> fields;
  if (const auto names = member(said, "fields")) fields = texts_of(*names, "fields");
  const bool all = !fields || std::find(fields->begin(), fields->end(), "*") != fields->end();

  JsonWriter out;
  out.open_object().key("result").open_object().key("hits").open_array();
  for (const Hit& hit : hits) {
    out.open_object().member("_id", hit.id).member("_score", hit.score).key("fields").open_object();
    for (const auto& [name, value] : hit.fields.items())
      if (all || std::find(fields->begin(), fields->end(), name) != fields->end())
        out.key(name).raw(base::dump_json(value));
    out.close_object().close_object();
  }
  out.close_array().close_object().key("usage").open_object().member("read_units", 1);
  if (tokens > 0) out.member("embed_total_tokens", static_cast<uint64_t>(tokens));
  if (reranking) out.member("rerank_units", 1);
  return Reply::json(out.close_object().close_object().take());
}

}  // namespace

void add_record_routes(Routes& routes, House& house) {
  const std::string ns = "/{index}/records/namespaces/{namespace}";
  routes.add(
      "POST", ns + "/upsert", [&house](const Request& request) { return upsert(request, house); },
      told("Embeds texts and writes them", {.scope = Scope::Write, .lane = Lane::Embed}));
  routes.add(
      "POST", ns + "/search", [&house](const Request& request) { return find(request, house); },
      told("Searches by a text or a vector", {.lane = Lane::Embed}));
}

}  // namespace hanok::server::pinecone
