#include "server/openai/chat_call.h"

#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "server/body.h"
#include "server/http/metrics.h"

namespace hanok::server {
namespace {

using base::Json;
using base::OrderedJson;

constexpr int64_t kMostAnswers = 16, kMostTokens = 1 << 24;
constexpr size_t kMostStops = 16, kMostLogprobs = 20;
// Of one object. Those that keep their order are searched key by key: a hundred thousand keys would take minutes.
constexpr size_t kMostKeys = 1024;

void check_keys(const Json& value) {
  if (!value.is_structured()) return;
  if (value.is_object() && value.size() > kMostKeys)
    throw Refusal({.status = 400,
                   .message = "an object of the body has " + std::to_string(value.size()) + " keys, at most " +
                              std::to_string(kMostKeys) + " were expected",
                   .code = "invalid"});
  for (const Json& one : value) check_keys(one);
}

std::string at(const std::string& where, size_t i) { return where + "[" + std::to_string(i) + "]"; }

std::string image_url(const Json& part, const std::string& where) {
  const Json* image = field(part, "image_url");
  if (image && image->is_string()) return image->get<std::string>();
  if (image && image->is_object() && image->contains("url") && (*image)["url"].is_string()) return (*image)["url"];
  wrong_field(where + ".image_url", "an object with url", image ? *image : Json());
}

std::vector<ToolCall> read_tool_calls(const Json& message, const std::string& where) {
  std::vector<ToolCall> out;
  const Json* calls = field(message, "tool_calls");
  if (!calls) return out;
  if (!calls->is_array()) wrong_field(where + ".tool_calls", "a list", *calls);
  for (const Json& call : *calls) {
    const Json* function = call.is_object() ? field(call, "function") : nullptr;
    if (!function || !function->is_object()) wrong_field(where + ".tool_calls", "calls with a function", call);
    out.push_back({text_field_or_none(call, "id").value_or(""), text_field(*function, "name"),
                   text_field_or_none(*function, "arguments").value_or("{}")});
  }
  return out;
}

chain::Message read_message(const Json& message, const std::string& where) {
  if (!message.is_object()) wrong_field(where, "an object with role and content", message);
  chain::Message out;
  out.role = text_field(message, "role");
  if (out.role == "developer") out.role = "system";
  if (out.role == "function") out.role = "tool";
  if (out.role != "system" && out.role != "user" && out.role != "assistant" && out.role != "tool")
    wrong_field(where + ".role", "system, developer, user, assistant or tool", message["role"]);
  if (const Json* content = field(message, "content")) out.parts = read_parts(*content, where + ".content");
  if (out.role == "assistant") out.tool_calls = read_tool_calls(message, where);
  out.tool_call_id = text_field_or_none(message, "tool_call_id").value_or("");
  if (out.parts.empty() && out.tool_calls.empty()) {
    if (out.role != "assistant" && !field(message, "content")) wrong_field(where + ".content", "a text", nullptr);
    out.parts = {{chain::Part::Kind::Text, ""}};
  }
  return out;
}

void read_logit_bias(const Json& body, chain::ChatOptions& options) {
  const Json* bias = field(body, "logit_bias");
  if (!bias) return;
  if (!bias->is_object()) wrong_field("logit_bias", "an object of token ids and numbers", *bias);
  for (const auto& [key, value] : bias->items()) {
    int32_t id = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    const double number = value.is_number() ? value.get<double>() : std::nan("");
    if (error != std::errc() || end != key.data() + key.size() || id < 0 || !(number >= -100 && number <= 100))
      wrong_field("logit_bias", "token ids with numbers from -100 to 100", *bias);
    options.logit_bias.emplace_back(id, static_cast<float>(number));
  }
}

void read_tools(const Json& body, const OrderedJson& in_order, chain::ChatOptions& options) {
  if (field(body, "functions") || field(body, "function_call"))
    throw Refusal({.status = 400,
                   .message = "functions and function_call are the former names of tools and tool_choice; use those",
                   .code = "invalid",
                   .param = "functions"});
  const Json* tools = field(body, "tools");
  const Json* choice = field(body, "tool_choice");
  if (!tools && choice && *choice != "none" && *choice != "auto")
    wrong_field("tools", "a list of functions beside tool_choice", nullptr);
  if (!tools) return;
  if (!tools->is_array()) wrong_field("tools", "a list of functions", *tools);
  for (size_t i = 0; i < tools->size(); ++i) {
    const Json& tool = (*tools)[i];
    const Json* function = tool.is_object() ? field(tool, "function") : nullptr;
    if (!function || !function->is_object())
      wrong_field(at("tools", i), "{\"type\": \"function\", \"function\": {...}}", tool);
    chain::Tool out{.name = text_field(*function, "name"),
                    .description = text_field_or_none(*function, "description").value_or("")};
    if (const Json* parameters = field(*function, "parameters")) {
      if (!parameters->is_object()) wrong_field(at("tools", i) + ".function.parameters", "a JSON schema", *parameters);
      out.parameters = base::dump_json(in_order["tools"][i]["function"]["parameters"]);
    }
    options.tools.push_back(std::move(out));
  }
  read_tool_choice(choice, options);
}

std::vector<std::string> read_allowed_tools(const Json& choice, chain::ChatOptions& options) {
  const Json* within = field(choice, "allowed_tools");
  const Json& allowed = within && within->is_object() ? *within : choice;
  const std::string mode = text_field(allowed, "mode");
  if (mode != "auto" && mode != "required") wrong_field("tool_choice.mode", "auto or required", mode);
  const Json* tools = field(allowed, "tools");
  if (!tools || !tools->is_array() || tools->empty())
    wrong_field("tool_choice.tools", "a list of tools, not empty", tools ? *tools : Json());
  std::vector<std::string> other;
  std::set<std::string> names;
  for (const Json& tool : *tools) {
    if (!tool.is_object()) wrong_field("tool_choice.tools", "objects", tool);
    if (const std::string type = text_field(tool, "type"); type != "function") {
      other.push_back(type);
      continue;
    }
    const Json* function = field(tool, "function");
    const std::string name = text_field(function && function->is_object() ? *function : tool, "name");
    if (std::none_of(options.tools.begin(), options.tools.end(), [&](const auto& one) { return one.name == name; }))
      wrong_field("tool_choice.tools", "names of the tools", name);
    names.insert(name);
  }
  std::erase_if(options.tools, [&](const chain::Tool& tool) { return !names.contains(tool.name); });
  if (mode == "required" && !names.empty()) options.tool_choice = {chain::ToolChoice::Kind::Required};
  return other;
}

}  // namespace

std::vector<chain::Part> read_parts(const Json& content, const std::string& where) {
  if (content.is_string()) return {{chain::Part::Kind::Text, content.get<std::string>()}};
  if (!content.is_array()) wrong_field(where, "a string or a list of parts", content);
  std::vector<chain::Part> out;
  for (size_t i = 0; i < content.size(); ++i) {
    const Json& part = content[i];
    if (!part.is_object()) wrong_field(at(where, i), "an object with type", part);
    const std::string type = text_field(part, "type");
    if (type == "text" || type == "input_text" || type == "output_text")
      out.push_back({chain::Part::Kind::Text, text_field(part, "text")});
    else if (type == "refusal")
      out.push_back({chain::Part::Kind::Text, text_field(part, "refusal")});
    else if (type == "image_url" || type == "input_image")
      out.push_back({chain::Part::Kind::Image, image_url(part, at(where, i))});
    else
      wrong_field(at(where, i) + ".type", "text or image_url (what this model reads)", type);
  }
  return out;
}

void read_sampling(const Json& body, chain::ChatOptions& options) {
  const auto number = [&](const char* name, double least, double most) -> std::optional<float> {
    const auto value = number_field(body, name, least, most);
    return value ? std::optional(static_cast<float>(*value)) : std::nullopt;
  };
  options.temperature = number("temperature", 0, 2);
  options.top_p = number("top_p", 0, 1);
  options.min_p = number("min_p", 0, 1);
  options.frequency_penalty = number("frequency_penalty", -2, 2);
  options.presence_penalty = number("presence_penalty", -2, 2);
  options.repeat_penalty = number("repeat_penalty", 0.1, 10);
  if (const auto k = whole_field(body, "top_k", 0, 1 << 24)) options.top_k = static_cast<int>(*k);
  if (const auto seed = whole_field(body, "seed", INT64_MIN, INT64_MAX)) options.seed = static_cast<uint64_t>(*seed);
  if (!options.seed) options.seed = any_seed();
}

void read_format(const OrderedJson* format, const char* name, chain::ChatOptions& options) {
  if (!format || format->is_null()) return;
  const auto wrong = [&](const std::string& where, const std::string& expected, const OrderedJson& found) {
    wrong_field(name + where, expected, Json::parse(base::dump_json(found)));
  };
  if (!format->is_object() || !format->contains("type") || !(*format)["type"].is_string())
    wrong("", "an object with type", *format);
  const std::string type = (*format)["type"];
  if (type == "text") return;
  if (type != "json_object" && type != "json_schema") wrong(".type", "text, json_object or json_schema", type);
  const OrderedJson* schema = format->contains("schema") ? &(*format)["schema"] : nullptr;
  if (const auto within = format->find("json_schema"); within != format->end() && within->is_object())
    schema = within->contains("schema") ? &(*within)["schema"] : &*within;
  if (!schema && type == "json_schema") wrong("", "an object with json_schema.schema", *format);
  if (schema && !schema->is_object() && !schema->is_boolean()) wrong(".schema", "a JSON schema", *schema);
  options.constraint.json_schema = schema ? base::dump_json(*schema) : R"({"type":"object"})";
}

std::vector<std::string> read_tool_choice(const Json* choice, chain::ChatOptions& options) {
  using Kind = chain::ToolChoice::Kind;
  if (!choice) return {};
  const std::string type = choice->is_object() ? choice->value("type", "") : "";
  if (type == "allowed_tools") return read_allowed_tools(*choice, options);
  if (type == "function") {
    const Json* function = field(*choice, "function");
    options.tool_choice = {Kind::Named, text_field(function && function->is_object() ? *function : *choice, "name")};
  } else if (*choice == "none") {
    options.tool_choice = {Kind::None};
  } else if (*choice == "required") {
    options.tool_choice = {Kind::Required};
  } else if (*choice != "auto") {
    wrong_field("tool_choice",
                "none, auto, required, {\"type\": \"function\", \"function\": {\"name\": ...}} or "
                "{\"type\": \"allowed_tools\", ...}",
                *choice);
  }
  return {};
}

ChatCall read_chat_call(const Json& body, const std::string& text) {
  ChatCall out;
  const OrderedJson in_order = ordered(body, text);
  out.model = text_field(body, "model");
  const Json* messages = field(body, "messages");
  if (!messages || !messages->is_array() || messages->empty())
    wrong_field("messages", "a list of messages, not empty", messages ? *messages : Json());
  for (size_t i = 0; i < messages->size(); ++i) out.messages.push_back(read_message((*messages)[i], at("messages", i)));
  read_sampling(body, out.options);
  for (const char* name : {"max_tokens", "max_completion_tokens"})
    if (const auto most = whole_field(body, name, 1, kMostTokens)) out.options.max_tokens = static_cast<size_t>(*most);
  out.options.stop = texts_field(body, "stop");
  if (out.options.stop.size() > kMostStops)
    wrong_field("stop", "at most " + std::to_string(kMostStops) + " texts", body["stop"]);
  std::erase(out.options.stop, "");
  read_logit_bias(body, out.options);
  read_tools(body, in_order, out.options);
  if (in_order.contains("response_format")) read_format(&in_order["response_format"], "response_format", out.options);
  const auto likely = whole_field(body, "top_logprobs", 0, static_cast<int64_t>(kMostLogprobs));
  if (flag_field(body, "logprobs", false))
    out.options.top_logprobs = static_cast<size_t>(likely.value_or(0));
  else if (likely.value_or(0) > 0)
    wrong_field("logprobs", "true beside top_logprobs", nullptr);
  out.n = static_cast<size_t>(whole_field(body, "n", 1, kMostAnswers).value_or(1));
  out.stream = flag_field(body, "stream", false);
  if (const Json* options = field(body, "stream_options"); options && options->is_object())
    out.usage_in_stream = flag_field(*options, "include_usage", false);
  return out;
}

void fit_context(const chain::ChatModel& model, ChatCall& call) {
  const size_t context = model.context_tokens();
  if (context == 0) return;  // a server that does not say: it knows itself
  size_t tokens = 0;
  try {
    tokens = model.count_tokens(call.messages);
  } catch (const Error& error) {
    // What a model's template refuses is the request's fault.
    if (error.code() != Code::Unsupported) throw;
    throw Refusal({.status = 400, .message = error.what(), .code = "unsupported", .param = "messages"});
  }
  if (tokens >= context)
    throw Refusal({.status = 400,
                   .message = "the messages have " + std::to_string(tokens) + " tokens, the model's context is " +
                              std::to_string(context) + ", an answer included; send less, or start with --context",
                   .code = "context_length_exceeded",
                   .param = "messages"});
  if (call.options.max_tokens == 0) call.options.max_tokens = context - tokens;
}

OrderedJson ordered(const Json& body, const std::string& text) {
  check_keys(body);
  return OrderedJson::parse(text);
}

std::string last_question(const std::vector<chain::Message>& messages, const char* field) {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message)
    if (message->role == "user" && message->text().find_first_not_of(" \t\r\n") != std::string::npos)
      return message->text();
  throw Refusal({.status = 400,
                 .message = std::string(field) + ": a question of the user was expected",
                 .code = "invalid",
                 .param = field});
}

