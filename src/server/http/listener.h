// The HTTP/1.1 server itself: sockets, limits, TLS, queues. Boost stays in listener.cpp, connection.cpp and
// transport.cpp.
//
// One thread does all reading and writing, so that a client that is slow, or says nothing at all, costs some kilobytes
// and no thread. Handlers run on the threads of their lane; a request's body is read before its handler runs.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/http/router.h"

namespace hanok::server {

struct LaneSize {
  size_t threads, most_waiting;
};

struct ListenOptions {
  std::string host = "127.0.0.1";          // an address, or "localhost"
  uint16_t port = 0;                       // 0: any that is free
  std::string certificate_file, key_file;  // PEM: https where both are given
  size_t most_connections = 20'000;        // beyond, the one that has been idle longest goes; else 503
  size_t most_head = 32 << 10;             // bytes of request line and headers
  size_t most_body = 512 << 20;            // bytes of a body, also after it was unpacked
  size_t most_bodies = 1 << 30;            // bytes of all bodies that are being read or worked on; beyond: 503
  double head_seconds = 20;               // from a request's first byte to the end of its head, and for a TLS handshake
  double idle_seconds = 75;               // between requests
  double stall_seconds = 30;              // for the next bytes of a body, or without one taken of the answer
  size_t least_rate = 500;                // bytes/s of a body: less than this over stall_seconds is late
  double request_seconds = 3600;          // for a handler
  double stop_seconds = 30;               // for what is being worked on at stop()
  size_t least_packed = 8 << 10;          // answers from so many bytes on are packed (gzip) where a client takes it
  bool pack_loopback = false;             // also for clients on this machine, where it costs more than it saves
  std::vector<std::string> cors_origins;  // that browsers may call from; "*": any. Empty: none
  bool local_names_only = true;           // Host must be an address or localhost: keeps web pages out where no key does
  std::array<LaneSize, kLanes> lanes = {{{16, 1024}, {16, 1024}, {32, 512}, {32, 256}}};  // in the order of Lane
};

/// One request that was answered, for the log.
struct Served {
  int64_t time_ms = 0;  // when it came
  std::string id, remote, method, path, route, key;
  int status = 0;  // 499: the client was gone before the answer
  uint64_t bytes_in = 0, bytes_out = 0;
  double seconds = 0;
};

struct ListenHooks {
  /// Who asks, by the request's headers; throws Refusal 401 where a key is wrong, or missing and needed. Not called for
  /// open routes.
  std::function<Access(const Request&)> authorize = [](const Request&) { return Access{}; };
  /// Called from one thread, and should be quick.
  std::function<void(const Served&)> served = [](const Served&) {};
};

/// What /metrics shows of it.
struct ListenNumbers {
  size_t connections = 0, body_bytes = 0;
  uint64_t accepted = 0, refused_connections = 0;
  std::array<size_t, kLanes> busy{}, waiting{};
};

class Listener {
 public:
  /// Listens and answers from now on. Throws Unavailable (the address is in use, or not this machine's), Invalid (host,
  /// certificate). The router must outlive it.
  Listener(const Router& router, ListenOptions options, ListenHooks hooks);
  ~Listener();  // stop()
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:8000"
  ListenNumbers numbers() const;
  /// Reads the certificate files again, for connections from now on. Throws Invalid and keeps the old ones.
  void reload_certificates();
  /// Takes no more connections, finishes what is being worked on (after stop_seconds its contexts are cancelled), and
  /// closes. Every answer that was begun is written before.
  void stop();

  struct Impl;  // its connections see it

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace hanok::server
