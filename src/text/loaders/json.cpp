// JSON and JSON Lines: every value on a line with the path of its keys, "menu.tea.price: 4000", numbers as written.
// Read as it comes, so that a broken file keeps what is before the break; and as people write it: comments, commas
// too many, NaN, keys and strings in single quotes or keys in none (JSON5, settings files, Python).
#include <algorithm>
#include <functional>

#include "base/ascii.h"
#include "text/loaders/writer.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

constexpr int kMaxDepth = 512;  // value() recurses

struct Broken {
  size_t at;
  std::string why;
};

class JsonReader {
 public:
  JsonReader(std::string_view text, Writer& out) : text_(text), out_(out) {}

  /// All values of the text: a file has one, a log may have many. Throws Broken.
  void values() {
    for (bool first = true; skip(), at_ < text_.size(); first = false) {
      if (!first) out_.paragraph();
      value({}, 0);
      skip();
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { throw Broken{at_, why}; }

  // Blanks and comments.
  void skip() {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        ++at_;
      } else if (text_.substr(at_, 2) == "//" || text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.substr(at_, 2) == "/*") {
        const size_t end = text_.find("*/", at_ + 2);
        if (end == text_.npos) fail("a comment does not end");
        at_ = end + 2;
      } else {
        return;
      }
    }
  }

  void value(const std::string& path, int depth) {
    if (depth > kMaxDepth) fail("nested deeper than " + std::to_string(kMaxDepth));
    if (at_ >= text_.size()) fail("it ends where a value was expected");
    const char c = text_[at_];
    if (c == '{') return object(path, depth);
    if (c == '[') return array(path, depth);
    write(path, c == '"' || c == '\'' ? string() : literal());
  }

  // A number or a name of JSON, JSON5 or Python, as it is written.
  std::string literal() {
    const size_t from = at_;
    std::string text = word();
    const std::string_view bare = trim_sign(text);
    const bool number = !bare.empty() && ((bare[0] >= '0' && bare[0] <= '9') || (bare[0] == '.' && bare.size() > 1));
    bool name = text.empty();  // null
    for (const std::string_view known :
         {"true", "false", "True", "False", "None", "undefined", "NaN", "nan", "Infinity", "inf"})
      name = name || bare == known;
    if (!number && !name) at_ = from, fail("a value was expected");
    return text == "None" || text == "undefined" ? std::string() : text;
  }

  static std::string_view trim_sign(std::string_view text) {
    return text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
  }

  void object(const std::string& path, int depth) {
    ++at_;
    for (;;) {
      skip();
      if (take('}')) return;
      const std::string key = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'') ? string() : word();
      skip();
      if (!take(':')) fail("a ':' was expected");
      skip();
      const bool names = depth == 0 && (key == "title" || key == "name") && at_ < text_.size() && text_[at_] == '"';
      if (names) find_title(key);
      value(path.empty() ? key : path + "." + key, depth + 1);
      skip();
      if (!take(',') && !(at_ < text_.size() && text_[at_] == '}')) fail("a ',' or '}' was expected");
    }
  }

  void array(const std::string& path, int depth) {
    ++at_;
    for (;;) {
      skip();
      if (take(']')) return;
      if (at_ < text_.size() && text_[at_] == '{' && !out_.empty()) out_.paragraph();  // records stand apart
      value(path, depth + 1);
      skip();
      if (!take(',') && !(at_ < text_.size() && text_[at_] == ']')) fail("a ',' or ']' was expected");
    }
  }

  // "title" goes before "name", wherever it stands.
  void find_title(const std::string& key) {
    const size_t from = at_;
    const std::string text = string();
    at_ = from;
    if (key == "title") out_.title(text);
    if (key == "name" && name_.empty()) name_ = text;
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // A number, true, null, NaN, a key without quotes: as it is written.
  std::string word() {
    const size_t from = at_;
    while (at_ < text_.size() && !is_blank(text_[at_]) &&
           std::string_view("{}[],:\"'/").find(text_[at_]) == std::string_view::npos)
      ++at_;
    const auto text = text_.substr(from, at_ - from);
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
             c == '-' || c == '+' || c == '.';
    });
    if (text.empty() || !plain) {
      at_ = from;
      fail("a value was expected");
    }
    return text == "null" ? std::string() : std::string(text);
  }

  std::string string() {
    const char quote = text_[at_];
    const size_t from = at_++;
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      if (text_[at_] == '\\')
        escape(out);
      else
        out.push_back(text_[at_++]);
    }
    if (at_ >= text_.size() || text_[at_] != quote) {
      at_ = from;
      fail("a string does not end");
    }
    ++at_;
    return out;
  }

  void escape(std::string& out) {
    if (++at_ >= text_.size()) return;
    const char c = text_[at_++];
    switch (c) {
      case 'n':
        out += '\n';
        return;
      case 't':
        out += '\t';
        return;
      case 'r':
        out += '\r';
        return;
      case 'b':
      case 'f':
      case '\n':  // JSON5: a string over two lines
        return;
      case 'u':
        return append_utf8(out, unit());
      default:
        out += c;
    }
  }

  // \uD55C, or two of them for what lies beyond the basic plane; half a pair is U+FFFD.
  uint32_t unit() {
    const uint32_t high = hex4();
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || text_.substr(at_, 2) != "\\u") return 0xFFFD;
    const size_t back = at_;
    at_ += 2;
    const uint32_t low = hex4();
    if (low >= 0xDC00 && low <= 0xDFFF) return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    at_ = back;
    return 0xFFFD;
  }

  uint32_t hex4() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = at_ < text_.size() ? text_[at_] : '"';
      const int digit = base::hex_digit(c);
      if (digit < 0) return 0xFFFD;
      value = value * 16 + static_cast<uint32_t>(digit);
      ++at_;
    }
    return value;
  }

  void write(const std::string& path, const std::string& text) {
    if (trim(text).empty()) return;
    out_.line();
    if (!path.empty()) out_.text(path), out_.text(": ");
    out_.text(text);
    out_.line();
  }

 public:
  const std::string& name() const { return name_; }

 private:
  std::string_view text_;
  Writer& out_;
  std::string name_;
  size_t at_ = 0;
};

}  // namespace

Document load_json(const Source& source) {
  const std::string text = decode_text(source);
  Writer out(source);
  JsonReader reader(text, out);
  try {
    reader.values();
  } catch (const Broken& e) {
    const std::string where =
        "not valid JSON: at byte " + std::to_string(e.at) + " of " + std::to_string(text.size()) + " " + e.why;
    if (out.empty()) source.fail(Code::Corrupt, where);
    out.note("not all of it was read: " + where);
  }
  if (out.empty() && trim(text).empty()) source.fail(Code::Corrupt, "not valid JSON: there is nothing in it");
  out.title(reader.name());
  return out.finish();
}

Document load_jsonl(const Source& source) {
  const std::string text = decode_text(source);
  Writer out(source);
  size_t number = 0, broken = 0, first = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trim(std::string_view(text).substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    out.paragraph();
    try {
      JsonReader(line, out).values();
    } catch (const Broken&) {
      if (broken++ == 0) first = number;
    }
  }
  if (broken > 0 && out.empty()) source.fail(Code::Corrupt, "line " + std::to_string(first) + " is not valid JSON");
  if (broken > 0)
    out.note("not all of it was read: " + std::to_string(broken) + " of " + std::to_string(number) +
             " lines are not valid JSON, the first is line " + std::to_string(first));
  return out.finish();
}

}  // namespace hanok::text
