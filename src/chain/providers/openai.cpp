// A chat model behind an OpenAI-compatible server, over libcurl. One request at a time; not for several threads at
// once.
#include "chain/providers/openai.h"

#include <curl/curl.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>

#include "base/clock.h"
#include "base/json.h"
#include "base/threads.h"
#include "chain/providers/sse.h"

namespace hanok::chain {
namespace {

constexpr size_t kLongestBody = 64u << 20;   // bytes received at most for one answer
constexpr size_t kLongestAnswer = 8u << 20;  // of text
constexpr double kFirstBackoff = 0.5, kLongestBackoff = 8, kLongestRetryAfter = 60;  // seconds
constexpr double kLongestList = 10;  // seconds for GET /models, which no server has to think about

struct CurlEnd {
  void operator()(CURL* c) const { curl_easy_cleanup(c); }
  void operator()(curl_slist* l) const { curl_slist_free_all(l); }
};

void wait_seconds(double seconds) {
  const base::Stopwatch watch;
  while (watch.seconds() < seconds) {
    base::check_interrupt();
    ::poll(nullptr, 0, static_cast<int>(std::clamp((seconds - watch.seconds()) * 1000, 1.0, 50.0)));
  }
}

bool status_says_retry(long status) { return status == 408 || status == 409 || status == 429 || status >= 500; }

/// One request and what has come of it so far.
struct Exchange {
  std::function<bool(std::string_view)> on_text;  // false: stop
  CURL* curl = nullptr;
  std::string text;  // the answer
  std::string body;  // of an error, or of an answer that is not a stream
  size_t received = 0;
  bool stream = false, stopped = false, done = false, may_retry = true;
  double retry_after = -1;
  std::exception_ptr failure;
  SseParser sse{[this](std::string_view data) { return event(data); }};

  bool event(std::string_view data) {
    const ChatChunk chunk = read_chat_chunk(data);
    done = done || chunk.last;
    return add(chunk.text);
  }

  bool add(std::string_view piece) {
    if (piece.empty()) return true;
    if (text.size() + piece.size() > kLongestAnswer)
      throw Error(Code::Exhausted,
                  "chat server: the answer is over " + std::to_string(kLongestAnswer) + " bytes; stopped");
    text += piece;
    if (on_text && !on_text(piece)) stopped = true;
    return !stopped;
  }

  bool take(std::string_view bytes) {
    received += bytes.size();
    if (received > kLongestBody)
      throw Error(Code::Exhausted, "chat server: more than " + std::to_string(kLongestBody) + " bytes came; stopped");
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (stream && status == 200) return sse.push(bytes);
    body += bytes;
    return true;
  }

  void header(std::string_view line) {
    std::string low(line);
    for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (low.rfind("http/", 0) == 0) stream = false;
    if (low.rfind("content-type:", 0) == 0) stream = low.find("text/event-stream") != std::string::npos;
    if (low.rfind("x-should-retry:", 0) == 0 && low.find("false") != std::string::npos) may_retry = false;
    if (const double s = retry_after_seconds(line); s >= 0) retry_after = s;
  }
};

// libcurl is C: exceptions wait in Exchange::failure until its call has returned.
size_t on_body(char* data, size_t, size_t n, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  try {
    return exchange.take({data, n}) ? n : CURL_WRITEFUNC_ERROR;
  } catch (...) {
    exchange.failure = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}
size_t on_header(char* data, size_t, size_t n, void* user) {
  static_cast<Exchange*>(user)->header({data, n});
  return n;
}
int on_progress(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return base::interrupted() ? 1 : 0; }

class OpenAiChat : public ChatModel {
 public:
  explicit OpenAiChat(const OpenAiOptions& options) : options_(options) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) throw Error(Code::Internal, "libcurl could not be started");
    while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
    if (!options_.base_url.starts_with("http://") && !options_.base_url.starts_with("https://"))
      throw Error(Code::Invalid,
                  "chat server '" + options_.base_url + "': an address like http://127.0.0.1:8080/v1 was expected");
    if (const char* key = std::getenv("OPENAI_API_KEY"); options_.api_key.empty() && key) options_.api_key = key;
    if (options_.api_key.find_first_of("\r\n") != std::string::npos)
      throw Error(Code::Invalid, "chat server: the API key has a line break in it");
  }

  std::string name() const override { return options_.model.empty() ? options_.base_url : options_.model; }
  size_t context_tokens() const override { return options_.context_tokens; }

