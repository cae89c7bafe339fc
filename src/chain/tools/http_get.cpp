// Pages of the hosts that are allowed.
#include <algorithm>

#include "base/ascii.h"
#include "chain/http/http.h"
#include "chain/tools/input.h"
#include "hanok/error.h"
#include "hanok/text.h"
#include "hanok/tools.h"

namespace hanok::chain {
namespace {

/// The host of an http(s) URL as libcurl will read it; anything that two readers could read differently is refused.
std::string host_of(const std::string& url) {
  const std::string low = base::lower(url);
  const size_t from = low.starts_with("https://") ? 8 : low.starts_with("http://") ? 7 : 0;
  if (from == 0) throw Error(Code::Invalid, "a URL with http:// or https:// was expected");
  const std::string host = low.substr(from, low.find_first_of("/?#", from) - from);
  const bool plain = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':';
  });
  const bool odd =
      std::any_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) <= 32 || c == '\\'; });
  if (!plain || odd) throw Error(Code::Invalid, "a URL with a plain host name was expected (no user, no brackets)");
  std::string name = host.substr(0, host.find(':'));
  while (name.ends_with('.')) name.pop_back();
  return name;
}

bool allowed(const std::vector<std::string>& hosts, const std::string& host) {
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& known) {
    const std::string name = base::lower(known);
    return host == name || host.ends_with("." + name);
  });
}

std::string get(const HttpGetOptions& options, const std::string& url) {
  const std::string host = host_of(url);
  if (!allowed(options.hosts, host))
    throw Error(Code::Invalid, "the host " + host + " is not among those that may be asked");
  std::string body;
  const HttpReply reply =
      http({.url = url, .public_only = true, .follow = false, .timeout_seconds = options.timeout_seconds},
           [&](const HttpReply&, std::string_view bytes) {
             const size_t room = options.most_bytes - std::min(options.most_bytes, body.size());
             body += bytes.substr(0, room);
             return bytes.size() > room ? Piece::Stop : Piece::Taken;
           });
  if (reply.status == 0)
    throw Error(Code::Unavailable, url + ": " + (reply.problem.empty() ? "no answer" : reply.problem));
  if (reply.status >= 300 && reply.status < 400)
    return "status " + std::to_string(reply.status) + ", moved to " + std::string(reply.header("location"));
  const std::string type(reply.header("content-type"));
  if (type.starts_with("text/html")) body = text::load_bytes("page.html", body).text;
  return "status " + std::to_string(reply.status) + "\n" + text::nfc(cut_bytes(body, options.most_bytes)) +
         (reply.stopped ? "\n[cut here]" : "");
}

}  // namespace

std::shared_ptr<const AgentTool> make_http_get_tool(const HttpGetOptions& options) {
  std::string hosts;
  for (const auto& h : options.hosts) hosts += (hosts.empty() ? "" : ", ") + h;
  if (hosts.empty()) throw Error(Code::Invalid, "the tool http_get needs the hosts that it may ask");
  return make_tool(
      {"http_get", "Fetches a page of one of these hosts: " + hosts, one_text("url", "http:// or https://")},
      [options](const std::string& input) { return get(options, text_in(tool_input(input), "url")); });
}

}  // namespace hanok::chain
