// GET over HTTP with libcurl: redirects, proxies and TLS as the system has them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "chain/hub/hub.h"

namespace hanok::chain::hub {

struct HttpRequest {
  std::string url;
  std::string token;  // sent to the first host only, never to one it redirects to
  uint64_t from = 0;  // bytes that are there already: asks for the rest (Range)
  bool head = false;
  bool follow = true;
  double connect_timeout_seconds = 5;
};

struct HttpReply {
  long status = 0;
  std::map<std::string, std::string> headers;  // lower-case names, of every reply on the way; the last wins
  std::string body;                            // where no sink took it; at most kMaxBody
  std::string problem;                         // why the transfer ended early; empty: it did not
};

/// `sink` gets the body of a 200 or 206 piece by piece; `status` is known by then. Never throws for what the server
/// does.
HttpReply http_get(const HttpRequest& request, const std::function<void(long status, std::string_view)>& sink = {});

}  // namespace hanok::chain::hub
