#include "server/http/head.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <ctime>

#include "base/ascii.h"

namespace hanok::server {
namespace {

bool is_number(std::string_view text, size_t most_digits) {
  return !text.empty() && text.size() <= most_digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const size_t dot = part < 3 ? text.find('.') : text.size();
    if (dot == text.npos || !is_number(text.substr(0, dot), 3)) return false;
    text.remove_prefix(std::min(text.size(), dot + 1));
  }
  return text.empty();
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.size(), host.find(']') + 1));
  return host.substr(0, host.find(':'));
}

std::string one_line(std::string_view value) {
  std::string out(value);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return out;
}

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return text;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (base::lower(target.substr(0, scheme.size())) == scheme) {
      target.remove_prefix(scheme.size());
      const size_t slash = target.find_first_of("/?");
      target = slash == target.npos ? std::string_view("/") : target.substr(slash);
    }
  target = target.substr(0, target.find('#'));
  const size_t question = target.find('?');
  auto query = parse_query(question == target.npos ? std::string_view() : target.substr(question + 1));
  if (!query || target.empty()) return std::nullopt;
  return Target{std::string(target.substr(0, question)), std::move(*query)};
}

bool is_local_host(std::string_view host) {
  const std::string name = base::lower(without_port(host));
  return name == "localhost" || name.ends_with(".localhost") || is_ipv4(name) || name.starts_with('[');
}

bool is_sound_host(std::string_view host) {
  return host.size() <= 255 && std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
         });
}

std::string new_request_id() {
  static const uint64_t process = [] {
    uint64_t bits = 0;
    if (::getrandom(&bits, sizeof bits, 0) != sizeof bits) bits = static_cast<uint64_t>(std::time(nullptr));
    return bits;
  }();
  static std::atomic<uint64_t> count{0};
  char text[40];
  std::snprintf(text, sizeof text, "req_%016llx%08llx", static_cast<unsigned long long>(process),
                static_cast<unsigned long long>(++count));
  return text;
}

bool is_sound_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':';
  });
}

bool lists(std::string_view value, std::string_view word) {
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    const std::string item = base::lower(value.substr(0, comma));
    value.remove_prefix(std::min(value.size(), comma + 1));
    const size_t semicolon = std::min(item.find(';'), item.size());
    if (trimmed(std::string_view(item).substr(0, semicolon)) != word) continue;
    const size_t q = item.find("q=", semicolon);
    return q == item.npos || item.find_first_of("123456789", q) != item.npos;
  }
  return false;
}

std::string reply_head(const Reply& reply, const ReplyHead& head) {
  std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " " + std::string(reason_phrase(reply.status)) +
                    "\r\nserver: hanok\r\ndate: " + http_date() + "\r\nx-request-id: " + one_line(head.request_id) +
                    "\r\n";
  if (!reply.content_type.empty()) out += "content-type: " + one_line(reply.content_type) + "\r\n";
  for (const auto& [name, value] : reply.headers) out += name + ": " + one_line(value) + "\r\n";
  if (!head.cors_origin.empty())
    out += "access-control-allow-origin: " + one_line(head.cors_origin) +
           "\r\naccess-control-expose-headers: x-request-id, retry-after\r\nvary: origin\r\n";
  if (head.chunked) out += "transfer-encoding: chunked\r\n";
  if (head.length) out += "content-length: " + std::to_string(*head.length) + "\r\n";
  out += head.close ? "connection: close\r\n\r\n" : "connection: keep-alive\r\n\r\n";
  return out;
}

}  // namespace hanok::server
