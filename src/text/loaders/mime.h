// MIME parts: headers, transfer encodings, encoded words. RFC 2045, 2046, 2047, 2231.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hanok::text {

/// A view of one part; the bytes must outlive it.
class MimePart {
 public:
  explicit MimePart(std::string_view bytes);

  bool has_headers() const { return !headers_.empty(); }
  /// A header's value as UTF-8, unfolded, encoded words decoded; empty when absent. Names in any case.
  std::string readable(std::string_view name) const;
  /// "text/plain", lower case; that is also the default.
  std::string type() const;
  std::string charset() const;
  /// Of an attachment; empty for a part that is shown.
  std::string file_name() const;
  /// The body with base64 or quoted-printable undone.
  std::string content() const;
  /// The parts of a multipart body.
  std::vector<MimePart> parts() const;

 private:
  std::string raw(std::string_view name) const;
  static std::string parameter(std::string_view header, std::string_view name);
  std::vector<std::pair<std::string, std::string>> headers_;  // lower-case name, unfolded value
  std::string_view body_;
};

std::string decode_base64(std::string_view text);
/// `underscore` as a space: the Q encoding of headers.
std::string decode_quoted_printable(std::string_view text, bool underscore = false);
/// "=?euc-kr?B?...?=" and raw 8-bit headers -> UTF-8.
std::string decode_words(std::string_view header);

}  // namespace hanok::text
