#include "server/mcp/routes.h"

#include <algorithm>
#include <optional>

#include "server/mcp/protocol.h"

namespace hanok::server {
namespace {

using base::Json;
using mcp::Protocol;

constexpr size_t kMostBody = 1u << 20;  // bytes: a question, not a document

Reply json_error(int status, const Json& id, int code, const std::string& message) {
  return Reply::json(base::dump_json(Protocol::error(id, code, message)), status);
}

/// What the headers of 2026-07-28 say must be what the body says. Empty: it is.
std::string mismatch(const Request& request, const Json& body) {
  const std::string_view version = request.header("mcp-protocol-version");
  if (!Protocol::modern(version)) return {};
  const auto text = [](const Json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
  };
  const Json parameters = body.is_object() ? body.value("params", Json::object()) : Json::object();
  const Json meta = parameters.is_object() ? parameters.value("_meta", Json::object()) : Json::object();
  if (text(meta, "io.modelcontextprotocol/protocolVersion") != version) return "MCP-Protocol-Version";
  if (request.header("mcp-method") != text(body, "method")) return "Mcp-Method";
  if (text(body, "method") == "tools/call" && request.header("mcp-name") != text(parameters, "name")) return "Mcp-Name";
  return {};
}

/// The tools over one collection of the house, and the embedder that they use meanwhile.
struct Desk {
  Desk(House& house, const std::string& collection) {
    chain::DocumentTools documents{.collection = house.store->collection(collection),
                                   .model = house.models->chat(""),
                                   .prompt_template = house.ask_prompt};
    if (EmbedQueue* queue = house.models->maker(*documents.collection->snapshot()))
      documents.embedder = &embedder.emplace(*queue);
    tools = {chain::make_search_tool(documents), chain::make_fetch_tool(documents), chain::make_ask_tool(documents),
             chain::make_list_documents_tool(documents)};
  }
  std::optional<QueuedEmbedder> embedder;
  chain::Toolbox tools;
};

Reply answer(House& house, const Request& request) {
  if (!request.own_page)  // also with a key: the protocol asks for it
    return json_error(403, nullptr, Protocol::kRequest, "the Origin of another site is refused (--cors allows it)");
  const std::string_view version = request.header("mcp-protocol-version");
  if (!version.empty() && !Protocol::known_version(version))
    return json_error(400, nullptr, Protocol::kVersion, "MCP-Protocol-Version: this version is not known here");
  const std::string collection = request.parameter("collection").value_or("default");
  request.access.require(Scope::Read, collection);
  Json body;
  try {
    body = base::parse_json(request.body, "body");
  } catch (const Error& e) {
    return json_error(400, nullptr, Protocol::kParse, e.what());
  }
  if (const auto header = mismatch(request, body); !header.empty())
    return json_error(400, body.is_object() ? body.value("id", Json()) : Json(), Protocol::kHeaders,
                      header + " does not say what the body says");
  const Desk desk(house, collection);
  const Protocol protocol(desk.tools, house.version);
  const auto reply = protocol.answer(body);
  if (!reply) return Reply::empty(202);
  const bool unknown = Protocol::modern(version) && reply->is_object() && reply->contains("error") &&
                       (*reply)["error"]["code"] == Protocol::kMethod;
  return Reply::json(base::dump_json(*reply), unknown ? 404 : 200);
}

Reply problem(const Problem& p, const Request&) {
  Reply out = json_error(p.status, nullptr, Protocol::kInternal, p.message);
  out.headers = p.headers;
  return out;
}

}  // namespace

void add_mcp_routes(Router& router, House& house) {
  router.group("/mcp", "mcp", problem)
      .add("POST", "", [&house](const Request& request) { return answer(house, request); },
           {.scope = Scope::Read,
            .lane = Lane::Embed,
            .summary = "Model Context Protocol: search, fetch, ask and list_documents as tools",
            .most_body = kMostBody});
}

}  // namespace hanok::server
