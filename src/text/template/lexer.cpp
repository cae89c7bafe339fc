#include "text/template/lexer.h"

#include <algorithm>

#include "base/ascii.h"
#include "hanok/error.h"
#include "text/utf8.h"

namespace hanok::text::jinja {
namespace {

using Kind = Token::Kind;

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80); }

class Lexer {
 public:
  Lexer(std::string_view source, std::string_view name, const LexOptions& options)
      : source_(source), name_(name), options_(options) {
    if (source_.ends_with('\n')) source_.remove_suffix(1);  // the last line break of a template is not output
  }

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      const size_t open = next_open();
      text(open);
      if (open >= source_.size()) break;
      switch (source_[open + 1]) {
        case '#':
          comment();
          break;
        case '{':
          tag(Kind::OpenOutput, Kind::CloseOutput, "}}");
          break;
        default:
          if (!raw()) tag(Kind::OpenTag, Kind::CloseTag, "%}");
      }
    }
    add(Kind::End, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(Code::Invalid, std::string(name_) + ", line " + std::to_string(line_) + ": " + why);
  }

  void add(Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  void advance(size_t to) {
    line_ += static_cast<size_t>(std::count(source_.begin() + at_, source_.begin() + to, '\n'));
    at_ = to;
  }

  size_t next_open() const {
    for (size_t i = at_; i + 1 < source_.size(); ++i)
      if (source_[i] == '{' && (source_[i + 1] == '{' || source_[i + 1] == '%' || source_[i + 1] == '#')) return i;
    return source_.size();
  }

  // Text up to a tag, without the blanks that the tag (or the one before) takes away.
  void text(size_t open) {
    std::string_view piece = source_.substr(at_, open - at_);
    if (strip_next_) {
      while (!piece.empty() && blank(piece.front())) piece.remove_prefix(1);
    } else if (trim_next_) {
      if (piece.starts_with("\r\n"))
        piece.remove_prefix(2);
      else if (piece.starts_with('\n'))
        piece.remove_prefix(1);
    }
    strip_next_ = trim_next_ = false;
    if (open < source_.size()) {
      const char sign = open + 2 < source_.size() ? source_[open + 2] : ' ';
      if (sign == '-') {
        while (!piece.empty() && blank(piece.back())) piece.remove_suffix(1);
      } else if (options_.lstrip_blocks && sign != '+' && source_[open + 1] != '{') {
        size_t end = piece.size();
        while (end > 0 && (piece[end - 1] == ' ' || piece[end - 1] == '\t')) --end;
        const bool line_start = end > 0 ? piece[end - 1] == '\n' : begins_line(open, piece.size());
        if (line_start) piece = piece.substr(0, end);
      }
    }
    if (!piece.empty()) add(Kind::Text, std::string(piece));
    advance(open);
  }

  // Nothing but the piece stands between the last line break and the tag.
  bool begins_line(size_t open, size_t piece) const {
    const size_t start = open - piece;
    return start == 0 || source_[start - 1] == '\n';
  }

  // The sign before a closing tag, and what it does to the text behind. `close` is where the two closing signs begin.
  void closed(size_t close, bool trims) {
    const char sign = source_[close - 1];
    strip_next_ = sign == '-';
    trim_next_ = trims && options_.trim_blocks && sign != '-' && sign != '+';
    advance(close + 2);
  }

  void comment() {
    const size_t close = source_.find("#}", at_ + 2);
    if (close == std::string_view::npos) fail("a comment {# has no end #}");
    closed(close, true);
  }

  // {% raw %} ... {% endraw %}: text as it stands.
  bool raw() {
    size_t end;
    if (!is_tag(at_, "raw", end)) return false;
    const size_t body = end;
    for (size_t i = body; (i = source_.find("{%", i)) != std::string_view::npos; ++i) {
      size_t after;
      if (!is_tag(i, "endraw", after)) continue;
      std::string_view inside = source_.substr(body, i - body);
      if (source_[body - 3] == '-')
        while (!inside.empty() && blank(inside.front())) inside.remove_prefix(1);
      else if (options_.trim_blocks && inside.starts_with('\n'))
        inside.remove_prefix(1);
      if (source_[i + 2] == '-')
        while (!inside.empty() && blank(inside.back())) inside.remove_suffix(1);
      if (!inside.empty()) add(Kind::Text, std::string(inside));
      closed(after - 2, true);
      return true;
    }
    fail("{% raw %} has no {% endraw %}");
  }

  bool is_tag(size_t at, std::string_view word, size_t& end) const {
    size_t i = at + 2;
    const auto skip = [&] {
      while (i < source_.size() && blank(source_[i])) ++i;
    };
    if (i < source_.size() && (source_[i] == '-' || source_[i] == '+')) ++i;
    skip();
    if (source_.substr(i, word.size()) != word) return false;
    i += word.size();
    skip();
    if (i < source_.size() && (source_[i] == '-' || source_[i] == '+')) ++i;
    if (source_.substr(i, 2) != "%}") return false;
    end = i + 2;
    return true;
  }

  void tag(Kind open, Kind close, std::string_view closing) {
    add(open, "");
    at_ += 2;
    if (at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')) ++at_;
    std::string brackets;  // what is open: "}}" inside of {{ {"a": {}} }} closes dictionaries
    while (true) {
      while (at_ < source_.size() && blank(source_[at_])) advance(at_ + 1);
      if (at_ >= source_.size()) fail("a tag has no end " + std::string(closing));
      const std::string_view rest = source_.substr(at_);
      if (brackets.empty()) {
        const bool signed_end = (rest[0] == '-' || rest[0] == '+') && rest.substr(1, 2) == closing;
        if (signed_end || rest.starts_with(closing)) {
          add(close, "");
          return closed(at_ + (signed_end ? 1 : 0), close == Kind::CloseTag);
        }
      }
      token(rest, brackets);
    }
  }

  void token(std::string_view rest, std::string& brackets) {
    const char c = rest[0];
    if (c == '"' || c == '\'') return string(c);
    if (base::is_digit(c)) return number(rest);
    if (name_start(c)) {
      size_t n = 1;
      while (n < rest.size() && (name_start(rest[n]) || base::is_digit(rest[n]))) ++n;
      add(Kind::Name, std::string(rest.substr(0, n)));
      return advance(at_ + n);
    }
    for (const std::string_view two : {"==", "!=", "<=", ">=", "//", "**"})
      if (rest.starts_with(two)) {
        add(Kind::Operator, std::string(two));
        return advance(at_ + 2);
      }
    if (std::string_view("+-*/%~<>=()[]{}.,:|;").find(c) == std::string_view::npos)
      fail(std::string("'") + c + "' has no meaning in a tag");
    if (c == '(' || c == '[' || c == '{') brackets += c;
    if (c == ')' || c == ']' || c == '}') {
      if (brackets.empty() || brackets.back() != (c == ')' ? '(' : c == ']' ? '[' : '{'))
        fail(std::string("'") + c + "' closes nothing");
      brackets.pop_back();
    }
    add(Kind::Operator, std::string(1, c));
    advance(at_ + 1);
  }

  void number(std::string_view rest) {
    size_t n = 0;
    bool real = false;
    std::string digits;
    const auto run = [&] {
      while (n < rest.size() &&
             (base::is_digit(rest[n]) || (rest[n] == '_' && n + 1 < rest.size() && base::is_digit(rest[n + 1])))) {
        if (rest[n] != '_') digits += rest[n];
        ++n;
      }
    };
    run();
    if (n + 1 < rest.size() && rest[n] == '.' && base::is_digit(rest[n + 1])) {
      real = true;
      digits += rest[n++];
      run();
    }
    if (n < rest.size() && (rest[n] == 'e' || rest[n] == 'E')) {
      size_t sign = n + 1;
      if (sign < rest.size() && (rest[sign] == '+' || rest[sign] == '-')) ++sign;
      if (sign < rest.size() && base::is_digit(rest[sign])) {
        real = true;
        digits += std::string(rest.substr(n, sign - n));
        n = sign;
        run();
      }
    }
    add(real ? Kind::Float : Kind::Integer, digits);
    advance(at_ + n);
  }

  void string(char quote) {
    std::string out;
    size_t i = at_ + 1;
    for (; i < source_.size() && source_[i] != quote; ++i) {
      if (source_[i] != '\\' || i + 1 >= source_.size()) {
        out += source_[i];
        continue;
      }
      escape(source_[++i], i, out);
    }
    if (i >= source_.size()) fail("a text in quotes has no end");
    add(Kind::String, std::move(out));
    advance(i + 1);
  }

  // Python's escapes; an unknown one stays as it is.
  void escape(char c, size_t& i, std::string& out) {
    const auto hex = [&](size_t n) {
      uint32_t value = 0;
      for (size_t k = 0; k < n; ++k) {
        const char h = ++i < source_.size() ? source_[i] : ' ';
        const int v = base::hex_digit(h);
        if (v < 0) fail("an escape in a text needs " + std::to_string(n) + " hexadecimal digits");
        value = value * 16 + static_cast<uint32_t>(v);
      }
      append_utf8(out, static_cast<char32_t>(value > 0x10FFFF || (value >= 0xD800 && value < 0xE000) ? 0xFFFD : value));
    };
    switch (c) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'v':
        out += '\v';
        break;
      case '0':
        out += '\0';
        break;
      case 'x':
        return hex(2);
      case 'u':
        return hex(4);
      case 'U':
        return hex(8);
      case '\n':
        break;
      case '\\':
      case '\'':
      case '"':
        out += c;
        break;
      default:
        (out += '\\') += c;
    }
  }

  std::string_view source_, name_;
  LexOptions options_;
  size_t at_ = 0, line_ = 1;
  bool strip_next_ = false, trim_next_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> lex(std::string_view source, std::string_view name, const LexOptions& options) {
  return Lexer(source, name, options).run();
}

}  // namespace hanok::text::jinja