uint64_t any_seed() {
  uint64_t out = 0;
  if (::getrandom(&out, sizeof out, 0) != sizeof out) return 1;
  return out;
}

Problem chat_problem(const std::exception& error) {
  Problem out = problem_of(error);
  const auto* known = dynamic_cast<const Error*>(&error);
  const bool exhausted = known && known->code() == Code::Exhausted;
  if (exhausted && out.message.find("context") != std::string::npos) {
    out.status = 400, out.code = "context_length_exceeded", out.param = "messages";
    out.retry_after_s = 0;
  }
  // A schema of the request that is too large or too deep to keep to, its patterns among it.
  for (const std::string_view kind : {"JSON schema: ", "regex: ", "grammar: "})
    if (exhausted && out.message.starts_with(kind)) out.status = 400, out.code = "invalid";
  if (known && known->code() == Code::Unsupported) out.status = 400;
  return out;
}

std::string finish_reason(chain::ChatFinish finish) {
  return finish == chain::ChatFinish::Context ? "length" : std::string(chain::finish_name(finish));
}

OrderedJson usage_json(size_t prompt, size_t completion, size_t cached) {
  return {{"prompt_tokens", prompt},
          {"completion_tokens", completion},
          {"total_tokens", prompt + completion},
          {"prompt_tokens_details", {{"cached_tokens", cached}}}};
}

