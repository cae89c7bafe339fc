// POST /embeddings. Requests that wait at the same time go through the model in one call (EmbedQueue).
#include <cmath>

#include "server/base64.h"
#include "server/body.h"
#include "server/openai/openai.h"
#include "server/wire/json_writer.h"

namespace hanok::server {
namespace {

constexpr size_t kMostInputs = 2048;  // OpenAI's own limit

/// What is asked for: texts, and how many tokens they have.
struct Input {
  std::vector<std::string> texts;
  size_t tokens = 0;
};

std::vector<int32_t> token_ids(const base::Json& list) {
  std::vector<int32_t> out;
  for (const auto& id : list) {
    if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() > INT32_MAX)
      wrong_field("input", "a list of token ids", list);
    out.push_back(id.get<int32_t>());
  }
  return out;
}

// A string, a list of strings, a list of token ids, or a list of such lists.
std::vector<std::string> texts_of(const base::Json& body, const chain::EmbeddingModel& model) {
  const base::Json* input = field(body, "input");
  const char* expected = "a string, a list of strings, token ids, or lists of token ids";
  if (!input) wrong_field("input", expected, nullptr);
  if (input->is_string()) return {input->get<std::string>()};
  if (!input->is_array() || input->empty()) wrong_field("input", expected, *input);
  if (input->front().is_number()) return {model.decode(token_ids(*input))};
  if (input->size() > kMostInputs)
    wrong_field("input", "at most " + std::to_string(kMostInputs) + " inputs", base::Json(input->size()));
  std::vector<std::string> out;
  for (const auto& one : *input) {
    if (one.is_string())
      out.push_back(one.get<std::string>());
    else if (one.is_array())
      out.push_back(model.decode(token_ids(one)));
    else
      wrong_field("input", expected, *input);
  }
  return out;
}

// Nothing is cut silently: a text that is too long is refused.
Input read_input(const base::Json& body, const chain::EmbeddingModel& model) {
  Input out{.texts = texts_of(body, model)};
  const size_t most = model.max_tokens();
  for (size_t i = 0; i < out.texts.size(); ++i) {
    const size_t tokens = model.count_tokens(out.texts[i]);
    if (most && tokens > most)
      throw Refusal({.status = 400,
                     .message = "input " + std::to_string(i) + " has " + std::to_string(tokens) +
                                " tokens, the model takes " + std::to_string(most) + "; split it",
                     .code = "context_length_exceeded",
                     .param = "input"});
    out.tokens += tokens;
  }
  return out;
}

// OpenAI has no such field; e5 and its kin put other words before questions than before passages.
Prompt prompt_of(const base::Json& body) {
  const auto type = text_field_or_none(body, "input_type");
  if (!type) return Prompt::Default;
  if (*type == "query" || *type == "search_query") return Prompt::Query;
  if (*type == "passage" || *type == "document" || *type == "search_document") return Prompt::Passage;
  if (*type == "none") return Prompt::None;
  wrong_field("input_type", "query, passage or none", *field(body, "input_type"));
}

// The first values of each row at length 1 again (Matryoshka models are trained for it; others lose by it).
void shorten(Matrix& vectors, size_t dim) {
  Matrix out{vectors.rows, dim, {}};
  out.data.reserve(vectors.rows * dim);
  for (size_t i = 0; i < vectors.rows; ++i) {
    double squares = 0;
    const auto row = vectors.row(i).first(dim);
    for (const float x : row) squares += static_cast<double>(x) * x;
    const auto scale = static_cast<float>(squares > 0 ? 1 / std::sqrt(squares) : 1);
    for (const float x : row) out.data.push_back(x * scale);
  }
  vectors = std::move(out);
}

Reply embeddings(House& house, const Request& request) {
  const base::Json body = json_body(request);
  const std::string id = text_field(body, "model");
  EmbedQueue* queue = house.models->embedder(id);
  if (!queue) wrong_field("model", "the name of an embedding model", id);
  const auto& model = queue->model();
  const std::string format = text_field_or_none(body, "encoding_format").value_or("float");
  if (format != "float" && format != "base64") wrong_field("encoding_format", "float or base64", format);
  const size_t dim = model.space().dim;
  const auto dimensions = whole_field(body, "dimensions", 1, static_cast<int64_t>(dim));
  const Input input = read_input(body, model);
  Matrix vectors = queue->embed(input.texts, prompt_of(body));
  if (dimensions && static_cast<size_t>(*dimensions) < dim) shorten(vectors, static_cast<size_t>(*dimensions));

  JsonWriter out;
  out.open_object().member("object", "list").key("data").open_array();
  for (size_t i = 0; i < vectors.rows; ++i) {
    out.open_object().member("object", "embedding").member("index", uint64_t{i}).key("embedding");
    if (format == "base64")
      out.value(base64_of_floats(vectors.row(i)));
    else
      out.values(vectors.row(i));
    out.close_object();
  }
  out.close_array().member("model", id).key("usage").open_object();
  out.member("prompt_tokens", uint64_t{input.tokens}).member("total_tokens", uint64_t{input.tokens});
  return Reply::json(out.close_object().close_object().take());
}

}  // namespace

void add_openai_embeddings(Router::Group& group, House& house) {
  group.add("POST", "/embeddings", [&house](const Request& request) { return embeddings(house, request); },
            {.lane = Lane::Embed,
             .summary = "Vectors of texts",
             .request_schema = R"({"type":"object","required":["model","input"],"properties":{"model":{"type":"string"},
"input":{"description":"a text, a list of texts, token ids of the model's own tokenizer, or lists of them"},
"encoding_format":{"enum":["float","base64"]},"dimensions":{"type":"integer","minimum":1},
"input_type":{"enum":["query","passage","none"],"description":"which of the model's prompts goes before each text"}}})",
             .most_body = kMostJson,
             .json_only = true});
}

}  // namespace hanok::server
