#include "chain/http/http.h"

#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>

#include "base/ascii.h"
#include "hanok/context.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

constexpr size_t kMaxBody = 64 << 20;  // of a list, an answer or an error
constexpr long kStallBytes = 64;       // a second
constexpr double kLongest = 1e6;       // seconds: what fits libcurl's milliseconds everywhere

struct CurlEnd {
  void operator()(CURL* c) const { curl_easy_cleanup(c); }
  void operator()(curl_slist* l) const { curl_slist_free_all(l); }
};

// libcurl is C: exceptions wait in `thrown` until its call has returned.
struct Transfer {
  CURL* curl = nullptr;
  const std::string* url = nullptr;
  const HttpSink* sink = nullptr;
  HttpReply reply = {};
  std::exception_ptr thrown = nullptr;

  Piece take(std::string_view bytes) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    const Piece piece = *sink ? (*sink)(reply, bytes) : Piece::Keep;
    if (piece != Piece::Keep) return piece;
    if (reply.body.size() + bytes.size() > kMaxBody)
      throw Error(Code::Exhausted, *url + ": more than " + std::to_string(kMaxBody) + " bytes came; stopped");
    reply.body.append(bytes);
    return piece;
  }
};

size_t on_header(char* data, size_t, size_t n, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  const std::string_view line(data, n);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return n;
  const std::string name = base::lower(line.substr(0, colon));
  auto value = line.substr(colon + 1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front()))) value.remove_prefix(1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back()))) value.remove_suffix(1);
  t.reply.headers[name] = value;
  return n;
}

size_t on_body(char* data, size_t, size_t n, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  try {
    t.reply.stopped = t.take({data, n}) == Piece::Stop;
  } catch (...) {
    t.thrown = std::current_exception();
  }
  return t.thrown || t.reply.stopped ? CURL_WRITEFUNC_ERROR : n;
}

int on_progress(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return Context::current().ended() ? 1 : 0; }

/// Whether an address is one of the open internet: neither this machine, nor a private, shared, link-local, multicast
/// or reserved one; IPv4 inside of IPv6 counts as what it is.
bool is_public(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const uint32_t ip = ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
    const auto in = [&](uint32_t net, int bits) { return (ip >> (32 - bits)) == (net >> (32 - bits)); };
    return !(in(0x00000000, 8) || in(0x0A000000, 8) || in(0x64400000, 10) || in(0x7F000000, 8) || in(0xA9FE0000, 16) ||
             in(0xAC100000, 12) || in(0xC0000000, 24) || in(0xC0000200, 24) || in(0xC0A80000, 16) ||
             in(0xC6120000, 15) || in(0xC6336400, 24) || in(0xCB007100, 24) || in(0xE0000000, 3));
  }
  if (address->sa_family != AF_INET6) return false;
  const auto* b = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr.s6_addr;
  // Global unicast alone (2000::/3), without 6to4, Teredo and documentation, which reach or mean other places.
  const bool global = (b[0] & 0xE0) == 0x20;
  const bool tunnel = (b[0] == 0x20 && b[1] == 0x02) || (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0);
  return global && !tunnel && !(b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0D && b[3] == 0xB8);
}

/// Opens a socket to the very address that was looked at.
curl_socket_t open_public(void* refused, curlsocktype, curl_sockaddr* address) {
  if (!is_public(&address->addr)) {
    *static_cast<bool*>(refused) = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

long milliseconds(double seconds) { return std::max(1L, static_cast<long>(std::min(seconds, kLongest) * 1000)); }

}  // namespace

std::string_view HttpReply::header(std::string_view name) const {
  const auto found = headers.find(std::string(name));
  return found == headers.end() ? std::string_view() : found->second;
}

HttpReply http(const HttpRequest& request, const HttpSink& sink) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const std::unique_ptr<CURL, CurlEnd> curl(ready ? curl_easy_init() : nullptr);
  if (!curl) throw Error(Code::Internal, "libcurl cannot be started");
  const Context& context = Context::current();
  context.check();
  Transfer t{.curl = curl.get(), .url = &request.url, .sink = &sink};
  char words[CURL_ERROR_SIZE] = {};
  std::unique_ptr<curl_slist, CurlEnd> headers;
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, request.follow ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_NOBODY, request.head ? 1L : 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "hanok");
  set(CURLOPT_ERRORBUFFER, words);
  set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout_seconds));
  if (const double limit =
          std::min(request.timeout_seconds > 0 ? request.timeout_seconds : kLongest, context.seconds_left());
      limit < kLongest)
    set(CURLOPT_TIMEOUT_MS, milliseconds(limit));
  if (request.stall_seconds > 0) {
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_seconds));
    set(CURLOPT_LOW_SPEED_LIMIT, kStallBytes);
  }
  set(CURLOPT_HEADERFUNCTION, on_header);
  set(CURLOPT_HEADERDATA, &t);
  set(CURLOPT_WRITEFUNCTION, on_body);
  set(CURLOPT_WRITEDATA, &t);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, on_progress);
  if (request.from > 0) set(CURLOPT_RANGE, (std::to_string(request.from) + "-").c_str());
  bool refused = false;
  if (request.public_only) {
    set(CURLOPT_OPENSOCKETFUNCTION, open_public);
    set(CURLOPT_OPENSOCKETDATA, &refused);
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_FRESH_CONNECT, 1L);
  }
  if (!request.token.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    set(CURLOPT_XOAUTH2_BEARER, request.token.c_str());
  }
  const auto add = [&](const char* line) { headers.reset(curl_slist_append(headers.release(), line)); };
  for (const auto& line : request.headers) add(line.c_str());
  if (request.post) {
    add("Content-Type: application/json");
    add("Expect:");  // no round trip before a long body
    set(CURLOPT_POSTFIELDS, request.post->data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.post->size()));
  }
  if (headers) set(CURLOPT_HTTPHEADER, headers.get());
  const CURLcode code = curl_easy_perform(curl.get());
  context.check();
  if (t.thrown) std::rethrow_exception(t.thrown);
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &t.reply.status);
  curl_off_t connect_us = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_CONNECT_TIME_T, &connect_us);
  t.reply.connected = connect_us > 0;
  t.reply.timed_out = code == CURLE_OPERATION_TIMEDOUT;
  if (refused)
    t.reply.problem = "its address is private, local or reserved";
  else if (code != CURLE_OK && !t.reply.stopped)
    t.reply.problem = words[0] ? words : curl_easy_strerror(code);
  return std::move(t.reply);
}

}  // namespace hanok::chain