OrderedJson tool_calls_json(const std::vector<ToolCall>& calls) {
  OrderedJson out = OrderedJson::array();
  for (const ToolCall& call : calls)
    out.push_back(
        {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  return out;
}

OrderedJson logprob_json(const TokenLogprob& token) {
  const auto one = [](const LikelyToken& likely) {
    OrderedJson bytes = OrderedJson::array();
    for (const char c : likely.bytes) bytes.push_back(static_cast<unsigned char>(c));
    return OrderedJson{{"token", likely.bytes}, {"logprob", likely.logprob}, {"bytes", bytes}};
  };
  OrderedJson out = one(token.chosen);
  out["top_logprobs"] = OrderedJson::array();
  for (const LikelyToken& likely : token.top) out["top_logprobs"].push_back(one(likely));
  return out;
}

void count_tokens(House& house, size_t prompt, size_t completion) {
  if (!house.metrics) return;
  house.metrics->add("prompt_tokens", prompt);
  house.metrics->add("completion_tokens", completion);
}

std::string error_event(const Problem& problem) {
  return event_line(
      {{"error",
        {{"message", problem.message}, {"type", "server_error"}, {"param", nullptr}, {"code", problem.code}}}});
}

std::string event_line(const OrderedJson& value) { return "data: " + base::dump_json(value) + "\n\n"; }

}  // namespace hanok::server
