#include "chain/providers/openai.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/threads.h"
#include "chain/providers/sse.h"

namespace hanok::chain {
namespace {

using testing::HasSubstr;

/// An HTTP server on 127.0.0.1 in a process of its own, which answers each connection as the test says.
class LocalServer {
 public:
  /// respond(socket, request, n): writes the answer to the n-th request (from 0), whose head and body are `request`.
  using Respond = std::function<void(int socket, const std::string& request, int n)>;

  explicit LocalServer(const Respond& respond) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 16) != 0)
      std::abort();
    socklen_t size = sizeof address;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::signal(SIGPIPE, SIG_IGN);
      for (int n = 0;; ++n) {
        const int socket = ::accept(listener, nullptr, nullptr);
        if (socket < 0) ::_exit(0);
        respond(socket, read_request(socket), n);
        ::shutdown(socket, SHUT_WR);
        ::close(socket);
      }
    }
    ::close(listener);
  }
  ~LocalServer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }

  /// False when the client has gone.
  static bool send(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

 private:
  static std::string read_request(int socket) {
    std::string request;
    char buffer[4096];
    for (;;) {
      const size_t head = request.find("\r\n\r\n");
      if (head != std::string::npos) {
        const size_t at = request.find("Content-Length: ");
        const size_t body = at < head ? std::strtoul(request.c_str() + at + 16, nullptr, 10) : 0;
        if (request.size() >= head + 4 + body) return request;
      }
      const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
      if (n <= 0) return request;
      request.append(buffer, static_cast<size_t>(n));
    }
  }

  uint16_t port_ = 0;
  pid_t child_ = -1;
};

constexpr char kStream[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

std::string event(const std::string& text) {
  return "data: " + base::Json{{"choices", {{{"delta", {{"content", text}}}}}}}.dump() + "\n\n";
}

std::string reply(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

std::string ask(const std::string& url, const std::function<bool(std::string_view)>& on_token = {},
                OpenAiOptions o = {}) {
  o.base_url = url;
  if (o.model.empty()) o.model = "m";
  const Message message{"user", "질문?"};
  return make_openai_chat(o)->chat(std::span(&message, 1), on_token);
}

std::string error_of(const std::function<void()>& f, Code code = Code::Unavailable) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  return "no error";
}

TEST(Sse, AnyCutGivesTheSameEvents) {
  const std::string bytes =
      "\xEF\xBB\xBF: hello\r\ndata: a\r\ndata:b\r\n\r\nevent: x\ndata\n\rdata: 서울\n\nid: 1\n\ndata: last";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    std::vector<std::string> events;
    SseParser parser([&](std::string_view data) {
      events.emplace_back(data);
      return true;
    });
    for (size_t i = 0; i < bytes.size(); i += step) parser.push(std::string_view(bytes).substr(i, step));
    parser.finish();
    EXPECT_THAT(events, testing::ElementsAre("a\nb", "", "서울", "last")) << "in steps of " << step;
  }
}

TEST(Sse, AnEndlessEventStops) {
  SseParser parser([](std::string_view) { return true; });
  const std::string piece(1 << 20, 'x');
  error_of(
      [&] {
        for (int i = 0; i < 10; ++i) parser.push(piece);
      },
      Code::Exhausted);
}

TEST(OpenAi, StreamsSlowlyAndSplitsCharacters) {
  LocalServer server([](int socket, const std::string& request, int) {
    if (request.find("POST /v1/chat/completions") != 0 || request.find("\"stream\":true") == std::string::npos ||
        request.find("질문?") == std::string::npos || request.find("Authorization: Bearer secret") == std::string::npos)
      return;
    LocalServer::send(socket, kStream);
    for (const char c : event("서울은 ") + ": ping\n\n" + event("수도다 [1].") + "data: [DONE]\n\n") {
      LocalServer::send(socket, {&c, 1});
      ::usleep(300);
    }
  });
  std::vector<std::string> pieces;
  const std::string text = ask(server.url() + "/",
                               [&](std::string_view piece) {
                                 pieces.emplace_back(piece);
                                 return true;
                               },
                               {.api_key = "secret"});
  EXPECT_EQ(text, "서울은 수도다 [1].");
  EXPECT_THAT(pieces, testing::ElementsAre("서울은 ", "수도다 [1]."));
}

