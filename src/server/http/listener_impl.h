// What a listener and its connections share.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <mutex>
#include <unordered_set>

#include "base/workers.h"
#include "server/http/listener.h"
#include "server/http/transport.h"

namespace hanok::server {

using Clock = std::chrono::steady_clock;

inline Clock::duration seconds(double s) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

constexpr size_t kRead = 64 << 10;  // bytes asked for at once, and read ahead of a handler at most

class Connection;

struct Listener::Impl : std::enable_shared_from_this<Listener::Impl> {
  Impl(const Router& r, ListenOptions o, ListenHooks h) : router(r), options(std::move(o)), hooks(std::move(h)) {
    for (size_t i = 0; i < kLanes; ++i)
      lanes[i] = std::make_unique<base::Workers>(options.lanes[i].threads, options.lanes[i].most_waiting);
  }
  void listen();
  void run();
  void accept();
  void take(tcp::socket socket);
  bool make_room();
  void tick();
  void stop();
  /// The time by which clients are measured. It stands still while this process does (SIGSTOP, a machine that is paused
  /// or far too busy): bytes that nobody could read are not late.
  Clock::time_point now() const { return Clock::now() - stood_still; }

  const Router& router;
  const ListenOptions options;
  const ListenHooks hooks;
  std::atomic<size_t> count{0}, body_bytes{0};
  std::atomic<uint64_t> accepted{0}, refused{0};
  std::atomic<bool> stopping{false};
  CancelSource stopped;
  std::string url;
  uint16_t port = 0;
  std::vector<char> buffer = std::vector<char>(kRead);  // of the I/O thread, as all that follows
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer timer{io};
  Clock::time_point last_tick = Clock::now();
  Clock::duration stood_still{};
  std::shared_ptr<asio::ssl::context> certificates;
  std::unordered_set<std::shared_ptr<Connection>> connections;
  bool accepting = false;
  std::array<std::unique_ptr<base::Workers>, kLanes> lanes;
  std::mutex stop_mutex;
  bool stop_done = false;
  base::Workers loop{1, 1};  // the I/O thread
};

}  // namespace hanok::server
