// A small backtracking regular-expression engine for the patterns of tokenizer.json (Oniguruma's syntax, the part in
// use).
//
// Known:  literals . [classes with ranges] | ( ) (?: ) (?i: ) (?i) (?= ) (?! ) (?<=x) (?<!x) with x one character or
// class,
//         (?> ), * + ? {n} {n,} {n,m} greedy, lazy and possessive, ^ $ \A \z \Z \b \B, \s \S \d \D \w \W \h, \n \r \t
//         \f \v, \xHH \x{H...} \uHHHH, \p{L} and every other general category, \p{Han}, \p{^L}, \P{L}, [[:alpha:]] and
//         its like.
// Not:    back references, named groups, class intersections, other scripts; they are refused with Unsupported.
//
// A match may take at most kStepsPerByte steps for each byte of the text: a hostile pattern ends in Error(Exhausted)
// instead of an hour of backtracking. The published patterns need fewer than ten. No recursion over the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {

/// A set of code points.
class CharSet {
 public:
  struct Item {
    enum class Kind { Range, Category, Space, Word, Han } kind = Kind::Range;
    char32_t first = 0, last = 0;
    unicode::CategoryMask mask = 0;
    bool negated = false;
  };
  void add(const Item& item) { items_.push_back(item); }
  void add(char32_t first, char32_t last) { items_.push_back({.first = first, .last = last}); }
  /// To be called once, after the last add.
  void finish(bool negated, bool ignore_case);
  bool contains(char32_t c) const { return c < 128 ? ascii_[c] : slow(c); }

 private:
  bool slow(char32_t c) const;
  bool listed(char32_t c) const;
  std::vector<Item> items_;
  bool negated_ = false, ignore_case_ = false;
  bool ascii_[128] = {};
};

struct Instruction {
  enum class Op {
    Set,         // one code point of sets[a]
    Loop,        // b to c code points of sets[a], as many as possible, giving back one by one
    Possessive,  // the same without giving back
    Split,       // try a, then b
    Jump,        // to a
    Atomic,      // run the sub-program behind, up to End; go on at a, from where it ended
    Ahead,       // the same, but go on from here
    NotAhead,    // go on at a if the sub-program fails
    Behind,      // the code point before is in sets[a]; with c != 0: is not, or there is none
    End,         // of a sub-program
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    TextEndOrNewline,
    WordEdge,
    NoWordEdge,
    Match,
  } op = Op::Match;
  uint32_t a = 0, b = 0, c = 0;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<CharSet> sets;
};

/// Throws Error(Unsupported or Invalid), naming `where` and the place in the pattern.
Program compile_regex(std::string_view source, const std::string& where);

class Matcher {
 public:
  Matcher(const Program& program, std::string_view text);
  /// The end of the match that begins at `at`, if there is one.
  std::optional<size_t> match(size_t at) { return run(0, at); }

 private:
  struct Frame {
    uint32_t pc;
    size_t at;
    size_t low;  // a loop may give back down to here; kNoLoop: an ordinary choice
  };
  static constexpr size_t kNoLoop = SIZE_MAX;
  std::optional<size_t> run(uint32_t pc, size_t at);
  bool step(uint32_t& pc, size_t& at);
  bool loop(const Instruction& i, uint32_t pc, size_t& at);
  bool holds(Instruction::Op op, size_t at) const;
  bool behind(const Instruction& i, size_t at) const;
  void count(size_t steps);

  const Program& program_;
  std::string_view text_;
  std::vector<Frame> stack_;
  uint64_t steps_left_;
};

}  // namespace hanok::text::tokenizers