TEST(OpenAi, TakesAnswersInOnePiece) {
  LocalServer server([](int socket, const std::string&, int) {
    LocalServer::send(socket, reply(200, R"({"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}]})"));
  });
  EXPECT_EQ(ask(server.url()), "whole");
}

TEST(OpenAi, AsksForTheModelWhenNoneIsNamed) {
  LocalServer server([](int socket, const std::string& request, int) {
    if (request.find("GET /v1/models") == 0) {
      LocalServer::send(socket, reply(200, R"({"data":[{"id":"only-one"}]})"));
    } else if (request.find("\"model\":\"only-one\"") != std::string::npos) {
      LocalServer::send(socket, reply(200, R"({"choices":[{"message":{"content":"yes"}}]})"));
    }
  });
  const auto model = make_openai_chat({.base_url = server.url()});
  const Message message{"user", "?"};
  EXPECT_EQ(model->chat(std::span(&message, 1)), "yes");
  EXPECT_EQ(model->name(), "only-one");
}

TEST(OpenAi, ServersSayWhatTheyServe) {
  const std::string list =
      R"({"data":[{"id":"a","max_model_len":4096},{"id":"b","meta":{"n_ctx":2048,"n_ctx_train":32768}},
                                       {"id":"c"},{"id":7},5]})";
  EXPECT_EQ(read_models(list, "").name, "a");
  EXPECT_EQ(read_models(list, "").context_tokens, 4096u);
  EXPECT_EQ(read_models(list, "b").context_tokens, 2048u);
  EXPECT_EQ(read_models(list, "c").context_tokens, 0u);
  for (const char* other :
       {"", "{", "[]", R"({"data":5})", R"({"data":[]})", R"({"data":[{"id":"x","max_model_len":-1}]})"})
    EXPECT_EQ(read_models(other, "a").name, "") << other;
  LocalServer server([&](int socket, const std::string&, int) { LocalServer::send(socket, reply(200, list)); });
  EXPECT_EQ(served_model({.base_url = server.url(), .model = "b"}).context_tokens, 2048u);
  EXPECT_EQ(served_model({.base_url = "http://127.0.0.1:1/v1"}).name, "");
}

TEST(OpenAi, CountsAsItIsTold) {
  const auto estimate = make_openai_chat({.base_url = "http://127.0.0.1:1/v1"});
  EXPECT_EQ(estimate->count_tokens("one two three four"), text::count_tokens("one two three four") * 5 / 4 + 1);
  const auto letters = make_openai_chat(
      {.base_url = "http://127.0.0.1:1/v1", .count = [](std::string_view text) { return text.size(); }});
  EXPECT_EQ(letters->count_tokens("one two"), 7u);
}

TEST(OpenAi, TriesAgainWhenToldTo) {
  LocalServer server([](int socket, const std::string&, int n) {
    if (n == 0) LocalServer::send(socket, reply(429, R"({"error":{"message":"slow down"}})", "Retry-After: 0\r\n"));
    if (n == 1) LocalServer::send(socket, reply(503, "busy", "retry-after-ms: 10\r\n"));
    if (n == 2) LocalServer::send(socket, kStream + event("third time") + "data: [DONE]\n\n");
  });
  const base::Stopwatch watch;
  EXPECT_EQ(ask(server.url()), "third time");
  EXPECT_LT(watch.seconds(), 5);
}

