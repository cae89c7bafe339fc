// For tests: one allocation of a process fails, the others do not.
#pragma once

#include <cstddef>

namespace hanok::index::testing {

/// While it lives, the nth call (from 0) of operator new, by any thread, throws std::bad_alloc. One at a time.
class FailingMemory {
 public:
  explicit FailingMemory(size_t nth);
  ~FailingMemory();
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;
  bool failed() const;
};

}  // namespace hanok::index::testing
