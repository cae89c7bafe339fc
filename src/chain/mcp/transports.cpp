#include <functional>
#include <optional>
#include <type_traits>

#include "base/child.h"
#include "base/clock.h"
#include "chain/http/http.h"
#include "chain/mcp/client.h"
#include "chain/providers/sse.h"
#include "hanok/error.h"

namespace hanok::chain::mcp {
namespace {

using base::Json;

constexpr size_t kMostBeside = 1000;  // messages of the server that are no answer, during one request

Json message_in(std::string_view text, const char* what, const std::string& server) {
  try {
    return base::parse_json(text, what);
  } catch (const Error& e) {
    throw Error(Code::Unavailable, "MCP server " + server + ": " + e.what());
  }
}

/// What to answer to a message that is not the awaited response; nothing where none is due.
std::optional<Json> answer_to(const Json& message) {
  if (!message.contains("method") || !message.contains("id")) return {};
  Json out{{"jsonrpc", "2.0"}, {"id", message["id"]}};
  if (message["method"] == "ping")
    out["result"] = Json::object();
  else
    out["error"] = {{"code", kNoSuchMethod}, {"message", "this client offers nothing"}};
  return out;
}

bool is_response(const Json& message, const Json& id) {
  return message.is_object() && !message.contains("method") && message.contains("id") && message["id"] == id;
}

class Stdio final : public Transport {
 public:
  Stdio(const std::string& command, const McpOptions& options)
      : child_(split_command(command)), name_(command), options_(options) {}

  Json request(const Json& message) override {
    const base::Stopwatch watch;
    write(message);
    for (size_t beside = 0; beside <= kMostBeside; ++beside) {
      const double left = options_.timeout_seconds - watch.seconds();
      if (left <= 0) break;
      const std::string line = named([&] { return child_.read_line(left, options_.most_bytes); });
      if (line.find_first_not_of(" \t") == line.npos) continue;
      const Json got = message_in(line, "its line", name_);
      if (is_response(got, message["id"])) return got;
      if (const auto answer = got.is_object() ? answer_to(got) : std::nullopt) write(*answer);
    }
    throw Error(Code::Unavailable, "MCP server " + name_ + ": does not answer " + message["method"].get<std::string>());
  }

  void notify(const Json& message) override { write(message); }

 private:
  void write(const Json& message) {
    named([&] { child_.write_line(base::dump_json(message), options_.timeout_seconds); });
  }
  /// What goes wrong with the child says whose it is.
  template <class Work>
  std::invoke_result_t<Work> named(Work work) {
    try {
      return work();
    } catch (const Error& e) {
      if (e.code() == Code::Cancelled) throw;
      throw Error(e.code(),
                  "MCP server " + name_ + ": " + e.what() + "; a program that speaks MCP over stdio was expected");
    }
  }

  base::Child child_;
  std::string name_;
  McpOptions options_;
};

class Http final : public Transport {
 public:
  Http(std::string url, const McpOptions& options) : url_(std::move(url)), options_(options) {}

  Json request(const Json& message) override {
    std::optional<Json> out;
    size_t beside = 0;
    const HttpReply reply = post(message, [&](std::string_view text) {
      const Json got = message_in(text, "its answer", url_);
      if (is_response(got, message["id"])) out = got;
      return !out && ++beside <= kMostBeside;
    });
    if (const auto session = reply.header("mcp-session-id"); !session.empty()) session_ = session;
    if (out) return *out;
    if (reply.status == 404 || reply.status == 405)  // no such method, in the newer way of saying it
      throw Error(Code::Unsupported, "MCP server " + url_ + ": status " + std::to_string(reply.status));
    fail(reply, message["method"].get<std::string>() + " was not answered");
  }

  void notify(const Json& message) override {
    post(message, [](std::string_view) { return false; });
  }
  void set_version(const std::string& version) override { version_ = version; }

 private:
  [[noreturn]] void fail(const HttpReply& reply, const std::string& why) const {
    throw Error(Code::Unavailable, "MCP server " + url_ + ": " + why + " (status " + std::to_string(reply.status) +
                                       (reply.problem.empty() ? "" : ", " + reply.problem) + ")");
  }

  /// on_data: each message that comes, until it says false; a stream may stay open behind the answer.
  HttpReply post(const Json& message, const std::function<bool(std::string_view)>& on_data) const {
    const std::string body = base::dump_json(message);
    HttpRequest request{.url = url_,
                        .token = options_.token,
                        .post = body,
                        .headers = headers(message),
                        .follow = false,
                        .timeout_seconds = options_.timeout_seconds};
    std::string whole;
    size_t bytes_seen = 0;
    SseParser events(on_data);
    const HttpReply reply = http(request, [&](const HttpReply& so_far, std::string_view bytes) {
      bytes_seen += bytes.size();
      if (bytes_seen > options_.most_bytes)
        throw Error(Code::Exhausted, "MCP server " + url_ + ": an answer of more than " +
                                         std::to_string(options_.most_bytes) + " bytes");
      if (so_far.header("content-type").starts_with("text/event-stream"))
        return events.push(bytes) ? Piece::Taken : Piece::Stop;
      whole += bytes;
      return Piece::Taken;
    });
    if (reply.status == 0) fail(reply, "does not answer");
    if (!whole.empty() && (reply.status < 400 || whole[0] == '{')) on_data(whole);
    return reply;
  }

  std::vector<std::string> headers(const Json& message) const {
    std::vector<std::string> out{"Accept: application/json, text/event-stream"};
    if (!version_.empty()) out.push_back("MCP-Protocol-Version: " + version_);
    if (!session_.empty()) out.push_back("Mcp-Session-Id: " + session_);
    if (version_ != kModernVersion) return out;
    out.push_back("Mcp-Method: " + message["method"].get<std::string>());
    const auto parameters = message.find("params");
    if (parameters != message.end() && parameters->contains("name"))
      out.push_back("Mcp-Name: " + (*parameters)["name"].get<std::string>());
    return out;
  }

  std::string url_, session_, version_;
  McpOptions options_;
};

}  // namespace

std::unique_ptr<Transport> stdio_transport(const std::string& command, const McpOptions& options) {
  return std::make_unique<Stdio>(command, options);
}
std::unique_ptr<Transport> http_transport(const std::string& url, const McpOptions& options) {
  return std::make_unique<Http>(url, options);
}

}  // namespace hanok::chain::mcp
