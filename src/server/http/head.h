// What stands before a body: reading a request's target and Host, writing an answer's first lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace hanok::server {

struct Target {
  std::string path;
  Fields query;
};
/// "/v1/models?limit=3", or with scheme and host before it; nothing where it is malformed.
std::optional<Target> parse_target(std::string_view target);

/// Whether a Host header names this machine itself or an address, so that no name of somebody else's domain can have
/// been turned towards it: "localhost:8000", "127.0.0.1", "[::1]:80", "10.0.0.7".
bool is_local_host(std::string_view host);
/// Whether a Host header is made of what names, addresses and ports are made of.
bool is_sound_host(std::string_view host);

/// "req_..." that no other request of any process has.
std::string new_request_id();
/// Whether a client's own x-request-id may be used and logged.
bool is_sound_request_id(std::string_view id);

/// Whether a list of a header ("gzip, deflate;q=0.5", "keep-alive, Upgrade") has a word, and not with q=0.
bool lists(std::string_view value, std::string_view word);

struct ReplyHead {
  std::string request_id;
  bool close = false;    // the connection, after this answer
  bool chunked = false;  // else the body has `length` bytes
  std::optional<size_t> length = {};
  std::string cors_origin = {};  // empty: none
};
/// Status line and headers, with the blank line behind them. Line breaks in values become blanks.
std::string reply_head(const Reply& reply, const ReplyHead& head);

}  // namespace hanok::server
