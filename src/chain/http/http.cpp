#include "chain/http/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>

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
  std::string name(line.substr(0, colon));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
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
  if (!request.token.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    set(CURLOPT_XOAUTH2_BEARER, request.token.c_str());
  }
  if (request.post) {
    headers.reset(curl_slist_append(nullptr, "Content-Type: application/json"));
    headers.reset(curl_slist_append(headers.release(), "Expect:"));  // no round trip before a long body
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_POSTFIELDS, request.post->data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.post->size()));
  }
  const CURLcode code = curl_easy_perform(curl.get());
  context.check();
  if (t.thrown) std::rethrow_exception(t.thrown);
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &t.reply.status);
  curl_off_t connect_us = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_CONNECT_TIME_T, &connect_us);
  t.reply.connected = connect_us > 0;
  t.reply.timed_out = code == CURLE_OPERATION_TIMEDOUT;
  if (code != CURLE_OK && !t.reply.stopped) t.reply.problem = words[0] ? words : curl_easy_strerror(code);
  return std::move(t.reply);
}

}  // namespace hanok::chain
