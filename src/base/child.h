// A program that runs beside this one and is talked to in lines.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::base {

/// Not for several threads at once. The child and what it has started die with the object, and with this process.
class Child {
 public:
  /// argv[0] is found on PATH. Throws NotFound where it is not installed.
  explicit Child(const std::vector<std::string>& argv);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// A line, which must hold no line break. Throws Unavailable where the child has ended or does not read for
  /// `seconds`, and when the context ends.
  void write_line(std::string_view line, double seconds);
  /// The next line without its end. Throws Unavailable where none comes for `seconds` or the child has ended, Exhausted
  /// for one of more than `most` bytes, and when the context ends.
  std::string read_line(double seconds, size_t most);
  /// The last it said on stderr, at most 4 KiB.
  const std::string& errors() const { return errors_; }

 private:
  void drain_errors();
  [[noreturn]] void gone(const std::string& why);

  std::string name_, pending_, errors_;
  int in_ = -1, out_ = -1, err_ = -1;
  int pid_ = -1;
};

}  // namespace hanok::base