  /// The protocol has no way to ask for a count. Without a tokenizer: text::count_tokens with a quarter on top, for
  /// tokenizers that need more.
  size_t count_tokens(std::string_view text) const override {
    return options_.count ? options_.count(text) : text::count_tokens(text) * 5 / 4 + 1;
  }

  std::string chat(std::span<const Message> messages, const std::function<bool(std::string_view)>& on_token) override {
    if (options_.model.empty()) options_.model = served().name;
    // Servers with one model rarely care for its name, but want one.
    if (options_.model.empty()) options_.model = "default";
    const std::string body = chat_request(options_, options_.model, messages);
    for (int attempt = 0;; ++attempt) {
      Exchange exchange{.on_text = on_token};
      const std::string problem = perform("/chat/completions", &body, exchange);
      if (problem.empty()) return std::move(exchange.text);
      // What has been shown cannot be taken back: no second try after the first word.
      if (!exchange.may_retry || !exchange.text.empty() || attempt >= options_.retries)
        throw Error(Code::Unavailable,
                    problem + (attempt > 0 ? " (after " + std::to_string(attempt + 1) + " tries)" : ""));
      const double backoff = std::min(kLongestBackoff, kFirstBackoff * (1 << std::min(attempt, 10)));
      wait_seconds(exchange.retry_after >= 0 ? std::min(exchange.retry_after, kLongestRetryAfter) : backoff);
    }
  }

  ServedModel served() const {
    Exchange exchange;
    return perform("/models", nullptr, exchange).empty() ? read_models(exchange.body, options_.model) : ServedModel();
  }

 private:
  // Empty on success, else what went wrong; exchange.may_retry says whether another try makes sense.
  // Throws Cancelled, and what a callback threw.
  std::string perform(const char* route, const std::string* body, Exchange& exchange) const {
    const std::unique_ptr<CURL, CurlEnd> curl(curl_easy_init());
    if (!curl) throw Error(Code::Internal, "libcurl gave no handle");
    std::unique_ptr<curl_slist, CurlEnd> headers(curl_slist_append(nullptr, "Content-Type: application/json"));
    const auto add_header = [&](const std::string& line) {
      headers.reset(curl_slist_append(headers.release(), line.c_str()));
    };
    if (!options_.api_key.empty()) add_header("Authorization: Bearer " + options_.api_key);
    add_header("Expect:");  // no round trip before a long prompt
    const std::string url = options_.base_url + route;
    char words[CURL_ERROR_SIZE] = {};
    exchange.curl = curl.get();
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_seconds * 1000));
    curl_easy_setopt(
        curl.get(), CURLOPT_TIMEOUT_MS,
        static_cast<long>((body ? options_.timeout_seconds : std::min(options_.timeout_seconds, kLongestList)) * 1000));
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, on_progress);
    if (body) {
      curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body->data());
      curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    }
    const CURLcode code = curl_easy_perform(curl.get());
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    base::check_interrupt();
    if (exchange.failure) std::rethrow_exception(exchange.failure);
    if (exchange.stopped || exchange.done) return {};
    if (code != CURLE_OK) {
      // A slow server was given all the time there is; asking again would double it.
      if (code == CURLE_OPERATION_TIMEDOUT && status == 0 && exchange.received == 0 && connected(curl.get()))
        exchange.may_retry = false;
      return "chat server " + url + ": " + (words[0] ? words : curl_easy_strerror(code)) +
             (exchange.text.empty() ? "" : " after " + std::to_string(exchange.text.size()) + " bytes of the answer");
    }
    if (status != 200) {
      exchange.may_retry = exchange.may_retry && status_says_retry(status);
      return "chat server " + url + " says " + std::to_string(status) + ": " + error_words(exchange.body);
    }
    return body ? finish(url, exchange) : std::string();
  }

  static bool connected(CURL* curl) {
    curl_off_t connect_us = 0;
    curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connect_us);
    return connect_us > 0;
  }

  static std::string finish(const std::string& url, Exchange& exchange) {
    if (!exchange.stream) {  // a server that does not stream
      exchange.add(read_chat_chunk(exchange.body).text);
      return {};
    }
    exchange.sse.finish();
    if (exchange.done || exchange.stopped) return {};
    return "chat server " + url + ": the stream ended before the answer did, after " +
           std::to_string(exchange.text.size()) + " bytes of it";
  }

  OpenAiOptions options_;
};

}  // namespace

ServedModel served_model(const OpenAiOptions& options) { return OpenAiChat(options).served(); }

std::unique_ptr<ChatModel> make_openai_chat(const OpenAiOptions& options) {
  return std::make_unique<OpenAiChat>(options);
}

}  // namespace hanok::chain
