// A chat model behind an OpenAI-compatible server. One request at a time; not for several threads at once.
#include "chain/providers/openai.h"

#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/clock.h"
#include "base/json.h"
#include "base/threads.h"
#include "chain/http/http.h"
#include "chain/providers/sse.h"

namespace hanok::chain {
namespace {

constexpr size_t kLongestStream = 64u << 20;  // bytes received at most for one answer
constexpr size_t kLongestAnswer = 8u << 20;   // of text
constexpr double kFirstBackoff = 0.5, kLongestBackoff = 8, kLongestRetryAfter = 60;  // seconds
constexpr double kLongestList = 10;  // seconds for GET /models, which no server has to think about

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
  std::string text;                               // the answer
  std::string body;                               // of an answer that is not a stream
  size_t received = 0;
  bool stopped = false, done = false, may_retry = true;
  double retry_after = -1;
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

  Piece take(const HttpReply& reply, std::string_view bytes) {
    received += bytes.size();
    if (received > kLongestStream)
      throw Error(Code::Exhausted, "chat server: more than " + std::to_string(kLongestStream) + " bytes came; stopped");
    if (!is_stream(reply) || reply.status != 200) return Piece::Keep;
    return sse.push(bytes) ? Piece::Taken : Piece::Stop;
  }

  static bool is_stream(const HttpReply& reply) {
    return reply.header("content-type").find("text/event-stream") != std::string_view::npos;
  }
};

class OpenAiChat : public ChatModel {
 public:
  explicit OpenAiChat(const OpenAiOptions& options) : options_(options) {
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
    HttpRequest request{.url = options_.base_url + route,
                        .token = options_.api_key,
                        .follow = false,
                        .connect_timeout_seconds = options_.connect_timeout_seconds,
                        .timeout_seconds = options_.timeout_seconds,
                        .stall_seconds = 0};  // a server may think for long before its first word
    if (body)
      request.post = *body;
    else
      request.timeout_seconds = std::min(options_.timeout_seconds, kLongestList);
    HttpReply reply =
        http(request, [&](const HttpReply& so_far, std::string_view bytes) { return exchange.take(so_far, bytes); });
    exchange.body = std::move(reply.body);
    if (reply.header("x-should-retry") == "false") exchange.may_retry = false;
    for (const char* name : {"retry-after", "retry-after-ms"})
      if (const double s = retry_after_seconds(name + (": " + std::string(reply.header(name)))); s >= 0)
        exchange.retry_after = s;
    if (exchange.stopped || exchange.done) return {};
    const std::string& url = request.url;
    if (!reply.problem.empty()) {
      // A slow server was given all the time there is; asking again would double it.
      if (reply.timed_out && reply.status == 0 && exchange.received == 0 && reply.connected) exchange.may_retry = false;
      return "chat server " + url + ": " + reply.problem +
             (exchange.text.empty() ? "" : " after " + std::to_string(exchange.text.size()) + " bytes of the answer");
    }
    if (reply.status != 200) {
      exchange.may_retry = exchange.may_retry && status_says_retry(reply.status);
      return "chat server " + url + " says " + std::to_string(reply.status) + ": " + error_words(exchange.body);
    }
    return body ? finish(url, Exchange::is_stream(reply), exchange) : std::string();
  }

  static std::string finish(const std::string& url, bool stream, Exchange& exchange) {
    if (!stream) {  // a server that does not stream
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
