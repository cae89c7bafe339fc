#include "server/http/listener.h"

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <utility>

#include "base/log.h"
#include "server/http/connection.h"
#include "server/http/listener_impl.h"

namespace hanok::server {
namespace {

constexpr auto kTick = std::chrono::milliseconds(100);       // how exactly times are kept
constexpr auto kLateTick = std::chrono::milliseconds(1000);  // a tick that comes so much later: the process stood still
constexpr double kFlushSeconds = 2;

std::string address_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? "[" + address + "]" : address;
}

}  // namespace

void Listener::Impl::listen() {
  if (!options.certificate_file.empty() || !options.key_file.empty()) certificates = load_certificates(options);
  error_code error;
  const auto address = asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
  if (error)
    throw Error(Code::Invalid, "'" + options.host +
                                   "': an address of this machine was expected, such as 127.0.0.1, "
                                   "0.0.0.0 (all of IPv4) or :: (all)");
  const tcp::endpoint endpoint(address, options.port);
  const auto failed = [&](const char* what) {
    throw Error(Code::Unavailable, "cannot " + std::string(what) + " " + address_of(endpoint) + ":" +
                                       std::to_string(options.port) + ": " + error.message() +
                                       "; give another --host or --port (0: any that is free)");
  };
  acceptor.open(endpoint.protocol(), error);
  if (error) failed("open a socket for");
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  acceptor.bind(endpoint, error);
  if (error) failed("listen at");
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) failed("listen at");
  const auto bound = acceptor.local_endpoint();
  port = bound.port();
  const bool any = bound.address().is_unspecified();
  url = (certificates ? "https://" : "http://") + (any ? "127.0.0.1" : address_of(bound)) + ":" + std::to_string(port);
  accept();
  tick();
  loop.submit("", [this] { run(); });
}

void Listener::Impl::run() {
  for (;;) try {
      io.run();
      return;
    } catch (const std::exception& e) {  // no memory: the connection at hand is lost, the others go on
      base::log().error("the HTTP server: {}", e.what());
    }
}

void Listener::Impl::accept() {
  accepting = true;
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    accepting = false;
    if (!acceptor.is_open()) return;
    if (error) {  // no descriptors left, most likely; tick() goes on
      make_room();
      return;
    }
    take(std::move(socket));
    accept();
  });
}

void Listener::Impl::take(tcp::socket socket) {
  ++accepted;
  error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return;
  if (connections.size() >= options.most_connections && !make_room()) {
    ++refused;
    const std::string answer =
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    socket.non_blocking(true, error);
    socket.write_some(asio::buffer(answer), error);
    return;
  }
  socket.set_option(tcp::no_delay(true), error);
  std::unique_ptr<Transport> transport;
  if (certificates)
    transport = tls_transport(std::move(socket), certificates);
  else
    transport = plain_transport(std::move(socket), buffer);
  const auto connection = make_connection(*this, std::move(transport), address_of(remote));
  connections.insert(connection);
  count = connections.size();
  connection->start();
}

// The connection that has been idle longest goes; false where none is idle.
bool Listener::Impl::make_room() {
  std::shared_ptr<Connection> longest;
  for (const auto& connection : connections)
    if (connection->idle() && (!longest || connection->since() < longest->since())) longest = connection;
  if (longest) longest->close();
  return longest != nullptr;
}

void Listener::Impl::tick() {
  timer.expires_after(kTick);
  timer.async_wait([this](error_code error) {
    if (error) return;
    const auto real = Clock::now();
    if (const auto between = real - std::exchange(last_tick, real); between > kTick + kLateTick)
      stood_still += between - kTick;
    std::vector<std::shared_ptr<Connection>> late;
    for (const auto& connection : connections)
      if (connection->late(now())) late.push_back(connection);
    for (const auto& connection : late) connection->give_up();
    if (!accepting && acceptor.is_open()) accept();
    tick();
  });
}

void Listener::Impl::stop() {
  std::lock_guard lock(stop_mutex);
  if (std::exchange(stop_done, true)) return;
  stopping = true;
  const auto wait_for_connections = [this](double most) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock_(mutex);
    for (const auto end = Clock::now() + seconds(most); count > 0 && Clock::now() < end;)
      never.wait_for(lock_, std::chrono::milliseconds(5));
  };
  asio::post(io, [this] {
    error_code ignored;
    acceptor.close(ignored);
    const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
    for (const auto& connection : all) connection->stop();
  });
  wait_for_connections(options.stop_seconds);
  stopped.cancel();
  for (auto& lane : lanes) lane->stop();
  wait_for_connections(kFlushSeconds);
  asio::post(io, [this] {
    const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
    for (const auto& connection : all) connection->close();
    io.stop();
  });
  loop.stop();
}

Listener::Listener(const Router& router, ListenOptions options, ListenHooks hooks)
    : impl_(std::make_shared<Impl>(router, std::move(options), std::move(hooks))) {
  impl_->listen();
}

Listener::~Listener() { stop(); }

uint16_t Listener::port() const { return impl_->port; }
std::string Listener::url() const { return impl_->url; }

ListenNumbers Listener::numbers() const {
  ListenNumbers out{.connections = impl_->count,
                    .body_bytes = impl_->body_bytes,
                    .accepted = impl_->accepted,
                    .refused_connections = impl_->refused};
  for (size_t i = 0; i < kLanes; ++i)
    out.busy[i] = impl_->lanes[i]->busy(), out.waiting[i] = impl_->lanes[i]->waiting();
  return out;
}

void Listener::reload_certificates() {
  if (impl_->options.certificate_file.empty()) return;
  asio::post(impl_->io,
             [impl = impl_.get(), fresh = load_certificates(impl_->options)] { impl->certificates = fresh; });
}

void Listener::stop() { impl_->stop(); }

}  // namespace hanok::server
