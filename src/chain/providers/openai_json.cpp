#include <algorithm>
#include <cstdlib>

#include "base/json.h"
#include "chain/providers/openai.h"

namespace hanok::chain {
namespace {

using base::Json;

const Json* find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() ? nullptr : &*at;
}

const Json* first_choice(const Json& body) {
  const Json* choices = find(body, "choices");
  return choices && choices->is_array() && !choices->empty() ? &choices->front() : nullptr;
}

std::string start_of(std::string_view text) {
  constexpr size_t kShown = 300;
  std::string out(text.substr(0, kShown));
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return base::Json(out).dump(-1, ' ', false, base::Json::error_handler_t::replace);
}

}  // namespace

std::string chat_request(const OpenAiOptions& options, const std::string& model, std::span<const Message> messages) {
  Json list = Json::array();
  for (const Message& m : messages) list.push_back({{"role", m.role}, {"content", m.content}});
  return base::dump_json(
      Json{{"model", model}, {"messages", std::move(list)}, {"temperature", options.temperature}, {"stream", true}});
}

ChatChunk read_chat_chunk(std::string_view data) {
  if (data == "[DONE]") return {"", true};
  const Json body = Json::parse(data, nullptr, false);
  if (body.is_discarded()) throw Error(Code::Unavailable, "chat server: JSON was expected, found " + start_of(data));
  if (const Json* error = find(body, "error"); error && !error->is_null())
    throw Error(Code::Unavailable, "chat server: " + error_words(data));
  ChatChunk chunk;
  const Json* choice = first_choice(body);
  if (!choice) return chunk;  // usage and keep-alive events
  for (const char* part : {"delta", "message"})
    if (const Json* message = find(*choice, part))
      if (const Json* content = find(*message, "content"); content && content->is_string())
        chunk.text = content->get<std::string>();
  const Json* reason = find(*choice, "finish_reason");
  chunk.last = reason && reason->is_string();
  return chunk;
}

ServedModel read_models(std::string_view body, std::string_view name) {
  const Json json = Json::parse(body, nullptr, false);
  const Json* rows = find(json, "data");
  if (!rows || !rows->is_array()) return {};
  for (const Json& row : *rows) {
    const Json* id = find(row, "id");
    if (!id || !id->is_string() || (!name.empty() && id->get_ref<const std::string&>() != name)) continue;
    ServedModel out{id->get<std::string>()};
    const Json* meta = find(row, "meta");
    for (const Json* length :
         {find(row, "max_model_len"), find(row, "context_length"), meta ? find(*meta, "n_ctx") : nullptr})
      if (length && length->is_number_unsigned() && out.context_tokens == 0) out.context_tokens = length->get<size_t>();
    return out;
  }
  return {};
}

std::string error_words(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  const Json* error = find(json, "error");
  for (const Json* place : {error, &json}) {
    if (!place) continue;
    if (place->is_string()) return place->get<std::string>();
    for (const char* key : {"message", "detail"})
      if (const Json* words = find(*place, key); words && words->is_string()) return words->get<std::string>();
  }
  return body.empty() ? "(an empty body)" : start_of(body);
}

double retry_after_seconds(std::string_view line) {
  std::string low(line.substr(0, 200));
  for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const auto& [name, unit] : {std::pair{"retry-after-ms:", 0.001}, std::pair{"retry-after:", 1.0}}) {
    if (low.rfind(name, 0) != 0) continue;
    const char* value = low.c_str() + std::string_view(name).size();
    char* end = nullptr;
    const double seconds = std::strtod(value, &end) * unit;
    // A date (the other form that HTTP allows) is left to our own backoff.
    if (end != value && seconds >= 0 && seconds < 1e9) return seconds;
  }
  return -1;
}

}  // namespace hanok::chain
