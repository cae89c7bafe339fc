#include <algorithm>
#include <cstdlib>

#include "base/ascii.h"
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

namespace {

Json message_json(const Message& m) {
  Json out{{"role", m.role}};
  const bool plain =
      std::all_of(m.parts.begin(), m.parts.end(), [](const Part& p) { return p.kind == Part::Kind::Text; });
  if (plain) {
    out["content"] = m.text();
  } else {
    out["content"] = Json::array();
    for (const Part& p : m.parts)
      out["content"].push_back(p.kind == Part::Kind::Text
                                   ? Json{{"type", "text"}, {"text", p.content}}
                                   : Json{{"type", "image_url"}, {"image_url", {{"url", p.content}}}});
  }
  for (const ToolCall& c : m.tool_calls)
    out["tool_calls"].push_back(
        {{"id", c.id}, {"type", "function"}, {"function", {{"name", c.name}, {"arguments", c.arguments}}}});
  if (!m.tool_call_id.empty()) out["tool_call_id"] = m.tool_call_id;
  return out;
}

// A float as the number that was meant: 0.7, not 0.699999988079071.
double plain_number(float value) { return std::strtod(std::to_string(value).c_str(), nullptr); }

std::string string_of(const Json& object, const char* key) {
  const Json* value = find(object, key);
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

size_t count_of(const Json* object, const char* key) {
  const Json* value = object ? find(*object, key) : nullptr;
  return value && value->is_number_unsigned() ? value->get<size_t>() : 0;
}

void read_calls(const Json& message, std::vector<ChatChunk::CallPart>& out) {
  const Json* calls = find(message, "tool_calls");
  if (!calls || !calls->is_array()) return;
  for (const Json& call : *calls) {
    ChatChunk::CallPart part{.index = out.size(), .id = string_of(call, "id"), .name = {}, .arguments = {}};
    if (const Json* index = find(call, "index"); index && index->is_number_unsigned())
      part.index = index->get<size_t>();
    if (const Json* function = find(call, "function")) {
      part.name = string_of(*function, "name");
      part.arguments = string_of(*function, "arguments");
    }
    out.push_back(std::move(part));
  }
}

}  // namespace

std::string tools_json(std::span<const Tool> tools) {
  if (tools.empty()) return {};
  base::OrderedJson list = base::OrderedJson::array();
  for (const Tool& t : tools) {
    base::parse_json(t.parameters, "parameters of the tool " + t.name);
    list.push_back(
        {{"type", "function"},
         {"function",
          {{"name", t.name}, {"description", t.description}, {"parameters", base::OrderedJson::parse(t.parameters)}}}});
  }
  return base::dump_json(list);
}

bool must_call(const ChatOptions& options) {
  return options.tool_choice.kind == ToolChoice::Kind::Required || options.tool_choice.kind == ToolChoice::Kind::Named;
}

void check_tool_choice(const ChatOptions& options) {
  const Constraint& c = options.constraint;
  const bool bound = !c.json_schema.empty() || !c.regex.empty() || !c.grammar.empty();
  if (bound && !options.tools.empty() && options.tool_choice.kind != ToolChoice::Kind::None)
    throw Error(Code::Invalid, "chat: an answer that is bound by a constraint cannot call tools; take one of the two");
  if (!must_call(options)) return;
  if (options.tools.empty()) throw Error(Code::Invalid, "chat: a tool must be called, and there is none");
  if (options.tool_choice.kind == ToolChoice::Kind::Required) return;
  std::string known;
  for (const Tool& t : options.tools) {
    if (t.name == options.tool_choice.name) return;
    known += (known.empty() ? "" : ", ") + t.name;
  }
  throw Error(Code::Invalid,
              "chat: the tool '" + options.tool_choice.name + "' must be called, and there are only " + known);
}

namespace {

// What a server is told of tools, constraints and probabilities.
void add_bounds(Json& body, const ChatOptions& options) {
  if (!options.tools.empty()) body["tools"] = Json::parse(tools_json(options.tools));
  using Kind = ToolChoice::Kind;
  if (options.tool_choice.kind == Kind::None && !options.tools.empty()) body["tool_choice"] = "none";
  if (options.tool_choice.kind == Kind::Required) body["tool_choice"] = "required";
  if (options.tool_choice.kind == Kind::Named)
    body["tool_choice"] = {{"type", "function"}, {"function", {{"name", options.tool_choice.name}}}};
  if (const std::string& schema = options.constraint.json_schema; !schema.empty())
    body["response_format"] = {
        {"type", "json_schema"},
        {"json_schema", {{"name", "answer"}, {"strict", true}, {"schema", base::parse_json(schema, "JSON schema")}}}};
  if (options.top_logprobs) {
    body["logprobs"] = true;
    if (*options.top_logprobs > 0) body["top_logprobs"] = *options.top_logprobs;
  }
}

// Names as most servers know them; OpenAI's own refuses those that it does not.
void add_sampling(Json& body, const ChatOptions& options) {
  if (options.typical) body["typical_p"] = plain_number(*options.typical);
  if (options.repeat_penalty) {
    body["repeat_penalty"] = plain_number(*options.repeat_penalty);
    body["repetition_penalty"] = plain_number(*options.repeat_penalty);
  }
  if (options.dry) {
    body["dry_multiplier"] = plain_number(options.dry->multiplier);
    body["dry_base"] = plain_number(options.dry->base);
    body["dry_allowed_length"] = options.dry->allowed_length;
    body["dry_penalty_last_n"] = options.dry->last_n;
  }
  for (const auto& [id, add] : options.logit_bias) body["logit_bias"][std::to_string(id)] = plain_number(add);
}

LikelyToken likely_token(const Json& from) {
  LikelyToken out{.id = -1, .bytes = {}, .logprob = 0};
  if (const Json* value = find(from, "logprob"); value && value->is_number()) out.logprob = value->get<double>();
  const Json* bytes = find(from, "bytes");
  const bool given = bytes && bytes->is_array() && std::all_of(bytes->begin(), bytes->end(), [](const Json& b) {
                       return b.is_number_unsigned() && b.get<uint64_t>() < 256;
                     });
  if (given)
    for (const Json& b : *bytes) out.bytes += static_cast<char>(b.get<unsigned>());
  else
    out.bytes = string_of(from, "token");
  return out;
}

std::vector<TokenLogprob> read_logprobs(const Json& choice) {
  const Json* logprobs = find(choice, "logprobs");
  const Json* content = logprobs ? find(*logprobs, "content") : nullptr;
  std::vector<TokenLogprob> out;
  if (!content || !content->is_array()) return out;
  for (const Json& one : *content) {
    TokenLogprob& to = out.emplace_back(TokenLogprob{.chosen = likely_token(one), .top = {}});
    if (const Json* top = find(one, "top_logprobs"); top && top->is_array())
      for (const Json& t : *top) to.top.push_back(likely_token(t));
  }
  return out;
}

}  // namespace

std::string chat_request(const ChatRequest& request, std::span<const Message> messages, const ChatOptions& options) {
  Json list = Json::array();
  for (const Message& m : messages) list.push_back(message_json(m));
  Json body{{"model", request.model}, {"messages", std::move(list)}, {"stream", request.stream}};
  if (request.stream && request.usage) body["stream_options"] = {{"include_usage", true}};
  if (request.first_words > 0) {
    body["logprobs"] = true;
    body["top_logprobs"] = request.first_words;
    body["max_tokens"] = 1;
  }
  if (options.temperature) body["temperature"] = plain_number(*options.temperature);
  if (options.top_p) body["top_p"] = plain_number(*options.top_p);
  if (options.min_p) body["min_p"] = plain_number(*options.min_p);
  if (options.frequency_penalty) body["frequency_penalty"] = plain_number(*options.frequency_penalty);
  if (options.presence_penalty) body["presence_penalty"] = plain_number(*options.presence_penalty);
  if (options.top_k) body["top_k"] = *options.top_k;
  if (options.seed) body["seed"] = *options.seed;
  if (options.max_tokens > 0) body["max_tokens"] = options.max_tokens;
  if (!options.stop.empty()) body["stop"] = options.stop;
  add_bounds(body, options);
  add_sampling(body, options);
  return base::dump_json(body);
}

ChatChunk read_chat_chunk(std::string_view data) {
  if (data == "[DONE]") return {.last = true};
  const Json body = Json::parse(data, nullptr, false);
  if (body.is_discarded()) throw Error(Code::Unavailable, "chat server: JSON was expected, found " + start_of(data));
  if (const Json* error = find(body, "error"); error && !error->is_null())
    throw Error(Code::Unavailable, "chat server: " + error_words(data));
  ChatChunk chunk;
  chunk.model = string_of(body, "model");
  if (const Json* usage = find(body, "usage")) {
    chunk.prompt_tokens = count_of(usage, "prompt_tokens");
    chunk.completion_tokens = count_of(usage, "completion_tokens");
    chunk.cached_tokens = count_of(find(*usage, "prompt_tokens_details"), "cached_tokens");
  }
  const Json* choice = first_choice(body);
  if (!choice) return chunk;  // usage and keep-alive events
  for (const char* part : {"delta", "message"}) {
    const Json* message = find(*choice, part);
    if (!message) continue;
    if (const Json* content = find(*message, "content"); content && content->is_string())
      chunk.text = content->get<std::string>();
    read_calls(*message, chunk.calls);
  }
  chunk.logprobs = read_logprobs(*choice);
  chunk.finish = string_of(*choice, "finish_reason");
  chunk.last = !chunk.finish.empty();
  return chunk;
}

std::vector<std::pair<std::string, double>> read_first_words(std::string_view data) {
  const Json body = Json::parse(data, nullptr, false);
  const Json* choice = first_choice(body);
  const auto tokens = choice ? read_logprobs(*choice) : std::vector<TokenLogprob>();
  std::vector<std::pair<std::string, double>> out;
  if (tokens.empty()) return out;
  for (const LikelyToken& one : tokens.front().top) out.emplace_back(one.bytes, one.logprob);
  return out;
}

bool CallCollector::add(const ChatChunk::CallPart& part) {
  const size_t before = calls_.size();
  ToolCall& call = calls_[part.index];
  if (calls_.size() > kMostCalls || call.arguments.size() + part.arguments.size() > kLongestArguments)
    throw Error(Code::Unavailable, "chat server: the tool calls have no end; stopped");
  if (!part.id.empty()) call.id = part.id;
  call.name += part.name;
  call.arguments += part.arguments;
  return calls_.size() > before;
}

std::vector<ToolCall> CallCollector::take() {
  std::vector<ToolCall> out;
  for (auto& [index, call] : calls_) out.push_back(std::move(call));
  calls_.clear();
  return out;
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
  const std::string low = base::lower(line.substr(0, 200));
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
