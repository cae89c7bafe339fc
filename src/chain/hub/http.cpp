#include "chain/hub/http.h"

#include <curl/curl.h>

#include <exception>
#include <memory>

#include "base/threads.h"

namespace hanok::chain::hub {
namespace {

constexpr size_t kMaxBody = 64 << 20;  // of a file list or an error
constexpr long kStallSeconds = 30;     // less than kStallBytes a second for so long: give up, and go on later
constexpr long kStallBytes = 64;

struct Transfer {
  CURL* curl = nullptr;
  HttpReply reply;
  const std::function<void(long, std::string_view)>* sink = nullptr;
  std::exception_ptr thrown;
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
  long status = 0;
  curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &status);
  try {
    if (*t.sink && (status == 200 || status == 206)) {
      (*t.sink)(status, {data, n});
      return n;
    }
  } catch (...) {
    t.thrown = std::current_exception();
    return 0;
  }
  if (t.reply.body.size() + n > kMaxBody) return 0;
  t.reply.body.append(data, n);
  return n;
}

int on_progress(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return base::interrupted() ? 1 : 0; }

}  // namespace

HttpReply http_get(const HttpRequest& request, const std::function<void(long, std::string_view)>& sink) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(ready ? curl_easy_init() : nullptr, curl_easy_cleanup);
  if (!curl) throw Error(Code::Internal, "libcurl cannot be started");
  Transfer t{.curl = curl.get(), .sink = &sink};
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, request.follow ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_NOBODY, request.head ? 1L : 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "hanok");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_seconds * 1000));
  set(CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  set(CURLOPT_LOW_SPEED_LIMIT, kStallBytes);
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
  const CURLcode code = curl_easy_perform(curl.get());
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &t.reply.status);
  if (t.thrown) std::rethrow_exception(t.thrown);
  base::check_interrupt();
  if (code != CURLE_OK) t.reply.problem = curl_easy_strerror(code);
  return std::move(t.reply);
}

}  // namespace hanok::chain::hub
