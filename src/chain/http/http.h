// The one HTTP client, over libcurl: what the model hub and the model servers are asked with. Proxies are those of the
// environment (http_proxy, https_proxy, no_proxy), TLS is checked against the system's certificates. A request ends
// with the caller's context (hanok/context.h): cancelled, or at its deadline.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::chain {

struct HttpRequest {
  std::string url;                        // http:// or https://
  std::string token;                      // Authorization: Bearer; to the first host only, never to one it redirects to
  std::optional<std::string_view> post;   // a JSON body; none: GET
  uint64_t from = 0;                      // bytes that are there already: asks for the rest (Range)
  std::vector<std::string> headers = {};  // more of them: "Accept: text/event-stream"
  bool public_only = false;               // connects to addresses of the open internet alone, and not through a proxy
  bool head = false;
  bool follow = true;  // redirects, ten at most
  double connect_timeout_seconds = 5;
  double timeout_seconds = 0;  // for the whole exchange; 0: as long as the context has
  double stall_seconds = 30;   // less than 64 bytes a second for so long ends it; 0: a server may think for long
};

struct HttpReply {
  long status = 0;                             // 0: none came
  std::map<std::string, std::string> headers;  // lower-case names, of every reply on the way; the last wins
  std::string body;                            // what the sink left here
  std::string problem;                         // why the transfer ended early; empty: it did not
  bool connected = false;
  bool timed_out = false;
  bool stopped = false;  // by the sink

  /// "" where it is not there. `name` in lower case.
  std::string_view header(std::string_view name) const;
};

/// What becomes of a piece of the body: it is the sink's own, it is added to HttpReply::body (64 MiB at most), or
/// enough has come.
enum class Piece { Taken, Keep, Stop };
/// Called with status and headers known. What it throws ends the transfer and is thrown by http().
using HttpSink = std::function<Piece(const HttpReply& so_far, std::string_view bytes)>;

/// Never throws for what the server does; throws where the context has ended. Calls from several threads may run
/// together.
HttpReply http(const HttpRequest& request, const HttpSink& sink = {});

}  // namespace hanok::chain
