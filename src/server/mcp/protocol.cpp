#include "server/mcp/protocol.h"

#include <algorithm>
#include <array>

#include "hanok/error.h"

namespace hanok::server::mcp {
namespace {

using base::Json;
using base::OrderedJson;

constexpr std::array<std::string_view, 4> kLegacy = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};
constexpr std::string_view kModern = "2026-07-28";
constexpr const char* kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr size_t kMostBatch = 100;  // of a batch: each may be a search, or an answer
constexpr int kListTtlMs = 60'000;  // the tools do not change while the server runs

constexpr const char* kInstructions =
    "The user's own documents. `search` finds passages, `fetch` gives a passage with what stands around it or a whole "
    "document, `ask` answers from them with citations or says that they do not hold it.";

/// What a method refuses, with the number of JSON-RPC.
struct Refused {
  int code;
  std::string message;
  OrderedJson data = nullptr;
};

std::string named_version(const Json& parameters) {
  const auto meta = parameters.find("_meta");
  if (meta == parameters.end() || !meta->is_object()) return {};
  const auto version = meta->find(kVersionKey);
  return version != meta->end() && version->is_string() ? version->get<std::string>() : "";
}

OrderedJson supported() {
  OrderedJson out = OrderedJson::array({kModern});
  for (const auto v : kLegacy) out.push_back(v);
  return out;
}

}  // namespace

bool Protocol::modern(std::string_view version) { return version == kModern; }
bool Protocol::known_version(std::string_view version) {
  return modern(version) || std::find(kLegacy.begin(), kLegacy.end(), version) != kLegacy.end();
}

OrderedJson Protocol::error(const Json& id, int code, const std::string& message, const OrderedJson& data) {
  OrderedJson out{{"jsonrpc", "2.0"}, {"id", OrderedJson(id)}, {"error", {{"code", code}, {"message", message}}}};
  if (!data.is_null()) out["error"]["data"] = data;
  return out;
}

std::optional<std::string> Protocol::answer_line(std::string_view message) const {
  Json json;
  try {
    json = base::parse_json(message, "message");
  } catch (const Error& e) {
    return base::dump_json(error(nullptr, kParse, e.what()));
  }
  const auto out = answer(json);
  return out ? std::optional(base::dump_json(*out)) : std::nullopt;
}

std::optional<OrderedJson> Protocol::answer(const Json& message) const {
  if (message.is_array() && !message.empty()) {  // a batch, as 2025-03-26 has it
    if (message.size() > kMostBatch)
      return error(nullptr, kRequest, "a batch of at most " + std::to_string(kMostBatch) + " was expected");
    OrderedJson out = OrderedJson::array();
    for (const Json& one : message)
      if (!one.is_array())
        if (auto reply = answer(one)) out.push_back(*reply);
    return out.empty() ? std::nullopt : std::optional(out);
  }
  if (!message.is_object()) return error(nullptr, kRequest, "an object was expected");
  const bool has_id = message.contains("id");
  const Json id = has_id ? message["id"] : Json();
  const bool good_id = !has_id || id.is_string() || id.is_number();
  const auto method = message.find("method");
  if (method == message.end()) {
    if (message.contains("result") || message.contains("error")) return {};  // an answer to what was never asked
    return error(good_id ? id : Json(), kRequest, "there is no method");
  }
  if (!method->is_string() || !good_id || message.value("jsonrpc", Json()) != "2.0")
    return error(good_id ? id : Json(), kRequest, "a JSON-RPC 2.0 request was expected");
  if (!has_id) return {};
  const Json parameters = message.value("params", Json::object());
  if (!parameters.is_object()) return error(id, kParameters, "params: an object was expected");
  try {
    const std::string version = named_version(parameters);
    if (!version.empty() && !known_version(version))
      throw Refused{kVersion,
                    "the version " + version.substr(0, 40) + " is not known here",
                    {{"supported", supported()}, {"requested", version}}};
    OrderedJson made = result(method->get<std::string>(), parameters, modern(version));
    if (modern(version)) made["resultType"] = "complete";
    return OrderedJson{{"jsonrpc", "2.0"}, {"id", OrderedJson(id)}, {"result", std::move(made)}};
  } catch (const Refused& r) {
    return error(id, r.code, r.message, r.data);
  } catch (const std::exception& e) {
    return error(id, kInternal, e.what());
  }
}

