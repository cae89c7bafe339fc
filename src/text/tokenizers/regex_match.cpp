#include "hanok/error.h"
#include "text/tokenizers/pattern.h"
#include "text/tokenizers/regex.h"

namespace hanok::text::tokenizers {
namespace {

constexpr uint64_t kStepsPerByte = 256;
constexpr uint64_t kStepsAtLeast = 1 << 16;

class Regex : public Pattern {
 public:
  Regex(std::string_view source, const std::string& where) : program_(compile_regex(source, where)) {}

  std::vector<Match> split(std::string_view text) const override {
    std::vector<Match> parts;
    Matcher matcher(program_, text);
    size_t rest = 0;
    for (size_t at = 0; at < text.size();) {
      const auto end = matcher.match(at);
      if (!end || (*end == at && at == rest)) {  // nothing, or an empty match where there is nothing to cut
        at += unicode::length_of(static_cast<unsigned char>(text[at]));
        continue;
      }
      if (at > rest) parts.push_back({rest, at, false});
      parts.push_back({at, *end, true});
      rest = *end;
      at = *end > at ? *end : at + unicode::length_of(static_cast<unsigned char>(text[at]));
    }
    if (rest < text.size()) parts.push_back({rest, text.size(), false});
    return parts;
  }

 private:
  Program program_;
};

}  // namespace

std::unique_ptr<Pattern> make_regex(std::string_view source, const std::string& where) {
  return std::make_unique<Regex>(source, where);
}

bool CharSet::listed(char32_t c) const {
  for (const Item& i : items_) {
    bool in = false;
    switch (i.kind) {
      case Item::Kind::Range:
        in = c >= i.first && c <= i.last;
        break;
      case Item::Kind::Category:
        in = unicode::category_bit(c) & i.mask;
        break;
      case Item::Kind::Space:
        in = unicode::is_white_space(c);
        break;
      case Item::Kind::Word:
        in = unicode::is_word(c);
        break;
      case Item::Kind::Han:
        in = unicode::is_han(c);
        break;
    }
    if (in != i.negated) return true;
  }
  return false;
}

bool CharSet::slow(char32_t c) const {
  bool in = listed(c);
  if (!in && ignore_case_) {
    const char32_t folded = unicode::fold(c);
    in = listed(folded) || listed(unicode::upper(folded));
  }
  return in != negated_;
}

void CharSet::finish(bool negated, bool ignore_case) {
  negated_ = negated;
  ignore_case_ = ignore_case;
  for (char32_t c = 0; c < 128; ++c) ascii_[c] = slow(c);
}

Matcher::Matcher(const Program& program, std::string_view text)
    : program_(program), text_(text), steps_left_(kStepsAtLeast + kStepsPerByte * text.size()) {}

void Matcher::count(size_t steps) {
  if (steps > steps_left_)
    throw Error(Code::Exhausted, "tokenizer: its pattern needs too many steps on a text of " +
                                     std::to_string(text_.size()) +
                                     " bytes; the pattern of tokenizer.json is unusual or hostile");
  steps_left_ -= steps;
}

bool Matcher::behind(const Instruction& i, size_t at) const {
  bool in = false;
  if (at > 0) {
    size_t before = unicode::previous(text_, at);
    in = program_.sets[i.a].contains(unicode::next(text_, before));
  }
  return in != (i.c != 0);
}

bool Matcher::holds(Instruction::Op op, size_t at) const {
  using Op = Instruction::Op;
  const auto word_at = [&](size_t p) { return p < text_.size() && unicode::is_word(unicode::next(text_, p)); };
  const auto edge = [&] { return word_at(at) != (at > 0 && word_at(unicode::previous(text_, at))); };
  switch (op) {
    case Op::LineStart:
      return at == 0 || text_[at - 1] == '\n';
    case Op::LineEnd:
      return at == text_.size() || text_[at] == '\n';
    case Op::TextStart:
      return at == 0;
    case Op::TextEnd:
      return at == text_.size();
    case Op::TextEndOrNewline:
      return at == text_.size() || (at + 1 == text_.size() && text_[at] == '\n');
    case Op::WordEdge:
      return edge();
    default:
      return !edge();
  }
}

/// Takes as many code points as it may and remembers how many it can give back.
bool Matcher::loop(const Instruction& i, uint32_t pc, size_t& at) {
  const CharSet& set = program_.sets[i.a];
  size_t low = at, taken = 0, end = at;
  while (taken < i.c && end < text_.size()) {
    size_t after = end;
    if (!set.contains(unicode::next(text_, after))) break;
    end = after;
    if (++taken == i.b) low = end;
  }
  count(taken + 1);
  if (taken < i.b) return false;
  if (i.op == Instruction::Op::Loop && end > low) stack_.push_back({pc + 1, end, low});
  at = end;
  return true;
}

/// One instruction. False: it failed, and an earlier choice has to be taken back.
bool Matcher::step(uint32_t& pc, size_t& at) {
  using Op = Instruction::Op;
  const Instruction& i = program_.code[pc];
  switch (i.op) {
    case Op::Set:
      if (at >= text_.size() || !program_.sets[i.a].contains(unicode::next(text_, at))) return false;
      return ++pc, true;
    case Op::Loop:
    case Op::Possessive:
      return loop(i, pc, at) ? (++pc, true) : false;
    case Op::Split:
      stack_.push_back({i.b, at, kNoLoop});
      return pc = i.a, true;
    case Op::Jump:
      return pc = i.a, true;
    case Op::Behind:
      return behind(i, at) ? (++pc, true) : false;
    case Op::Atomic:
    case Op::Ahead:
    case Op::NotAhead: {
      const auto end = run(pc + 1, at);
      if (end.has_value() == (i.op == Op::NotAhead)) return false;
      if (i.op == Op::Atomic) at = *end;
      return pc = i.a, true;
    }
    default:
      return holds(i.op, at) ? (++pc, true) : false;
  }
}

std::optional<size_t> Matcher::run(uint32_t pc, size_t at) {
  const size_t bottom = stack_.size();
  while (true) {
    const auto op = program_.code[pc].op;
    if (op == Instruction::Op::Match || op == Instruction::Op::End) {
      stack_.resize(bottom);
      return at;
    }
    count(1);
    if (step(pc, at)) continue;
    if (stack_.size() == bottom) return std::nullopt;
    Frame& top = stack_.back();
    pc = top.pc;
    if (top.low == kNoLoop) {
      at = top.at;
      stack_.pop_back();
    } else {
      at = top.at = unicode::previous(text_, top.at);
      if (at == top.low) stack_.pop_back();
    }
  }
}

}  // namespace hanok::text::tokenizers
