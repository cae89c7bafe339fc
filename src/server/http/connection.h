// One client of the HTTP server. Everything happens on the I/O thread.
#pragma once

#include <memory>
#include <string>

#include "server/http/listener_impl.h"

namespace hanok::server {

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  virtual bool idle() const = 0;
  virtual bool late(Clock::time_point now) const = 0;
  virtual Clock::time_point since() const = 0;
  /// It has waited for this client as long as may be.
  virtual void give_up() = 0;
  /// The server ends: what is not being worked on does too.
  virtual void stop() = 0;
  virtual void close() = 0;
};

std::shared_ptr<Connection> make_connection(Listener::Impl& server, std::unique_ptr<Transport> transport,
                                            std::string remote);

}  // namespace hanok::server
