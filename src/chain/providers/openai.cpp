// A chat model behind an OpenAI-compatible server. Each request has a connection of its own.
#include "chain/providers/openai.h"

#include <poll.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/json.h"
#include "base/threads.h"
#include "chain/http/http.h"
#include "chain/providers/sse.h"
#include "lm/grammar/json_schema.h"

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
  std::function<bool(std::string_view)> on_text = {};  // false: stop
  std::function<bool(const ToolCallPiece&)> on_tool_call = {};
  std::function<void(const TokenLogprob&)> on_logprob = {};
  std::string text;  // the answer
  ChatChunk last;    // finish reason, counts and the model's name, as far as they came
  CallCollector calls;
  std::vector<TokenLogprob> logprobs;
  std::string body;  // of an answer that is not a stream
  size_t received = 0;
  bool stopped = false, done = false, may_retry = true;
  bool begun = false;  // something of a call has come
  double retry_after = -1;
  SseParser sse{[this](std::string_view data) { return event(data); }};

  bool event(std::string_view data) {
    const ChatChunk chunk = read_chat_chunk(data);
    done = done || chunk.last;
    remember(chunk);
    return add(chunk.text) && !stopped;
  }

  void remember(const ChatChunk& chunk) {
    for (const auto& logprob : chunk.logprobs) {
      logprobs.push_back(logprob);
      if (on_logprob) on_logprob(logprob);
    }
    for (const auto& part : chunk.calls) {
      const bool first = calls.add(part);
      begun = true;
      if (on_tool_call && !stopped &&
          !on_tool_call({part.index, first ? part.id : "", first ? part.name : "", part.arguments}))
        stopped = true;
    }
    if (!chunk.finish.empty()) last.finish = chunk.finish;
    if (!chunk.model.empty()) last.model = chunk.model;
    last.prompt_tokens = std::max(last.prompt_tokens, chunk.prompt_tokens);
    last.completion_tokens = std::max(last.completion_tokens, chunk.completion_tokens);
    last.cached_tokens = std::max(last.cached_tokens, chunk.cached_tokens);
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

  std::string name() const override {
    std::lock_guard lock(mutex_);
    return options_.model.empty() ? options_.base_url : options_.model;
  }
  size_t context_tokens() const override { return options_.context_tokens; }

  /// The protocol has no way to ask for a count. Without a tokenizer: text::count_tokens with a quarter on top, for
  /// tokenizers that need more.
  size_t count_tokens(std::string_view text) const override {
    return options_.count ? options_.count(text) : text::count_tokens(text) * 5 / 4 + 1;
  }
  using ChatModel::count_tokens;

  ChatReply chat(std::span<const Message> messages, const ChatOptions& options) const override {
    check(options);
    ChatRequest request{.model = model()};
    const base::Stopwatch watch;
    Exchange exchange = post(request, messages, options);
    ChatReply reply{.message = {"assistant", std::move(exchange.text)},
                    .finish = exchange.stopped ? ChatFinish::Cancelled : finish_of(exchange.last.finish),
                    .prompt_tokens = exchange.last.prompt_tokens,
                    .completion_tokens = exchange.last.completion_tokens,
                    .cached_tokens = exchange.last.cached_tokens,
                    .seconds = watch.seconds(),
                    .logprobs = std::move(exchange.logprobs)};
    reply.message.tool_calls = exchange.calls.take();
    if (!reply.message.tool_calls.empty() && !exchange.stopped) reply.finish = ChatFinish::ToolCalls;
    check(options, reply);
    return reply;
  }

  /// By the likeliest first tokens: one that begins exactly one of the answers counts for it. What is not among them
  /// gets the least of them, which is more than it has.
  std::vector<double> score(std::span<const Message> messages, std::span<const std::string> answers) const override {
    constexpr size_t kMost = 20;  // as many as the protocol allows
    const Exchange exchange =
        post({.model = model(), .stream = false, .first_words = kMost}, messages, {.temperature = 0.0f});
    const auto words = read_first_words(exchange.body);
    if (words.empty())
      throw Error(Code::Unsupported, "chat server " + options_.base_url +
                                         ": gives no probabilities (logprobs); use a model in this process, or a "
                                         "server that does");
    double least = 0;
    for (const auto& [word, logarithm] : words) least = std::min(least, logarithm);
    std::vector<double> found(answers.size(), 0);
    for (const auto& [word, logarithm] : words) {
      const std::string low = text::nfkc_casefold(trimmed(word));
      size_t of = answers.size(), begun = 0;
      for (size_t i = 0; i < answers.size() && !low.empty(); ++i)
        if (text::nfkc_casefold(answers[i]).starts_with(low)) of = i, ++begun;
      if (begun == 1) found[of] += std::exp(logarithm);
    }
    for (double& p : found) p = p > 0 ? std::log(p) : least;
    return found;
  }

  ServedModel served() const {
    Exchange exchange;
    return perform("/models", nullptr, exchange).empty() ? read_models(exchange.body, options_.model) : ServedModel();
  }

 private:
  /// What cannot be asked of a server is not asked.
  void check(const ChatOptions& options) const {
    check_tool_choice(options);
    const auto refuse = [&](const char* what) {
      throw Error(Code::Unsupported, "chat server " + options_.base_url + ": " + what);
    };
    if (!options.constraint.regex.empty() || !options.constraint.grammar.empty())
      refuse("keeps to JSON schemas alone; a regular expression or a grammar needs a model in this process");
    if (!options.adapter.empty()) refuse("has adapters under names of models; name the adapter as the model");
  }

  /// Servers may ignore what they do not know. A whole answer that is not as it was asked for is none.
  void check(const ChatOptions& options, const ChatReply& reply) const {
    const std::string server = "chat server " + options_.base_url;
    if (must_call(options) && reply.message.tool_calls.empty() &&
        (reply.finish == ChatFinish::Stop || reply.finish == ChatFinish::ToolCalls))
      throw Error(Code::Unavailable, server + ": had to call a tool (tool_choice) and called none");
    if (options.constraint.json_schema.empty() || reply.finish != ChatFinish::Stop) return;
    const auto value = base::OrderedJson::parse(reply.text(), nullptr, false);
    bool holds = !value.is_discarded();
    try {
      holds = holds && lm::grammar::schema_holds(base::OrderedJson::parse(options.constraint.json_schema), value);
    } catch (const Error& e) {
      if (e.code() != Code::Unsupported) throw;  // a schema that only the server understands
    }
    if (!holds)
      throw Error(Code::Unavailable, server + ": does not keep to JSON schemas (response_format): the answer is no " +
                                         (value.is_discarded() ? "JSON" : "such value"));
  }

  static std::string_view trimmed(std::string_view text) {
    const size_t from = text.find_first_not_of(" \t\n");
    return from == text.npos ? std::string_view() : text.substr(from, text.find_last_not_of(" \t\n") + 1 - from);
  }

  static ChatFinish finish_of(std::string_view reason) {
    if (reason == "length") return ChatFinish::Length;
    if (reason == "content_filter") return ChatFinish::Filtered;
    if (reason == "tool_calls" || reason == "function_call") return ChatFinish::ToolCalls;
    return ChatFinish::Stop;
  }

  /// The model that is asked for; asked from the server once where none was named.
  std::string model() const {
    std::lock_guard lock(mutex_);
    if (options_.model.empty()) options_.model = served().name;
    // Servers with one model rarely care for its name, but want one.
    if (options_.model.empty()) options_.model = "default";
    return options_.model;
  }

  Exchange post(ChatRequest request, std::span<const Message> messages, const ChatOptions& options) const {
    for (int attempt = 0;; ++attempt) {
      const std::string body = chat_request(request, messages, options);
      Exchange exchange{
          .on_text = options.on_text, .on_tool_call = options.on_tool_call, .on_logprob = options.on_logprob};
      const std::string problem = perform("/chat/completions", &body, exchange);
      if (problem.empty()) return exchange;
      // Older servers do not know that a stream can be asked for its counts.
      if (request.stream && request.usage && exchange.text.empty() && problem.find("stream_options") != problem.npos) {
        request.usage = false;
        continue;
      }
      // What has been shown cannot be taken back: no second try after the first word.
      if (!exchange.may_retry || !exchange.text.empty() || exchange.begun || attempt >= options_.retries)
        throw Error(Code::Unavailable,
                    problem + (attempt > 0 ? " (after " + std::to_string(attempt + 1) + " tries)" : ""));
      const double backoff = std::min(kLongestBackoff, kFirstBackoff * (1 << std::min(attempt, 10)));
      wait_seconds(exchange.retry_after >= 0 ? std::min(exchange.retry_after, kLongestRetryAfter) : backoff);
    }
  }

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
      const ChatChunk whole = read_chat_chunk(exchange.body);
      exchange.remember(whole);
      exchange.add(whole.text);
      return {};
    }
    exchange.sse.finish();
    if (exchange.done || exchange.stopped) return {};
    return "chat server " + url + ": the stream ended before the answer did, after " +
           std::to_string(exchange.text.size()) + " bytes of it";
  }

  mutable std::mutex mutex_;       // of options_.model
  mutable OpenAiOptions options_;  // what is not said is asked from the server, once
};

}  // namespace

ServedModel served_model(const OpenAiOptions& options) { return OpenAiChat(options).served(); }

std::unique_ptr<ChatModel> make_openai_chat(const OpenAiOptions& options) {
  return std::make_unique<OpenAiChat>(options);
}

}  // namespace hanok::chain