OrderedJson Protocol::result(const std::string& method, const Json& parameters, bool modern) const {
  if (method == "initialize") return initialize(parameters);
  if (method == "server/discover") return discover();
  if (method == "ping") return OrderedJson::object();
  if (method == "tools/list") return list(modern);
  if (method == "tools/call") return call(parameters);
  throw Refused{kMethod, "the method " + method.substr(0, 80) + " is not known here"};
}

OrderedJson Protocol::initialize(const Json& parameters) const {
  const auto asked = parameters.find("protocolVersion");
  std::string version(kLegacy[0]);
  if (asked != parameters.end() && asked->is_string() &&
      std::find(kLegacy.begin(), kLegacy.end(), asked->get<std::string>()) != kLegacy.end())
    version = asked->get<std::string>();
  return {{"protocolVersion", version},
          {"capabilities", {{"tools", OrderedJson::object()}}},
          {"serverInfo", {{"name", "hanok"}, {"version", version_}}},
          {"instructions", kInstructions}};
}

OrderedJson Protocol::discover() const {
  return {{"supportedVersions", supported()},
          {"capabilities", {{"tools", OrderedJson::object()}}},
          {"serverInfo", {{"name", "hanok"}, {"version", version_}}},
          {"instructions", kInstructions},
          {"ttlMs", kListTtlMs},
          {"cacheScope", "public"},
          {"resultType", "complete"}};
}

OrderedJson Protocol::list(bool modern) const {
  OrderedJson tools = OrderedJson::array();
  for (const auto& tool : tools_) {
    const chain::Tool& d = tool->definition();
    tools.push_back({{"name", d.name},
                     {"description", d.description},
                     {"inputSchema", OrderedJson::parse(d.parameters)},
                     {"annotations", {{"readOnlyHint", true}, {"openWorldHint", false}}}});
  }
  OrderedJson out{{"tools", tools}};
  if (modern) out["ttlMs"] = kListTtlMs, out["cacheScope"] = "public";
  return out;
}

OrderedJson Protocol::call(const Json& parameters) const {
  const auto name = parameters.find("name");
  if (name == parameters.end() || !name->is_string()) throw Refused{kParameters, "name: a text was expected"};
  const auto tool = std::find_if(tools_.begin(), tools_.end(),
                                 [&](const auto& t) { return t->definition().name == name->get<std::string>(); });
  if (tool == tools_.end()) throw Refused{kParameters, "there is no tool " + name->get<std::string>().substr(0, 80)};
  const Json input = parameters.value("arguments", Json::object());
  if (!input.is_object()) throw Refused{kParameters, "arguments: an object was expected"};
  const auto said = [](const std::string& text) { return OrderedJson::array({{{"type", "text"}, {"text", text}}}); };
  try {
    if (const auto why = chain::unfit_input(**tool, base::dump_json(input)); !why.empty())
      return {{"content", said("the input does not suit: " + why)}, {"isError", true}};
    const std::string text = (*tool)->call(base::dump_json(input));
    OrderedJson out{{"content", said(text)}};
    if (const auto value = OrderedJson::parse(text, nullptr, false); value.is_object())
      out["structuredContent"] = value;
    out["isError"] = false;
    return out;
  } catch (const Error& e) {
    if (e.code() == Code::Cancelled) throw;
    return {{"content", said(e.what())}, {"isError", true}};
  }
}

}  // namespace hanok::server::mcp
