// Mail (RFC 5322 and MIME): subject, sender, receiver, date, and the text of the message; attachments are named.
#include <algorithm>
#include <map>
#include <optional>

#include "text/charset.h"
#include "text/loaders/html.h"
#include "text/loaders/mime.h"

namespace hanok::text {
namespace {

constexpr int kMaxDepth = 16;  // parts inside parts
constexpr size_t kMaxParts = 1000;

class Mail {
 public:
  Mail(const Source& source, Writer& out) : source_(source), out_(out) {}

  void message(std::string_view bytes, int depth) {
    const MimePart part(bytes);
    const std::string subject = part.readable("subject");
    out_.title(subject);
    if (depth > 0) out_.paragraph();
    for (const char* name : {"Subject", "From", "To", "Cc", "Date"}) {
      const std::string value = part.readable(name);
      if (value.empty()) continue;
      out_.line();
      out_.text(name), out_.text(": "), out_.text(value);
    }
    out_.paragraph();
    body(part, depth);
  }

 private:
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
    if (type == "text/html") return html(part);
    if (type.starts_with("text/")) plain(part);
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
    out_.text(decoded(part, part.charset()));
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

Document load_mail(const Source& source) {
  Writer out(source);
  if (!MimePart(source.bytes).has_headers())
    source.fail(Code::Corrupt, "named " + std::string(source.suffix()) +
                                   " but does not begin with mail headers (From:, Subject:, ...)");
  Mail(source, out).message(source.bytes, 0);
  return out.finish();
}

}  // namespace hanok::text