TEST(OpenAi, GivesUpWithTheServersWords) {
  LocalServer busy([](int socket, const std::string&, int) {
    LocalServer::send(socket,
                      reply(500, R"({"error":{"message":"model is \"loading\"","code":1}})", "Retry-After: 0\r\n"));
  });
  EXPECT_THAT(error_of([&] { ask(busy.url()); }),
              testing::AllOf(HasSubstr("500: model is \"loading\""), HasSubstr("3 tries")));
  LocalServer wrong([](int socket, const std::string&, int n) {
    LocalServer::send(socket, reply(n == 0 ? 400 : 200, R"({"error":"context of 512 tokens exceeded"})"));
  });
  EXPECT_THAT(error_of([&] { ask(wrong.url()); }), HasSubstr("400: context of 512 tokens exceeded"));
  LocalServer stubborn([](int socket, const std::string&, int) {
    LocalServer::send(socket, reply(500, R"({"detail":"never"})", "x-should-retry: false\r\n"));
  });
  EXPECT_THAT(error_of([&] { ask(stubborn.url()); }),
              testing::AllOf(HasSubstr("never"), testing::Not(HasSubstr("tries"))));
}

TEST(OpenAi, AnErrorInsideTheStream) {
  LocalServer server([](int socket, const std::string&, int) {
    LocalServer::send(socket, kStream + event("So") + "data: {\"error\":{\"message\":\"out of memory\"}}\n\n");
  });
  EXPECT_THAT(error_of([&] { ask(server.url()); }), HasSubstr("out of memory"));
  LocalServer html([](int socket, const std::string&, int) {
    LocalServer::send(socket, kStream + std::string("data: <html>\n\n"));
  });
  EXPECT_THAT(error_of([&] { ask(html.url()); }), HasSubstr("JSON was expected"));
}

TEST(OpenAi, ACutConnectionIsNoAnswer) {
  LocalServer server(
      [](int socket, const std::string&, int) { LocalServer::send(socket, kStream + event("Half an")); });
  std::string shown;
  EXPECT_THAT(error_of([&] {
                ask(server.url(), [&](std::string_view piece) {
                  shown += piece;
                  return true;
                });
              }),
              HasSubstr("ended before the answer did"));
  EXPECT_EQ(shown, "Half an");  // and it was not asked for again
}

TEST(OpenAi, NobodyListens) {
  EXPECT_THAT(error_of([&] { ask("http://127.0.0.1:1/v1", {}, {.retries = 0}); }), HasSubstr("127.0.0.1"));
  error_of([&] { ask("ftp://127.0.0.1/v1"); }, Code::Invalid);
}

TEST(OpenAi, TheReceiverCanStop) {
  LocalServer server([](int socket, const std::string&, int) {
    LocalServer::send(socket, kStream);
    while (LocalServer::send(socket, event("more "))) ::usleep(1000);
  });
  int n = 0;
  EXPECT_EQ(ask(server.url(), [&](std::string_view) { return ++n < 3; }), "more more more ");
}

TEST(OpenAi, EndlessDataStops) {
  LocalServer server([](int socket, const std::string&, int) {
    LocalServer::send(socket, kStream);
    const std::string piece = event(std::string(1 << 16, 'x'));
    while (LocalServer::send(socket, piece)) {
    }
  });
  EXPECT_THAT(error_of([&] { ask(server.url()); }, Code::Exhausted), HasSubstr("stopped"));
}

TEST(OpenAi, TimeoutCancelAndDeadline) {
  LocalServer server([](int, const std::string&, int) { ::pause(); });
  const base::Stopwatch watch;
  error_of([&] { ask(server.url(), {}, {.timeout_seconds = 0.3}); });
  const CancelSource stop;
  stop.cancel();
  {
    const Context::Scope scope(Context().with_cancel(stop));
    error_of([&] { ask(server.url()); }, Code::Cancelled);
  }
  {
    const Context::Scope scope(Context().with_timeout(0.2));
    error_of([&] { ask(server.url()); }, Code::Unavailable);
  }
  EXPECT_LT(watch.seconds(), 10);
}

}  // namespace
}  // namespace hanok::chain
