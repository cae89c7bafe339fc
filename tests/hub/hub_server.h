// A child process that serves the Hub's routes on a port of its own, with the troubles that a network brings.
//   org/good    all well         org/cut     the weights stop half way, unless asked for the rest
//   org/wrong   a wrong SHA-256  org/gated   401 without the token "secret"      any other: 404
#pragma once

#include <sys/types.h>

#include <string>

namespace hanok::test {

/// The weights that it serves: long enough for a half to be worth keeping.
std::string weights();

class HubServer {
 public:
  HubServer();
  ~HubServer();
  HubServer(const HubServer&) = delete;
  HubServer& operator=(const HubServer&) = delete;
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  pid_t child_ = -1;
  int port_ = 0;
};

}  // namespace hanok::test
