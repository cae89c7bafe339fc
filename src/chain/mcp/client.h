// A client of MCP servers (Model Context Protocol): JSON-RPC 2.0 over a child's stdio or HTTP, of both eras: those that
// begin with `initialize`, and those without sessions that answer `server/discover` (2026-07-28).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "hanok/tools.h"

namespace hanok::chain::mcp {

inline constexpr const char* kLegacyVersion = "2025-11-25";
inline constexpr const char* kModernVersion = "2026-07-28";
inline constexpr int kNoSuchMethod = -32601;  // JSON-RPC's code

/// How messages travel. Not for several threads at once.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Sends a request and returns the response with its id. Whatever else the server says meanwhile is answered or
  /// passed over, up to a bound. Throws Unavailable, Exhausted.
  virtual base::Json request(const base::Json& message) = 0;
  virtual void notify(const base::Json& message) = 0;
  /// What later requests say of the version.
  virtual void set_version(const std::string&) {}
};
std::unique_ptr<Transport> stdio_transport(const std::string& command, const McpOptions& options);
std::unique_ptr<Transport> http_transport(const std::string& url, const McpOptions& options);

/// Safe to call from several threads: calls take turns.
class Client {
 public:
  /// Greets the server. Throws Unavailable where it is none.
  Client(std::unique_ptr<Transport> transport, std::string name);
  /// Throws Unavailable for a list that is none, has more than `most` tools, or does not end within about `seconds`.
  std::vector<Tool> tools(size_t most, double seconds);
  /// The texts of a result. Throws Unavailable with the server's words where it says isError, or answers with an error.
  std::string call(const std::string& tool, const std::string& input);

 private:
  base::Json request(const std::string& method, base::Json parameters);
  void greet();
  [[noreturn]] void bad(const std::string& why) const;

  std::mutex mutex_;
  std::unique_ptr<Transport> transport_;
  std::string name_;
  int64_t next_id_ = 1;
  bool modern_ = false;
};

/// Words of a command line: blanks part them, quotes and backslashes keep them together. Throws Invalid.
std::vector<std::string> split_command(const std::string& line);

}  // namespace hanok::chain::mcp
