#include "server/http/transport.h"

#include <boost/asio/ssl/stream.hpp>

#include "hanok/error.h"

namespace hanok::server {
namespace {

// Waits for bytes without a buffer of its own, so that a connection that says nothing costs next to no memory.
class Plain : public Transport {
 public:
  Plain(tcp::socket socket, std::vector<char>& shared) : socket_(std::move(socket)), shared_(shared) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }
  tcp::socket& socket() override { return socket_; }
  void handshake(std::function<void(error_code)> done) override { done({}); }
  void read(Read done) override {
    socket_.async_wait(tcp::socket::wait_read, [this, done = std::move(done)](error_code error) mutable {
      size_t n = 0;
      if (!error) n = socket_.read_some(asio::buffer(shared_), error);
      if (error == asio::error::would_block || error == asio::error::interrupted) return read(std::move(done));
      done(error, {shared_.data(), n});
    });
  }
  void write_some(const std::array<asio::const_buffer, 2>& bytes, Done done) override {
    socket_.async_write_some(bytes, std::move(done));
  }
  size_t try_write(const std::array<asio::const_buffer, 2>& bytes) noexcept override {
    std::array<iovec, 2> parts{};
    for (size_t i = 0; i < parts.size(); ++i)
      parts[i] = {const_cast<void*>(bytes[i].data()), bytes[i].size()};  // sendmsg does not write there
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t n = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return n > 0 ? static_cast<size_t>(n) : 0;  // what is wrong shows when the I/O thread writes the rest
  }

 private:
  tcp::socket socket_;
  std::vector<char>& shared_;
};

class Tls : public Transport {
 public:
  Tls(tcp::socket socket, std::shared_ptr<asio::ssl::context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}
  tcp::socket& socket() override { return stream_.next_layer(); }
  void handshake(std::function<void(error_code)> done) override {
    stream_.async_handshake(asio::ssl::stream_base::server, std::move(done));
  }
  void read(Read done) override {
    stream_.async_read_some(asio::buffer(in_), [this, done = std::move(done)](error_code error, size_t n) {
      done(error, {in_.data(), n});
    });
  }
  void write_some(const std::array<asio::const_buffer, 2>& bytes, Done done) override {
    stream_.async_write_some(bytes, std::move(done));
  }
  size_t try_write(const std::array<asio::const_buffer, 2>&) noexcept override {
    return 0;
  }  // a stream is one thread's

 private:
  std::shared_ptr<asio::ssl::context> context_;
  asio::ssl::stream<tcp::socket> stream_;
  std::array<char, 16 << 10> in_;  // a TLS record
};

}  // namespace

std::unique_ptr<Transport> plain_transport(tcp::socket socket, std::vector<char>& shared) {
  return std::make_unique<Plain>(std::move(socket), shared);
}

std::unique_ptr<Transport> tls_transport(tcp::socket socket, std::shared_ptr<asio::ssl::context> context) {
  return std::make_unique<Tls>(std::move(socket), std::move(context));
}

std::shared_ptr<asio::ssl::context> load_certificates(const ListenOptions& options) {
  auto out = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  try {
    out->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                     asio::ssl::context::no_tlsv1_1);
    out->use_certificate_chain_file(options.certificate_file);
    out->use_private_key_file(options.key_file, asio::ssl::context::pem);
  } catch (const boost::system::system_error& e) {
    throw Error(Code::Invalid, "TLS with " + options.certificate_file + " and " + options.key_file +
                                   ": a certificate chain and its key in PEM files were expected: " + e.what());
  }
  return out;
}

}  // namespace hanok::server
