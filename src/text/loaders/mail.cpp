// Mail (RFC 5322 and MIME): subject, sender, receiver, date, and the text of the message; attachments are named.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "base/ascii.h"
#include "text/charset.h"
#include "text/loaders/html.h"
#include "text/loaders/hyphens.h"
#include "text/loaders/mail.h"
#include "text/loaders/mime.h"
#include "text/loaders/parts.h"

namespace hanok::text {
namespace {

constexpr int kMaxDepth = 16;  // parts inside parts
constexpr size_t kMaxParts = 1000;

// "Tue, 4 Mar 2025 10:00:00 +0900" -> "2025-03-04" (RFC 5322, 3.3); as it is where it is not of that form.
std::string day_of(std::string_view date) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
  std::string_view rest = date.substr(date.find(',') == date.npos ? 0 : date.find(',') + 1);
  std::array<std::string_view, 3> words;
  for (auto& word : words) {
    rest = trim(rest);
    word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
  }
  const auto number = [](std::string_view text) {
    int n = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), n);
    return result.ec == std::errc() && result.ptr == text.data() + text.size() ? n : 0;
  };
  const auto month = std::find(kMonths.begin(), kMonths.end(), base::lower(words[1].substr(0, 3)));
  const int day = number(words[0]), year = number(words[2]);
  if (month == kMonths.end() || day < 1 || day > 31 || year < 1900 || year > 9999) return std::string(date);
  const auto two = [](long n) { return std::string(n < 10 ? "-0" : "-") + std::to_string(n); };
  return std::to_string(year) + two(month - kMonths.begin() + 1) + two(day);
}

class Mail {
 public:
  Mail(const Source& source, Writer& out) : source_(source), out_(out) {}

  void message(std::string_view bytes, int depth) {
    const MimePart part(bytes);
    out_.title(part.readable("subject"));
    if (depth > 0) out_.paragraph();
    headers(part, {"Subject", "From", "To", "Cc", "Date"});
    body(part, depth);
  }

  void headed_message(std::string_view bytes) {
    const MimePart part(bytes);
    if (!part.has_headers()) source_.fail(Code::Corrupt, "a message without headers");
    const std::string day = day_of(part.readable("date"));
    out_.heading(1, part.readable("subject") + (day.empty() ? "" : " (" + day + ")"));
    headers(part, {"From", "To", "Cc", "Date"});
    body(part, 0);
  }

 private:
  void headers(const MimePart& part, std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const std::string value = part.readable(name);
      if (value.empty()) continue;
      out_.line();
      out_.text(name), out_.text(": "), out_.text(value);
    }
    out_.paragraph();
  }

  void body(const MimePart& part, int depth) {
    if (depth > kMaxDepth || ++parts_ > kMaxParts)
      source_.fail(Code::Corrupt, "mail parts nest deeper than " + std::to_string(kMaxDepth) + " or are more than " +
                                      std::to_string(kMaxParts));
    const std::string type = part.type();
    if (type.starts_with("multipart/")) return multipart(part, type, depth);
    if (const std::string file = part.file_name(); !file.empty()) {
      out_.line();
      out_.text("Attachment: "), out_.text(file);
      out_.line();
      return;
    }
    if (type == "message/rfc822") return message(part.content(), depth + 1);
    if (!type.starts_with("text/")) return;
    Parts(source_, out_).read_extra([&] { type == "text/html" ? html(part) : plain(part); });
  }

  void multipart(const MimePart& part, const std::string& type, int depth) {
    const auto children = part.parts();
    if (type != "multipart/alternative") {
      for (const auto& c : children) body(c, depth + 1);
      return;
    }
    // The same message in several forms, the richest last: plain text where there is any, or else the last form.
    const MimePart* chosen = children.empty() ? nullptr : &children.back();
    for (const auto& c : children)
      if (c.type() == "text/plain" && !trim(c.content()).empty()) chosen = &c;
    if (chosen) body(*chosen, depth + 1);
  }

  std::string decoded(const MimePart& part, std::string_view declared) {
    const std::string bytes = part.content();
    auto text = to_utf8(bytes, declared);
    if (!text)
      source_.fail(Code::Corrupt,
                   "a text part is in no charset that is known (declared: " + std::string(declared) + ")");
    return std::move(text->text);
  }

  void plain(const MimePart& part) {
    out_.paragraph();
    out_.text(join_hyphens(decoded(part, part.charset())));
    out_.paragraph();
  }

  void html(const MimePart& part) {
    const std::string declared = part.charset();
    const std::string text = decoded(part, declared.empty() ? declared_charset(part.content()) : declared);
    out_.paragraph();
    write_html(source_, text, out_);
    out_.paragraph();
  }

  const Source& source_;
  Writer& out_;
  size_t parts_ = 0;
};

}  // namespace

void write_message(const Source& source, std::string_view bytes, Writer& out) {
  Mail(source, out).headed_message(bytes);
}

Document load_mail(const Source& source) {
  Writer out(source);
  if (!MimePart(source.bytes).has_headers())
    source.fail(Code::Corrupt, "named " + std::string(source.suffix()) +
                                   " but does not begin with mail headers (From:, Subject:, ...)");
  Mail(source, out).message(source.bytes, 0);
  return out.finish();
}

}  // namespace hanok::text
