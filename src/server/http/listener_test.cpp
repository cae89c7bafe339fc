#include "server/http/listener.h"

#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "server/http/gzip.h"
#include "server/http/test_client.h"

namespace hanok::server {
namespace {

using test::Answer;
using test::Client;
using testing::HasSubstr;

Reply problem(const Problem& p, const Request&) { return Reply::json("{\"problem\":\"" + p.code + "\"}"); }

void wait_for(const std::function<bool()>& done) {
  for (int i = 0; i < 1000 && !done(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(done());
}

class ListenerConcurrent : public testing::Test {
 protected:
  ListenerConcurrent() : router(problem) {
    router.group("/v1", "test", problem)
        .add("GET", "/hello",
             [](const Request& r) { return Reply::text("hello " + r.parameter("name").value_or("you")); })
        .add("POST", "/echo", [](const Request& r) { return Reply::text(r.body); }, {.scope = Scope::Write})
        .add("POST", "/small", [](const Request& r) { return Reply::text(r.body); },
             {.most_body = 10, .json_only = true})
        .add("GET", "/nothing", [](const Request&) { return Reply::empty(); })
        .add("GET", "/throws", [](const Request&) -> Reply { throw std::runtime_error("oh"); })
        .add("GET", "/big", [](const Request&) { return Reply::text(std::string(100'000, 'x')); })
        .add("GET", "/count",
             [](const Request&) {
               return Reply::events([](Writer& out) {
                 for (int i = 0; i < 5; ++i) out.write("data: " + std::to_string(i) + "\n\n");
               });
             })
        .add("GET", "/endless",
             [this](const Request&) {
               return Reply::events([this](Writer& out) {
                 try {
                   for (;;) out.write(std::string(1000, 'e')), ++written;
                 } catch (const Error& error) {
                   ended_with = static_cast<int>(error.code());
                   throw;
                 }
               });
             })
        .add("GET", "/fails-late",
             [](const Request&) {
               return Reply::events([](Writer& out) {
                 out.write("begun");
                 throw Error(Code::Internal, "late");
               });
             })
        .add("GET", "/fails-early",
             [](const Request&) { return Reply::events([](Writer&) { throw Error(Code::Exhausted, "early"); }); })
        .add("GET", "/wait",
             [this](const Request& request) {
               ++waiting;
               while (!go && !request.context.ended()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
               if (request.context.ended()) ++cancelled;
               request.context.check();
               return Reply::text("waited");
             },
             {.lane = Lane::Generate});
  }
  Listener& listen(ListenOptions options = {}) {
    ListenHooks hooks;
    hooks.authorize = [](const Request& request) {
      if (request.header("authorization") == "Bearer wrong")
        throw Refusal({.status = 401, .message = "no", .code = "unauthorized"});
      return request.header("authorization") == "Bearer read" ? Access{.key = "reader", .scope = Scope::Read}
                                                              : Access{};
    };
    hooks.served = [this](const Served& s) {
      std::lock_guard lock(mutex);
      log.push_back(s);
    };
    listener.emplace(router, std::move(options), std::move(hooks));
    return *listener;
  }
  size_t logged() {
    std::lock_guard lock(mutex);
    return log.size();
  }

  Router router;
  std::atomic<int> written{0}, ended_with{-1}, waiting{0}, cancelled{0};
  std::atomic<bool> go{false};
  std::mutex mutex;
  std::vector<Served> log;
  std::optional<Listener> listener;
};

TEST_F(ListenerConcurrent, OneConnectionAnswersManyRequests) {
  Client client(listen().port());
  EXPECT_EQ(client.ask_and_read("GET", "/v1/hello?name=%ED%95%9C").body, "hello 한");
  const Answer echo = client.ask_and_read("POST", "/v1/echo", "some bytes", "X-Request-Id: mine-1\r\n");
  EXPECT_EQ(echo.body, "some bytes");
  EXPECT_EQ(echo.headers.at("x-request-id"), "mine-1");
  EXPECT_EQ(echo.headers.at("connection"), "keep-alive");
  const Answer nothing = client.ask_and_read("GET", "/v1/nothing");
  EXPECT_EQ(nothing.status, 204);
  EXPECT_FALSE(nothing.headers.contains("content-length"));
  const Answer head = client.ask_and_read("HEAD", "/v1/hello");
  EXPECT_EQ(head.headers.at("content-length"), "9");
  const Answer lost = client.ask_and_read("GET", "/v1/lost");
  EXPECT_EQ(lost.status, 404);
  EXPECT_EQ(lost.body, R"({"problem":"not_found"})");
  EXPECT_EQ(client.ask_and_read("BREW", "/v1/hello").status, 405);
  EXPECT_EQ(client.ask_and_read("POST", "/v1/hello", "a body nobody wants").status, 405);
  EXPECT_EQ(client.ask_and_read("GET", "/v1/throws").status, 500);
  EXPECT_EQ(client.ask_and_read("GET", "/v1/hello").body, "hello you") << "the connection is as good as new";
  EXPECT_EQ(client.ask_and_read("GET", "http://localhost/v1/hello").status, 200);
  EXPECT_EQ(client.ask_and_read("GET", "/v1/hello", "", "Connection: close\r\n").headers.at("connection"), "close");
  EXPECT_TRUE(client.closed());
  wait_for([&] { return logged() == 11; });
  std::lock_guard lock(mutex);
  EXPECT_EQ(log[1].route, "/v1/echo");
  EXPECT_EQ(log[1].id, "mine-1");
  EXPECT_EQ(log[1].bytes_in, 10u);
  EXPECT_EQ(log[4].status, 404);
}

TEST_F(ListenerConcurrent, PipelinedRequestsAreAnsweredInOrder) {
  Client client(listen().port());
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += "POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(std::to_string(i).size()) +
           "\r\n\r\n" + std::to_string(i) + (i % 7 == 0 ? "\r\n" : "");
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.answer().body, std::to_string(i));
}

TEST_F(ListenerConcurrent, BytesMayComeOneByOneAndBodiesInChunks) {
  Client client(listen().port());
  const std::string request =
      "POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n";
  for (const char c : request) ASSERT_TRUE(client.send(std::string(1, c)));
  EXPECT_EQ(client.answer().body, "hello, world");
  EXPECT_EQ(client.ask_and_read("POST", "/v1/echo", std::string(5 << 20, 'z')).body.size(), 5u << 20);
}

TEST_F(ListenerConcurrent, ExpectIsAnsweredBeforeTheBody) {
  Client client(listen({.most_body = 1000}).port());
  client.send("POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(client.answer().status, 100);
  client.send("body");
  EXPECT_EQ(client.answer().body, "body");
  client.send("POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4000\r\n\r\n");
  EXPECT_EQ(client.answer().status, 413);
  EXPECT_TRUE(client.closed());
}

TEST_F(ListenerConcurrent, PackedBodiesAndAnswers) {
  Client client(listen({.most_body = 1 << 20, .pack_loopback = true}).port());
  EXPECT_EQ(client.ask_and_read("POST", "/v1/echo", gzip("unpacked"), "Content-Encoding: gzip\r\n").body, "unpacked");
  EXPECT_EQ(
      client.ask_and_read("POST", "/v1/echo", gzip(std::string(2 << 20, '0')), "Content-Encoding: gzip\r\n").status,
      413);
  EXPECT_EQ(client.ask_and_read("POST", "/v1/echo", "not packed", "Content-Encoding: gzip\r\n").status, 400);
  EXPECT_EQ(client.ask_and_read("POST", "/v1/echo", "x", "Content-Encoding: br\r\n").status, 415);
  const Answer big = client.ask_and_read("GET", "/v1/big", "", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(big.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(gunzip(big.body, 1 << 20), std::string(100'000, 'x'));
  EXPECT_FALSE(client.ask_and_read("GET", "/v1/big").headers.contains("content-encoding"));
}

TEST_F(ListenerConcurrent, StreamsComeInPiecesAndTheConnectionGoesOn) {
  Client client(listen().port());
  const Answer counted = client.ask_and_read("GET", "/v1/count");
  EXPECT_EQ(counted.headers.at("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(counted.body, "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n");
  EXPECT_EQ(client.ask_and_read("HEAD", "/v1/count").status, 200);
  EXPECT_EQ(client.ask_and_read("GET", "/v1/fails-early").status, 507) << "nothing was written yet";
  EXPECT_EQ(client.ask_and_read("GET", "/v1/count").body, counted.body);
  client.ask("GET", "/v1/fails-late");
  EXPECT_EQ(client.until("begun").substr(9, 3), "200");
  EXPECT_THAT(client.rest(), testing::Not(HasSubstr("0\r\n\r\n"))) << "cut off, and seen to be";
  Client old(listener->port());
  old.send("GET /v1/count HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.rest(), HasSubstr("\r\n\r\ndata: 0\n\ndata: 1"));
}

TEST_F(ListenerConcurrent, AClientThatIsGoneCancelsItsWork) {
  listen();
  {
    Client client(listener->port());
    client.ask("GET", "/v1/wait");
    wait_for([&] { return waiting == 1; });
  }
  wait_for([&] { return cancelled == 1; });
  {
    Client client(listener->port());
    client.ask("GET", "/v1/endless");
    client.exactly(1000);
  }
  wait_for([&] { return ended_with == static_cast<int>(Code::Cancelled); });
  wait_for([&] { return logged() == 2; });
  wait_for([&] { return listener->numbers().connections == 0; });
}

TEST_F(ListenerConcurrent, ASlowReaderHoldsBackItsStreamAndIsGivenUp) {
  listen({.stall_seconds = 0.5});
  Client client(listener->port());
  client.ask("GET", "/v1/endless");
  wait_for([&] { return written > 1000; });
  wait_for([&] { return ended_with == static_cast<int>(Code::Cancelled); });
  EXPECT_LT(written, 20'000) << "what waits for a client is bounded";
}

TEST_F(ListenerConcurrent, HalfClosedClientsGetTheirAnswer) {
  Client client(listen().port());
  client.ask("GET", "/v1/hello");
  client.shut_down_sending();
  EXPECT_EQ(client.answer().body, "hello you");
}

TEST_F(ListenerConcurrent, WhatIsRefusedBeforeTheBodyWasRead) {
  listen({.most_head = 4096, .most_body = 100'000});
  const auto status = [&](const std::string& bytes) {
    Client client(listener->port());
    client.send(bytes);
    return client.answer().status;
  };
  const std::string host = "Host: localhost\r\n";
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Content-Length: 100001\r\n\r\n"), 413);
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Content-Length: 18446744073709551615\r\n\r\n"), 413);
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n"), 400);
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Content-Length: -5\r\n\r\n"), 400);
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff0\r\n"),
            413);
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 400);
  EXPECT_EQ(
      status("POST /v1/echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
      400);
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501);
  const std::string long_head = "2;a=" + std::string(1'000'000, 'x') + "\r\n{}\r\n0\r\n\r\n";
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n" + long_head), 400);
  for (const char* path : {"/v1/echo", "/v1/nothing-here"}) {  // what follows is no request of its own
    Client client(listener->port());
    client.send("POST " + std::string(path) + " HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n");
    EXPECT_GE(client.answer().status, 400);
    EXPECT_TRUE(client.closed()) << path;
  }
  EXPECT_EQ(status("POST /v1/small HTTP/1.1\r\n" + host + "Content-Length: 11\r\n\r\n01234567890"), 413);
  EXPECT_EQ(status("POST /v1/small HTTP/1.1\r\n" + host + "Content-Type: text/html\r\nContent-Length: 2\r\n\r\n{}"),
            415);
  EXPECT_EQ(status("GET /v1/hello HTTP/1.1\r\n" + host + "X: " + std::string(5000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(status("GET /v1/hello HTTP/1.1\r\n\r\n"), 400) << "no Host";
  EXPECT_EQ(status("GET /v1/hello HTTP/1.1\r\n" + host + host + "\r\n"), 400);
  EXPECT_EQ(status("GET /v1/hello?x=%zz HTTP/1.1\r\n" + host + "\r\n"), 400);
  EXPECT_EQ(status("GET /v1/hello HTTP/3.0\r\n" + host + "\r\n"), 505);
  EXPECT_EQ(status("\x16\x03\x01 what is this\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /v1/hello HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 403) << "a name turned to this address";
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Origin: http://evil.example\r\nContent-Length: 0\r\n\r\n"),
            403);
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Authorization: Bearer wrong\r\nContent-Length: 0\r\n\r\n"),
            401);
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Authorization: Bearer read\r\nContent-Length: 0\r\n\r\n"),
            403);
  EXPECT_EQ(status("POST /v1/echo HTTP/1.1\r\n" + host + "Expect: a-miracle\r\nContent-Length: 1\r\n\r\n"), 417);
  wait_for([&] { return listener->numbers().body_bytes == 0; });
}

TEST_F(ListenerConcurrent, BodiesThatAreOnlyAnnouncedKeepNobodyOut) {
  listen({.most_body = 100'000, .most_bodies = 150'000});
  std::vector<Client> slow;
  for (int i = 0; i < 5; ++i) {
    slow.emplace_back(listener->port());
    slow.back().send("POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nx");
  }
  wait_for([&] { return listener->numbers().body_bytes == 5; });
  Client client(listener->port());
  EXPECT_EQ(client.ask_and_read("POST", "/v1/echo", std::string(90'000, 'y')).status, 200);
  wait_for([&] { return listener->numbers().body_bytes == 5; });
  slow[0].send(std::string(99'999, 'x'));
  EXPECT_EQ(slow[0].answer().status, 200);
  wait_for([&] { return listener->numbers().body_bytes == 4; });
}

TEST_F(ListenerConcurrent, WhatComesOutOfPackedBodiesCounts) {
  listen({.most_body = 1 << 20, .most_bodies = 300'000});
  Client client(listener->port());
  const std::string gzipped = "Content-Encoding: gzip\r\n";
  EXPECT_EQ(client.ask_and_read("POST", "/v1/echo", gzip(std::string(200'000, '0')), gzipped).status, 200);
  EXPECT_EQ(client.ask_and_read("POST", "/v1/echo", gzip(std::string(900'000, '0')), gzipped).status, 503);
  EXPECT_EQ(client.ask_and_read("POST", "/v1/echo", gzip(std::string(200'000, '0')), gzipped).status, 200);
  wait_for([&] { return listener->numbers().body_bytes == 0; });
}

TEST_F(ListenerConcurrent, ARouteTakesNoMoreThanTheServer) {
  router.group("/w", "test", problem)
      .add("POST", "/wide", [](const Request& r) { return Reply::text(r.body); }, {.most_body = 1000});
  Client client(listen({.most_body = 100}).port());
  EXPECT_EQ(client.ask_and_read("POST", "/w/wide", std::string(101, 'x')).status, 413);
}

TEST_F(ListenerConcurrent, CorsIsForThoseThatAreConfigured) {
  Client client(listen({.cors_origins = {"http://app.example"}}).port());
  const Answer preflight = client.ask_and_read(
      "OPTIONS", "/v1/echo", "", "Origin: http://app.example\r\nAccess-Control-Request-Headers: authorization\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.headers.at("access-control-allow-headers"), "authorization");
  const Answer hello = client.ask_and_read("GET", "/v1/hello", "", "Origin: http://app.example\r\n");
  EXPECT_EQ(hello.headers.at("access-control-allow-origin"), "http://app.example");
  EXPECT_EQ(client.ask_and_read("GET", "/v1/hello", "", "Origin: http://other.example\r\n").status, 403);
}

TEST_F(ListenerConcurrent, SlowHeadsBodiesAndIdleConnectionsEnd) {
  listen({.head_seconds = 0.4, .idle_seconds = 0.4, .stall_seconds = 0.4});
  Client head(listener->port()), body(listener->port()), idle(listener->port());
  head.send("GET /v1/hel");
  body.send("POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(head.answer().status, 408);
  EXPECT_EQ(body.answer().status, 408);
  EXPECT_TRUE(idle.closed());
}

// A byte now and then holds no connection; a body that comes fast enough has all the time that it takes.
TEST_F(ListenerConcurrent, ABodyThatDripsEndsAndASteadyOneDoesNot) {
  listen({.stall_seconds = 1.5, .least_rate = 20});
  Client dripping(listener->port()), steady(listener->port());
  const std::string head = "POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1200\r\n\r\n";
  dripping.send(head);
  steady.send(head);
  for (int i = 0; i < 30; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (i < 6) dripping.send("a");
    steady.send(std::string(40, 'a'));
  }
  EXPECT_EQ(steady.answer().status, 200);
  EXPECT_EQ(dripping.answer().status, 408);
}

// As after SIGSTOP and SIGCONT, or on a machine that was paused: what came meanwhile could not be read.
TEST_F(ListenerConcurrent, TimeInWhichTheServerStoodStillIsNotTheClients) {
  listen({.head_seconds = 1.5, .idle_seconds = 1.5, .stall_seconds = 1.5});
  Client head(listener->port()), idle(listener->port()), other(listener->port());
  EXPECT_EQ(idle.ask_and_read("GET", "/v1/hello").status, 200);
  head.send("GET /v1/hel");
  {
    std::lock_guard lock(mutex);  // hooks.served waits for it, on the thread that reads
    other.ask("GET", "/v1/hello");
    std::this_thread::sleep_for(std::chrono::milliseconds(3500));
  }
  head.send("lo HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(head.answer().status, 200);
  EXPECT_EQ(idle.ask_and_read("GET", "/v1/hello").status, 200);
}

TEST_F(ListenerConcurrent, ALaneThatIsFullRefusesAndTheOthersGoOn) {
  ListenOptions options;
  options.lanes[static_cast<size_t>(Lane::Generate)] = {1, 2};
  listen(options);
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(listener->port());
    clients.back().ask("GET", "/v1/wait");
  }
  wait_for([&] { return listener->numbers().waiting[3] == 2; });
  Client late(listener->port());
  const Answer refused = late.ask_and_read("GET", "/v1/wait");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  EXPECT_EQ(late.ask_and_read("GET", "/v1/hello").status, 200);
  go = true;
  for (auto& client : clients) EXPECT_EQ(client.answer().body, "waited");
}

TEST_F(ListenerConcurrent, StopFinishesWhatIsWorkedOn) {
  listen();
  Client working(listener->port()), idle(listener->port());
  EXPECT_EQ(idle.ask_and_read("GET", "/v1/hello").status, 200);
  working.ask("GET", "/v1/wait");
  wait_for([&] { return waiting == 1; });
  auto stopping = std::async(std::launch::async, [&] { listener->stop(); });
  EXPECT_TRUE(idle.closed());
  go = true;
  const Answer answer = working.answer();
  EXPECT_EQ(answer.body, "waited");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  stopping.get();
  EXPECT_FALSE(Client(listener->port()).connected());
}

TEST_F(ListenerConcurrent, StopCancelsWhatTakesTooLong) {
  listen({.stop_seconds = 0.2});
  Client client(listener->port());
  client.ask("GET", "/v1/wait");
  wait_for([&] { return waiting == 1; });
  listener->stop();
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(client.answer().status, 503);
}

TEST_F(ListenerConcurrent, BeyondTheMostConnectionsTheIdleGo) {
  listen({.most_connections = 3});
  Client first(listener->port()), second(listener->port()), third(listener->port());
  for (Client* client : {&first, &second, &third}) client->ask("GET", "/v1/wait");
  wait_for([&] { return waiting == 3; });
  EXPECT_EQ(Client(listener->port()).answer().status, 503) << "all are busy";
  go = true;
  EXPECT_EQ(first.answer().body, "waited");
  EXPECT_EQ(second.answer().body, "waited");
  EXPECT_EQ(third.answer().body, "waited");
  Client fourth(listener->port());
  EXPECT_EQ(fourth.ask_and_read("GET", "/v1/hello").status, 200);
  EXPECT_EQ(listener->numbers().connections, 3u);
}

TEST_F(ListenerConcurrent, ThousandsOfSilentConnectionsHoldUpNobody) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const size_t n = std::min<size_t>(4000, (static_cast<size_t>(limit.rlim_cur) - 200) / 2);  // both ends are here
  listen();
  std::vector<Client> silent;
  for (size_t i = 0; i < n; ++i) {
    silent.emplace_back(listener->port());
    ASSERT_TRUE(silent.back().connected()) << i;
    if (i % 3 == 1) silent.back().send("GET /v1/hel");
    if (i % 3 == 2) silent.back().send("POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc");
  }
  wait_for([&] { return listener->numbers().connections == n; });
  Client client(listener->port());
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.ask_and_read("GET", "/v1/hello").status, 200);
  for (size_t lane = 0; lane < kLanes;
       ++lane)  // no thread waits for them; the last answer's may still be on its way out
    wait_for([&] { return listener->numbers().busy[lane] == 0; });
  for (size_t i = 2; i < 300; i += 3) {  // they are as good as any other
    silent[i].send("defghi");
    EXPECT_EQ(silent[i].answer().body, "abcdefghi");
  }
}

// ---- TLS

/// A certificate for localhost that signs itself, in two PEM files.
void make_certificate(const base::fs::path& certificate, const base::fs::path& key) {
  EVP_PKEY* pair = EVP_EC_gen("P-256");
  X509* x = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -60);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, pair);
  X509_NAME* name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(x, name);
  X509_sign(x, pair, EVP_sha256());
  FILE* file = std::fopen(certificate.c_str(), "w");
  PEM_write_X509(file, x);
  std::fclose(file);
  file = std::fopen(key.c_str(), "w");
  PEM_write_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(x);
  EVP_PKEY_free(pair);
}

std::string ask_over_tls(uint16_t port, const std::string& request) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  std::string out;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && SSL_set_fd(ssl, fd) == 1 &&
      SSL_connect(ssl) == 1) {
    SSL_write(ssl, request.data(), static_cast<int>(request.size()));
    char buffer[16384];
    for (int n; (n = SSL_read(ssl, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<size_t>(n));
  }
  SSL_free(ssl);
  ::close(fd);
  SSL_CTX_free(context);
  return out;
}

TEST_F(ListenerConcurrent, TlsByCertificateFiles) {
  const base::TempFolder folder;
  const auto certificate = folder.path() / "c.pem", key = folder.path() / "k.pem";
  EXPECT_THROW(listen({.certificate_file = certificate, .key_file = key}), Error);
  make_certificate(certificate, key);
  listen({.certificate_file = certificate, .key_file = key, .head_seconds = 0.5});
  EXPECT_THAT(listener->url(), HasSubstr("https://127.0.0.1:"));
  const std::string request = "GET /v1/hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  EXPECT_THAT(ask_over_tls(listener->port(), request), HasSubstr("\r\n\r\nhello you"));
  const std::string big(3 << 20, 'b');
  EXPECT_THAT(ask_over_tls(listener->port(),
                           "POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                               std::to_string(big.size()) + "\r\n\r\n" + big),
              HasSubstr("\r\n\r\n" + big));
  Client plain(listener->port());
  plain.send("GET /v1/hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(plain.closed()) << "no plain HTTP at this port";
  base::write_file_atomic(certificate, "damaged");
  EXPECT_THROW(listener->reload_certificates(), Error);
  EXPECT_THAT(ask_over_tls(listener->port(), request), HasSubstr("hello you")) << "the old one goes on";
  make_certificate(certificate, key);
  EXPECT_NO_THROW(listener->reload_certificates());
  EXPECT_THAT(ask_over_tls(listener->port(), request), HasSubstr("hello you"));
}

}  // namespace
}  // namespace hanok::server
