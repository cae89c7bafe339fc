// Server-sent events (WHATWG HTML, section 9.2.6), from bytes that arrive in any pieces.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace hanok::chain {

class SseParser {
 public:
  static constexpr size_t kLongestEvent = 4u << 20;  // bytes; no chat chunk comes near

  /// Called with the data of each event; false from it stops the parser.
  explicit SseParser(std::function<bool(std::string_view data)> on_data) : on_data_(std::move(on_data)) {}
  /// False once on_data has said false. Throws Error(Exhausted) when one event grows over kLongestEvent.
  bool push(std::string_view bytes);
  /// The stream has ended: an event without its closing blank line is given out too, as servers that stop early send
  /// it.
  bool finish();

 private:
  bool line(std::string_view text);
  bool dispatch();
  std::function<bool(std::string_view)> on_data_;
  std::string line_, data_;
  bool has_data_ = false, after_cr_ = false, first_line_ = true, open_ = true;
};

}  // namespace hanok::chain
