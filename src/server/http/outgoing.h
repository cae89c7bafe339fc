// What leaves a connection: a whole answer, or what a stream's handler has written so far.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

namespace hanok::server {

/// What a handler's thread puts there and the I/O thread writes.
struct Outbox {
  std::mutex mutex;
  std::condition_variable changed;
  std::string pending;
  bool flushing = false;  // the I/O thread was told
  bool gone = false;      // nobody reads any more
  bool ended = false;     // nothing comes any more
  bool cut = false;       // it ended in the middle
};

/// What is written of a reply that is no stream.
struct Answer {
  std::string head, body;
  int status = 0;
  bool close = false;  // the connection, behind it
};

}  // namespace hanok::server
