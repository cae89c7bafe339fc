// A chat server that a test plays: any answer, right or wrong, at any speed.
#pragma once

#include <arpa/inet.h>
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

#include "base/json.h"

namespace hanok::test {

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

inline constexpr char kStream[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

inline std::string event(const std::string& text) {
  return "data: " + base::Json{{"choices", {{{"delta", {{"content", text}}}}}}}.dump() + "\n\n";
}

inline std::string reply(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

}  // namespace hanok::test
