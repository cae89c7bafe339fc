// Models by Pinecone's names for it: embedding and reranking without an index. These paths are OpenAI's too; a request
// that names a version of Pinecone's API comes here.
#include "base/json.h"
#include "server/pinecone/reranking.h"
#include "server/pinecone/service.h"
#include "server/wire/body.h"
#include "server/wire/json_writer.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

constexpr const char* kVersionHeader = "x-pinecone-api-version";
constexpr size_t kMostInputs = 1000;

/// {"text": "..."} or "...".
std::string input_text(Element value, std::string_view place) {
  if (value.is_string()) return std::string(std::string_view(value));
  return std::string(text_of(required(object_of(value, place), "text"), std::string(place) + ".text"));
}

std::vector<std::string> inputs_of(Object said) {
  std::vector<std::string> out;
  const Element inputs = required(said, "inputs");
  if (inputs.is_string()) return {std::string(std::string_view(inputs))};
  for (const Element input : array_of(inputs, "inputs"))
    out.push_back(input_text(input, "inputs[" + std::to_string(out.size()) + "]"));
  if (out.empty() || out.size() > kMostInputs)
    refuse_argument("inputs: 1 to 1000 are expected, found " + std::to_string(out.size()));
  return out;
}

std::optional<Element> parameter(Object said, std::string_view name) {
  const auto parameters = member(said, "parameters");
  return parameters ? member(object_of(*parameters, "parameters"), name) : std::nullopt;
}

/// Longer texts are cut at their end, as Pinecone does, where the client does not say otherwise.
void check_lengths(Object said, std::span<const std::string> texts, const chain::EmbeddingModel& model) {
  const auto truncate = parameter(said, "truncate");
  const std::string_view how = truncate ? text_of(*truncate, "parameters.truncate") : "END";
  if (how == "END") return;
  if (how != "NONE") refuse_argument("parameters.truncate: expected END or NONE, found '" + std::string(how) + "'");
  const size_t most = model.max_tokens();
  for (size_t i = 0; most > 0 && i < texts.size(); ++i)
    if (const size_t tokens = model.count_tokens(texts[i]); tokens > most)
      refuse_argument("inputs[" + std::to_string(i) + "]: has " + std::to_string(tokens) + " tokens, the model takes " +
                      std::to_string(most) + "; split it, or let parameters.truncate be END");
}

Prompt prompt_of(Object said) {
  const auto type = parameter(said, "input_type");
  if (!type) return Prompt::Default;
  const std::string_view name = text_of(*type, "parameters.input_type");
  if (name == "query") return Prompt::Query;
  if (name == "passage") return Prompt::Passage;
  refuse_argument("parameters.input_type: expected query or passage, found '" + std::string(name) + "'");
}

Reply embed(const Request& request, House& house) {
  const Body body(request.body);
  const Object said = body.object();
  const std::string name(text_of(required(said, "model"), "model"));
  EmbedQueue* model = house.models->embedder(name);
  if (model == nullptr) refuse(404, "Model " + name + " not found: start the server with --embedding-model " + name);
  const auto texts = inputs_of(said);
  if (const auto dimension = parameter(said, "dimension")) {
    const auto own = static_cast<int64_t>(model->model().space().dim);
    whole_of(*dimension, "parameters.dimension", own, own);
  }
  check_lengths(said, texts, model->model());
  const Matrix vectors = model->embed(texts, prompt_of(said));
  uint64_t tokens = 0;
  for (const auto& text : texts) tokens += model->model().count_tokens(text);
  JsonWriter out;
  out.open_object().member("model", name).member("vector_type", "dense").key("data").open_array();
  for (size_t i = 0; i < vectors.rows; ++i)
    out.open_object().member("vector_type", "dense").key("values").values(vectors.row(i)).close_object();
  out.close_array().key("usage").open_object().member("total_tokens", tokens).close_object();
  return Reply::json(out.close_object().take());
}

