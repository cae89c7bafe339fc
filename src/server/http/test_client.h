// A client that a test plays over a plain socket: any bytes, at any speed.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "server/http/head.h"

namespace hanok::test {

struct Answer {
  int status = 0;  // 0: none came
  std::map<std::string, std::string> headers;
  std::string body;
};

class Client {
 public:
  explicit Client(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) close();
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}

  bool connected() const { return fd_ >= 0; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void shut_down_sending() { ::shutdown(fd_, SHUT_WR); }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  bool ask(const std::string& method, const std::string& path, const std::string& body = "",
           const std::string& headers = "") {
    std::string text = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers;
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return send(text + "\r\n" + body);
  }
  /// The next answer; of a chunked one the joined pieces.
  Answer answer(bool to_head = false) {
    Answer out;
    const std::string head = until("\r\n\r\n");
    if (head.size() < 12) return out;
    out.status = std::atoi(head.substr(9, 3).c_str());
    for (size_t at = head.find("\r\n") + 2; at < head.size();) {
      const size_t end = head.find("\r\n", at), colon = head.find(": ", at);
      if (end == at || colon == head.npos) break;
      out.headers[base::lower(head.substr(at, colon - at))] = head.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    if (to_head || out.status < 200) return out;
    if (out.headers["transfer-encoding"] == "chunked")
      while (const size_t size = std::strtoul(until("\r\n").c_str(), nullptr, 16))
        out.body += exactly(size), until("\r\n");
    else if (out.headers.contains("content-length"))
      out.body = exactly(std::strtoul(out.headers["content-length"].c_str(), nullptr, 10));
    if (out.headers["transfer-encoding"] == "chunked") until("\r\n");
    return out;
  }
  Answer ask_and_read(const std::string& method, const std::string& path, const std::string& body = "",
                      const std::string& headers = "") {
    ask(method, path, body, headers);
    return answer(method == "HEAD");
  }
  /// Whether the server closed the connection, within some seconds.
  bool closed() {
    while (fill()) {
    }
    return eof_;
  }
  std::string until(std::string_view mark) {
    size_t at;
    while ((at = in_.find(mark)) == in_.npos)
      if (!fill()) return std::exchange(in_, "");
    std::string out = in_.substr(0, at + mark.size());
    in_.erase(0, out.size());
    return out;
  }
  std::string exactly(size_t size) {
    while (in_.size() < size && fill()) {
    }
    std::string out = in_.substr(0, size);
    in_.erase(0, out.size());
    return out;
  }
  std::string rest() {
    while (fill()) {
    }
    return std::exchange(in_, "");
  }

 private:
  bool fill() {
    pollfd poll{fd_, POLLIN, 0};
    if (::poll(&poll, 1, 10'000) <= 0) return false;
    char buffer[16384];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) eof_ = true;
    if (n > 0) in_.append(buffer, static_cast<size_t>(n));
    return n > 0;
  }
  int fd_;
  std::string in_;
  bool eof_ = false;
};

}  // namespace hanok::test
