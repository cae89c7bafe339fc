// What a server does now and then, beside requests: memory that a burst of them took and freed goes back to the system.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/background.h"

namespace hanok::server {

/// From its making to its end.
class Housekeeping {
 public:
  Housekeeping();
  ~Housekeeping();
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

 private:
  void keep();

  std::mutex mutex_;  // of stopped_
  std::condition_variable changed_;
  bool stopped_ = false;
  base::Background background_;  // last: it uses the others
};

}  // namespace hanok::server