Reply rerank_documents(const Request& request, House& house) {
  const Body body(request.body);
  const Object said = body.object();
  const std::string name(text_of(required(said, "model"), "model"));
  const auto fields_said = member(said, "rank_fields");
  const auto fields = fields_said ? texts_of(*fields_said, "rank_fields") : std::vector<std::string>{"text"};
  std::vector<Json> documents;
  std::vector<std::string> passages;
  for (const Element value : array_of(required(said, "documents"), "documents")) {
    Json document = json_of(value);
    if (document.is_string()) document = Json{{"text", document}};
    if (!document.is_object()) refuse_argument("documents: strings or objects are expected");
    passages.push_back(passage_of(document, fields));
    documents.push_back(std::move(document));
  }
  if (documents.empty() || documents.size() > kMostInputs)
    refuse_argument("documents: 1 to 1000 are expected, found " + std::to_string(documents.size()));
  const auto order = rerank(said, text_of(required(said, "query"), "query"), passages, house);
  const bool with_documents = flag(said, "return_documents", true);
  JsonWriter out;
  out.open_object().member("model", name).key("data").open_array();
  for (const auto& [which, score] : order) {
    out.open_object().member("index", static_cast<uint64_t>(which)).member("score", score);
    if (with_documents) out.key("document").raw(base::dump_json(documents[which]));
    out.close_object();
  }
  out.close_array().key("usage").open_object().member("rerank_units", 1).close_object();
  return Reply::json(out.close_object().take());
}

void write_model(JsonWriter& out, const Models::Entry& entry, House& house) {
  const bool embeds = entry.kind == Models::Kind::Embedding;
  out.open_object().member("model", entry.id).member("type", embeds ? "embed" : "rerank");
  out.member("short_description", embeds ? "A local embedding model" : "A local reranker");
  if (embeds) {
    const uint64_t dim = house.models->embedder(entry.id)->model().space().dim;
    out.member("vector_type", "dense").member("default_dimension", dim);
    out.key("supported_dimensions").open_array().value(dim).close_array();
    out.key("supported_metrics").open_array().value("cosine").value("dotproduct").value("euclidean").close_array();
  }
  out.member("modality", "text").member("provider_name", "local");
  out.key("supported_parameters").open_array();
  if (embeds) {
    out.open_object().member("parameter", "truncate").member("type", "one_of").member("value_type", "string");
    out.member("required", false).member("default", "END");
    out.key("allowed_values").open_array().value("END").value("NONE").close_array().close_object();
    out.open_object().member("parameter", "input_type").member("type", "one_of").member("value_type", "string");
    out.member("required", false).key("allowed_values").open_array().value("query").value("passage").close_array();
    out.close_object();
  }
  out.close_array().close_object();
}

Reply list_models(const Request& request, House& house) {
  const std::string type = request.parameter("type").value_or("");
  JsonWriter out;
  out.open_object().key("models").open_array();
  for (const auto& entry : house.models->list()) {
    if (entry.kind == Models::Kind::Chat) continue;
    if (type.empty() || (type == "embed") == (entry.kind == Models::Kind::Embedding)) write_model(out, entry, house);
  }
  return Reply::json(out.close_array().close_object().take());
}

Reply describe_model(const Request& request, House& house) {
  for (const auto& entry : house.models->list())
    if (entry.id == request.capture("model") && entry.kind != Models::Kind::Chat) {
      JsonWriter out;
      write_model(out, entry, house);
      return Reply::json(out.take());
    }
  refuse(404, "Model " + request.capture("model") + " not found");
}

}  // namespace

void add_inference_routes(Router& router, House& house) {
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  const RouteOptions reading{.with_header = kVersionHeader};
  const RouteOptions computing{.lane = Lane::Embed, .with_header = kVersionHeader};
  router.group("/embed", "pinecone", problem).add("POST", "", bound(embed), told("Vectors of texts", computing));
  router.group("/rerank", "pinecone", problem)
      .add("POST", "", bound(rerank_documents), told("Orders documents by how well they answer", computing));
  auto models = router.group("/models", "pinecone", problem);
  models.add("GET", "", bound(list_models), told("Lists embedding models and rerankers", reading));
  models.add("GET", "/{model}", bound(describe_model), told("A model", reading));
}

}  // namespace hanok::server::pinecone
