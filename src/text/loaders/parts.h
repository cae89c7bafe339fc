// Reading the parts of a file one by one: a broken one is noted, the others are read.
#pragma once

#include <exception>
#include <functional>

#include "text/loaders/writer.h"

namespace hanok::text {

class Parts {
 public:
  Parts(const Source& source, Writer& out) : source_(source), out_(out) {}

  /// Calls read(); damage (Corrupt) and what cannot be read (Unsupported) become a note of the document, limits
  /// (Exhausted) end the file. True when it was read.
  bool read(const std::function<void()>& read);
  /// The same for a part that a file can do without: it does not count in check().
  bool read_extra(const std::function<void()>& read);
  /// Throws the first error when there were parts and none could be read.
  void check() const;

 private:
  bool attempt(const std::function<void()>& read, bool counts);
  const Source& source_;
  Writer& out_;
  bool any_ = false;
  std::exception_ptr first_;
};

}  // namespace hanok::text
