#include "chain/mcp/client.h"

#include <algorithm>

#include "base/clock.h"
#include "chain/tools/input.h"
#include "hanok/error.h"

namespace hanok::chain::mcp {
namespace {

using base::Json;

constexpr size_t kMostPages = 32;             // of a list of tools
constexpr size_t kLongestDescription = 1024;  // bytes that a model is shown
constexpr size_t kLongestSchema = 32u << 10;  // bytes

std::string shown(const Json& json) {
  const std::string text = base::dump_json(json);
  return text.substr(0, 300);
}

std::string cut(const std::string& text, size_t most) {
  size_t end = std::min(text.size(), most);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

/// A server's text as one content item has it.
std::string content_text(const Json& item) {
  const std::string type = text_in(item, "type");
  if (type == "text" && item.contains("text") && item["text"].is_string()) return item["text"].get<std::string>();
  if (type == "resource" && item.contains("resource")) {
    const std::string text = text_in(item["resource"], "text");
    return text.empty() ? "[a resource without text]" : text;
  }
  return "[" + (type.empty() ? std::string("something") : type) + "]";
}

}  // namespace

Client::Client(std::unique_ptr<Transport> transport, std::string name)
    : transport_(std::move(transport)), name_(std::move(name)) {
  greet();
}

void Client::bad(const std::string& why) const { throw Error(Code::Unavailable, "MCP server " + name_ + ": " + why); }

Json Client::request(const std::string& method, Json parameters) {
  if (modern_)
    parameters["_meta"] = {{"io.modelcontextprotocol/protocolVersion", kModernVersion},
                           {"io.modelcontextprotocol/clientInfo", {{"name", "hanok"}, {"version", "0.1.0"}}},
                           {"io.modelcontextprotocol/clientCapabilities", Json::object()}};
  const Json reply = transport_->request(
      {{"jsonrpc", "2.0"}, {"id", next_id_++}, {"method", method}, {"params", std::move(parameters)}});
  if (const auto error = reply.find("error"); error != reply.end()) {
    const auto code = error->find("code");
    const bool unknown = code != error->end() && *code == kNoSuchMethod;
    const std::string words = text_in(*error, "message");
    throw Error(unknown ? Code::Unsupported : Code::Unavailable,
                "MCP server " + name_ + ": " + method + ": " + cut(words.empty() ? shown(*error) : words, 500));
  }
  const auto result = reply.find("result");
  if (result == reply.end() || !result->is_object()) bad(method + " has no result: " + shown(reply));
  return *result;
}

void Client::greet() {
  try {
    const Json result = request("initialize", {{"protocolVersion", kLegacyVersion},
                                               {"capabilities", Json::object()},
                                               {"clientInfo", {{"name", "hanok"}, {"version", "0.1.0"}}}});
    const auto version = result.find("protocolVersion");
    if (version == result.end() || !version->is_string()) bad("initialize names no protocolVersion");
    transport_->set_version(version->get<std::string>());
    transport_->notify({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}});
  } catch (const Error& e) {
    if (e.code() != Code::Unsupported) throw;
    modern_ = true;  // there is no such greeting any more
    transport_->set_version(kModernVersion);
    const Json result = request("server/discover", Json::object());
    const auto versions = result.value("supportedVersions", Json::array());
    if (std::find(versions.begin(), versions.end(), kModernVersion) == versions.end())
      bad("knows the versions " + shown(versions) + ", and not " + kModernVersion);
  }
}

std::vector<Tool> Client::tools(size_t most, double seconds) {
  const std::scoped_lock lock(mutex_);
  const base::Stopwatch watch;
  std::vector<Tool> out;
  std::string cursor;
  for (size_t page = 0; page < kMostPages; ++page) {
    const Json result = request("tools/list", cursor.empty() ? Json::object() : Json{{"cursor", cursor}});
    const auto list = result.find("tools");
    if (list == result.end() || !list->is_array()) bad("tools/list has no list of tools");
    for (const Json& t : *list) {
      if (out.size() == most) bad("offers more than " + std::to_string(most) + " tools");
      if (!t.is_object() || !t.contains("name") || !t["name"].is_string()) bad("a tool has no name: " + shown(t));
      const Json schema = t.value("inputSchema", Json::object());
      if (!schema.is_object()) bad("the input schema of " + shown(t["name"]) + " is no object");
      Tool tool{.name = t["name"].get<std::string>()};
      if (t.contains("description") && t["description"].is_string())
        tool.description = cut(t["description"].get<std::string>(), kLongestDescription);
      tool.parameters = base::dump_json(schema);
      if (tool.parameters.size() > kLongestSchema) bad("the input schema of " + cut(tool.name, 80) + " is too large");
      out.push_back(std::move(tool));
    }
    const auto next = result.find("nextCursor");
    if (next == result.end() || !next->is_string() || next->get<std::string>().empty()) return out;
    cursor = next->get<std::string>();
    if (watch.seconds() > seconds) break;  // each page in time, and no end of them
  }
  bad("its list of tools does not end");
}

std::string Client::call(const std::string& tool, const std::string& input) {
  const std::scoped_lock lock(mutex_);
  const Json result = request("tools/call", {{"name", tool}, {"arguments", base::parse_json(input, "input")}});
  std::string out;
  if (const auto content = result.find("content"); content != result.end() && content->is_array())
    for (const Json& item : *content) out += (out.empty() ? "" : "\n") + content_text(item);
  if (out.empty() && result.contains("structuredContent")) out = base::dump_json(result["structuredContent"]);
  if (result.contains("isError") && result["isError"] == Json(true))
    throw Error(Code::Unavailable, out.empty() ? "the tool failed" : out);
  return out;
}

std::vector<std::string> split_command(const std::string& line) {
  std::vector<std::string> out;
  char quote = 0;
  bool open = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (!quote && (c == ' ' || c == '\t')) {
      open = false;
      continue;
    }
    if (!open) out.emplace_back(), open = true;
    if (quote ? c == quote : c == '"' || c == '\'')
      quote = quote ? 0 : c;
    else if (c == '\\' && quote != '\'' && i + 1 < line.size())
      out.back() += line[++i];
    else
      out.back() += c;
  }
  if (quote || out.empty())
    throw Error(Code::Invalid, "'" + line + "': a command was expected, with its quotes closed");
  return out;
}

}  // namespace hanok::chain::mcp

namespace hanok::chain {

Toolbox connect_mcp(const std::string& server, const McpOptions& options) {
  const bool web = server.starts_with("http://") || server.starts_with("https://");
  const auto client = std::make_shared<mcp::Client>(
      web ? mcp::http_transport(server, options) : mcp::stdio_transport(server, options), server);
  Toolbox out;
  for (auto& tool : client->tools(options.most_tools, options.timeout_seconds)) {
    const std::string name = tool.name;
    try {
      out.push_back(
          make_tool(std::move(tool), [client, name](const std::string& input) { return client->call(name, input); }));
    } catch (const Error& e) {
      throw Error(Code::Unavailable, "MCP server " + server + ": " + e.what());
    }
  }
  return out;
}

}  // namespace hanok::chain
