// An MCP server's side of the talk, without a connection: JSON-RPC 2.0 in, JSON-RPC 2.0 out. Of both eras: sessions
// that begin with `initialize` (2024-11-05 to 2025-11-25), and requests that each say their version (2026-07-28).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "hanok/tools.h"

namespace hanok::server::mcp {

/// Safe to call from several threads, as its tools are.
class Protocol {
 public:
  Protocol(chain::Toolbox tools, std::string version) : tools_(std::move(tools)), version_(std::move(version)) {}

  /// The answer to one message as text; nothing to a notification. Never throws for what a client sends: what is no
  /// JSON, no request, or not known is an error object. What a tool cannot do is a result with isError.
  std::optional<std::string> answer_line(std::string_view message) const;
  std::optional<base::OrderedJson> answer(const base::Json& message) const;

  /// Versions that headers may name.
  static bool known_version(std::string_view version);
  static bool modern(std::string_view version);

  static constexpr int kParse = -32700, kRequest = -32600, kMethod = -32601, kParameters = -32602, kInternal = -32603,
                       kHeaders = -32020, kVersion = -32022;
  static base::OrderedJson error(const base::Json& id, int code, const std::string& message,
                                 const base::OrderedJson& data = nullptr);

 private:
  base::OrderedJson result(const std::string& method, const base::Json& parameters, bool modern) const;
  base::OrderedJson initialize(const base::Json& parameters) const;
  base::OrderedJson discover() const;
  base::OrderedJson list(bool modern) const;
  base::OrderedJson call(const base::Json& parameters) const;

  chain::Toolbox tools_;
  std::string version_;
};

}  // namespace hanok::server::mcp
