// POST /rerank, as rerankers are served everywhere; OpenAI has none.
#include <algorithm>
#include <numeric>

#include "hanok/lm.h"
#include "server/body.h"
#include "server/openai/openai.h"

namespace hanok::server {
namespace {

using base::Json;
using base::OrderedJson;

constexpr size_t kMostDocuments = 10'000;

std::vector<std::string> documents_of(const Json& body) {
  const Json* list = field(body, "documents");
  if (!list || !list->is_array() || list->empty() || list->size() > kMostDocuments)
    wrong_field("documents", "a list of 1 to " + std::to_string(kMostDocuments) + " texts",
                list ? Json(list->size()) : Json());
  std::vector<std::string> out;
  for (const Json& one : *list) {
    if (one.is_string())
      out.push_back(one.get<std::string>());
    else if (one.is_object() && one.contains("text") && one["text"].is_string())
      out.push_back(one["text"].get<std::string>());
    else
      wrong_field("documents", "texts, or objects with text", one);
  }
  return out;
}

// A cross-encoder's scores; by the name of an embedding model the cosines of its vectors.
std::vector<float> scores(House& house, const std::string& id, const std::string& query,
                          const std::vector<std::string>& documents) {
  for (const auto& model : house.models->list()) {
    if (model.id != id || model.kind != Models::Kind::Embedding) continue;
    EmbedQueue* queue = house.models->embedder(id);
    const Matrix asked = queue->embed(std::vector<std::string>{query}, Prompt::Query);
    const Matrix given = queue->embed(documents, Prompt::Passage);
    std::vector<float> out;
    for (size_t i = 0; i < given.rows; ++i) out.push_back(cosine(asked.row(0), given.row(i)));
    return out;
  }
  const auto model = house.models->reranker(id);
  if (!model)
    throw Refusal({.status = 404,
                   .message = "no reranker is served; hanok serve --rerank-model MODEL, or name an embedding model",
                   .code = "model_not_found",
                   .param = "model"});
  return model->score(query, documents);
}

Reply rerank(House& house, const Request& request) {
  const Json body = json_body(request);
  const std::string id = text_field_or_none(body, "model").value_or(""), query = text_field(body, "query");
  const auto documents = documents_of(body);
  const auto most = whole_field(body, "top_n", 1, static_cast<int64_t>(kMostDocuments))
                        .value_or(static_cast<int64_t>(documents.size()));
  const bool with_text = flag_field(body, "return_documents", false);
  const auto score = scores(house, id, query, documents);
  std::vector<size_t> order(documents.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return score[a] > score[b]; });
  order.resize(std::min(order.size(), static_cast<size_t>(most)));
  OrderedJson results = OrderedJson::array();
  for (const size_t i : order) {
    OrderedJson row = {{"index", i}, {"relevance_score", score[i]}};
    if (with_text) row["document"] = {{"text", documents[i]}};
    results.push_back(std::move(row));
  }
  return Reply::json(base::dump_json(OrderedJson{{"id", request.id}, {"model", id}, {"results", results}}));
}

}  // namespace

void add_openai_rerank(Router::Group& group, House& house) {
  group.add(
      "POST", "/rerank", [&house](const Request& request) { return rerank(house, request); },
      {.lane = Lane::Embed,
       .summary = "How well each of some texts answers a question",
       .request_schema = R"({"type":"object","required":["query","documents"],"properties":{"model":{"type":"string"},
"query":{"type":"string"},"documents":{"type":"array"},"top_n":{"type":"integer"},"return_documents":{"type":"boolean"}}})",
       .most_body = kMostJson,
       .json_only = true});
}

}  // namespace hanok::server
