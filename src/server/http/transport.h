// Bytes in and out of a connection, plain or through TLS. Everything on the I/O thread, but try_write.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "server/http/listener.h"

namespace hanok::server {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

class Transport {
 public:
  using Read = std::function<void(error_code, std::string_view)>;
  using Done = std::function<void(error_code, size_t)>;
  virtual ~Transport() = default;
  virtual tcp::socket& socket() = 0;
  virtual void handshake(std::function<void(error_code)> done) = 0;
  /// The bytes are there while `done` runs.
  virtual void read(Read done) = 0;
  virtual void write_some(const std::array<asio::const_buffer, 2>& bytes, Done done) = 0;
  /// From any thread, while nothing else is written and the socket is open: how many bytes the system took at once.
  virtual size_t try_write(const std::array<asio::const_buffer, 2>& bytes) noexcept = 0;
};

/// Reads into `shared`, which all connections of the I/O thread may have in common.
std::unique_ptr<Transport> plain_transport(tcp::socket socket, std::vector<char>& shared);
std::unique_ptr<Transport> tls_transport(tcp::socket socket, std::shared_ptr<asio::ssl::context> context);

/// Throws Invalid where the files hold no certificate chain and its key.
std::shared_ptr<asio::ssl::context> load_certificates(const ListenOptions& options);

}  // namespace hanok::server
