#include "chain/providers/forced_call.h"

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "hanok/error.h"
#include "lm/tool_calls.h"

namespace hanok::chain {
namespace {

std::string escaped(std::string_view text) {
  constexpr std::string_view kSigns = "\\^$.|?*+()[]{}/-";
  std::string out;
  for (const char c : text) {
    if (kSigns.find(c) != kSigns.npos) out += '\\';
    out += c;
  }
  return out;
}

/// One of the tools' names and the sign behind it: where one name begins another, that sign tells them apart.
std::string names_regex(std::span<const Tool> tools, char behind) {
  std::string out = "(";
  for (const Tool& t : tools) out += (out.size() > 1 ? "|" : "") + escaped(t.name);
  return out + ")" + (behind == '\n' ? "\\n" : escaped({&behind, 1}));
}

void check_name(const std::string& name) {
  const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 32 || c == '"' || c == '\\' || c == '[' || c == '`';
  });
  if (name.empty() || !plain)
    throw Error(Code::Invalid,
                "tool '" + name + "': a name without quotes, brackets and line breaks was expected, as in get_weather");
}

/// Whether somewhere several schemas hold for one value, each of which may name properties.
bool joins_schemas(const base::OrderedJson& schema) {
  if (!schema.is_structured()) return false;
  if (schema.is_object()) {
    const auto n = schema.count("properties") + schema.count("$ref") + schema.count("anyOf") + schema.count("oneOf");
    if (n > 1 || schema.contains("allOf")) return true;
  }
  return std::any_of(schema.begin(), schema.end(), joins_schemas);
}

bool names_all_required(const base::OrderedJson& schema) {
  const auto required = schema.find("required");
  return required == schema.end() || !required->is_array() ||
         std::all_of(required->begin(), required->end(), [&](const auto& name) {
           return !name.is_string() || schema["properties"].contains(name.template get<std::string>());
         });
}

/// Objects that list their properties have no others unless the schema says so: models invent arguments as long as they
/// may. Not for schemas that are joined: their parts would exclude each other.
void close_objects(base::OrderedJson& schema) {
  if (!schema.is_object()) return;
  if (schema.contains("properties") && !schema.contains("additionalProperties") && names_all_required(schema))
    schema["additionalProperties"] = false;
  for (const char* key : {"properties", "$defs", "definitions"})
    if (const auto parts = schema.find(key); parts != schema.end() && parts->is_object())
      for (auto& part : *parts) close_objects(part);
  for (const char* key : {"anyOf", "oneOf", "prefixItems"})
    if (const auto parts = schema.find(key); parts != schema.end() && parts->is_array())
      for (auto& part : *parts) close_objects(part);
  for (const char* key : {"items", "additionalProperties"})
    if (const auto part = schema.find(key); part != schema.end()) close_objects(*part);
}

/// The schema of the arguments, which are an object whether it says so or not.
std::string arguments_schema(const Tool& tool) {
  const std::string what = "parameters of the tool " + tool.name;
  base::parse_json(tool.parameters, what);
  auto schema = base::OrderedJson::parse(tool.parameters);
  if (!schema.is_object()) throw Error(Code::Invalid, what + ": a JSON schema was expected, an object");
  if (!schema.contains("type")) schema["type"] = "object";
  if (schema["type"] != "object")
    throw Error(Code::Invalid, what + ": \"type\": \"object\" was expected, found " + schema["type"].dump());
  if (!joins_schemas(schema)) close_objects(schema);
  return schema.dump();
}

class Forced {
 public:
  Forced(const LanguageModel& model, std::span<const Turn> turns, const std::string& functions,
         const ChatOptions& options, const GenerateOptions& how)
      : model_(model),
        turns_(turns),
        options_(options),
        how_(how),
        form_(lm::call_form(lm::tool_style(model.chat_template()), model.chat_template())),
        functions_(functions),
        left_(how.max_tokens) {
    how_.stop.clear();  // they end texts, and this is none
    for (const Tool& t : options.tools) check_name(t.name);
  }

  ChatReply run() {
    const base::Stopwatch watch;
    if (const Tool* tool = choose()) write(*tool);
    reply_.message.role = "assistant";
    reply_.message.parts = {{Part::Kind::Text, ""}};
    reply_.seconds = watch.seconds();
    return std::move(reply_);
  }

 private:
  Generated generate(const std::string& begun, Constraint constraint,
                     const std::function<bool(std::string_view)>& on_piece) {
    GenerateOptions how = how_;
    how.max_tokens = left_;
    how.constraint = std::move(constraint);
    Generated out = model_.generate(model_.chat_prompt(turns_, functions_, begun), how, on_piece);
    left_ -= out.ids.size();
    reply_.completion_tokens += out.ids.size();
    if (reply_.prompt_tokens == 0) reply_.prompt_tokens = out.prompt_tokens, reply_.cached_tokens = out.cached_tokens;
    std::move(out.logprobs.begin(), out.logprobs.end(), std::back_inserter(reply_.logprobs));
    return out;
  }

  /// Nothing where there was no room for a name.
  const Tool* choose() {
    if (options_.tools.size() == 1) return &options_.tools[0];
    const Generated out =
        generate(std::string(form_.before),
                 {.json_schema = {}, .regex = names_regex(options_.tools, form_.between.front()), .grammar = {}}, {});
    if (out.finish != Finish::Stop) return reply_.finish = ended(out.finish), nullptr;
    const std::string name = out.text.substr(0, out.text.size() - 1);
    const auto at =
        std::find_if(options_.tools.begin(), options_.tools.end(), [&](const Tool& t) { return t.name == name; });
    if (at == options_.tools.end()) throw Error(Code::Internal, "tool call: '" + name + "' is none of the tools");
    return &*at;
  }

  void write(const Tool& tool) {
    const std::string id = "call_1";
    bool open = tell({.id = id, .name = tool.name});
    const std::string begun = std::string(form_.before) + tool.name + std::string(form_.between);
    Generated out{};
    out.finish = Finish::Cancelled;
    if (open)
      out = generate(begun, {.json_schema = arguments_schema(tool), .regex = {}, .grammar = {}},
                     [&](std::string_view piece) { return tell({.arguments = std::string(piece)}); });
    reply_.finish = ended(out.finish);
    if (out.finish != Finish::Stop) return;
    reply_.finish = ChatFinish::ToolCalls;
    reply_.message.tool_calls.push_back({id, tool.name, std::move(out.text)});
  }

  bool tell(const ToolCallPiece& piece) const { return !options_.on_tool_call || options_.on_tool_call(piece); }

  static ChatFinish ended(Finish finish) {
    return finish == Finish::Cancelled ? ChatFinish::Cancelled
           : finish == Finish::Context ? ChatFinish::Context
                                       : ChatFinish::Length;
  }

  const LanguageModel& model_;
  std::span<const Turn> turns_;
  const ChatOptions& options_;
  GenerateOptions how_;
  lm::CallForm form_;
  const std::string& functions_;
  size_t left_;  // tokens
  ChatReply reply_;
};

}  // namespace

ChatReply force_tool_call(const LanguageModel& model, std::span<const Turn> turns, const std::string& functions,
                          const ChatOptions& options, const GenerateOptions& how) {
  return Forced(model, turns, functions, options, how).run();
}

}  // namespace hanok::chain
