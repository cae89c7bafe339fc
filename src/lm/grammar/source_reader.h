// Reads the source of an expression or a grammar, one code point after another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hanok/error.h"
#include "text/tokenizers/unicode.h"

namespace hanok::lm::grammar {

class SourceReader {
 public:
  SourceReader(std::string_view source, std::string what) : what_(std::move(what)) {
    if (!text::unicode::is_valid(source)) throw Error(Code::Invalid, what_ + ": not UTF-8");
    for (size_t i = 0; i < source.size();) points_.push_back(text::unicode::next(source, i));
  }
  bool done() const { return at_ >= points_.size(); }
  char32_t peek(size_t ahead = 0) const { return at_ + ahead < points_.size() ? points_[at_ + ahead] : 0; }
  bool more(size_t ahead = 0) const { return at_ + ahead < points_.size(); }
  char32_t take() {
    if (done()) fail("it ends too early");
    return points_[at_++];
  }
  bool accept(char32_t c) {
    if (done() || points_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char32_t c) {
    if (accept(c)) return;
    std::string wanted;
    text::unicode::append(wanted, c);
    fail("expected \"" + wanted + "\"");
  }
  size_t place() const { return at_; }
  void go_back(size_t place) { at_ = place; }

  [[noreturn]] void fail(const std::string& why, Code code = Code::Invalid) const {
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at_ && i < points_.size(); ++i) points_[i] == '\n' ? (++line, column = 1) : ++column;
    std::string near;
    for (size_t i = at_; i < points_.size() && i < at_ + 12 && points_[i] != '\n'; ++i)
      text::unicode::append(near, points_[i]);
    throw Error(code, what_ + ": " + why + " (line " + std::to_string(line) + ", column " + std::to_string(column) +
                          (near.empty() ? ", at the end)" : ", at \"" + near + "\")"));
  }

  char32_t hex(size_t digits) {
    char32_t value = 0;
    for (size_t i = 0; i < digits; ++i) value = value * 16 + hex_digit(take());
    return scalar(value);
  }
  char32_t hex_in_braces() {
    expect('{');
    char32_t value = 0;
    for (int i = 0; !accept('}'); ++i) {
      if (i == 6) fail("more than six hexadecimal digits");
      value = value * 16 + hex_digit(take());
    }
    return scalar(value);
  }
  /// A number of repetitions.
  size_t number() {
    if (peek() < '0' || peek() > '9') fail("expected a number");
    size_t n = 0;
    while (peek() >= '0' && peek() <= '9') {
      n = n * 10 + (take() - '0');
      if (n > 1'000'000) fail("a repetition of more than 1000000", Code::Exhausted);
    }
    return n;
  }

 private:
  char32_t hex_digit(char32_t c) const {
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
    fail("expected a hexadecimal digit");
  }
  char32_t scalar(char32_t c) const {
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) fail("no character has this number");
    return c;
  }
  std::string what_;
  std::vector<char32_t> points_;
  size_t at_ = 0;
};

}  // namespace hanok::lm::grammar
