#include "server/http/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>

#include "base/ascii.h"
#include "text/utf8.h"

namespace hanok::server {

std::string_view scope_name(Scope scope) {
  static constexpr std::array<std::string_view, 4> names{"open", "read", "write", "admin"};
  return names[static_cast<size_t>(scope)];
}

Scope Access::of(std::string_view collection) const {
  if (const auto own = of_collection.find(std::string(collection)); own != of_collection.end()) return own->second;
  if (collections.empty() && of_collection.empty()) return scope;
  return std::find(collections.begin(), collections.end(), collection) != collections.end() ? scope : Scope::Open;
}

Scope Access::widest() const {
  Scope out = collections.empty() && !of_collection.empty() ? Scope::Open : scope;
  for (const auto& [name, own] : of_collection) out = std::max(out, own);
  return out;
}

void Access::require(Scope needed, std::string_view collection) const {
  if (of(collection) >= needed) return;
  throw Refusal({.status = 403,
                 .message = "the key '" + key + "' may not " + (needed == Scope::Read ? "read" : "change") + " '" +
                            std::string(collection) + "': it needs the scope '" + std::string(scope_name(needed)) +
                            "' there",
                 .code = "forbidden"});
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> Request::parameters(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : query)
    if (key == name) out.push_back(value);
  return out;
}

size_t Request::number(std::string_view name, size_t otherwise, size_t least, size_t most) const {
  const auto text = parameter(name);
  if (!text) return otherwise;
  size_t out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error == std::errc() && end == text->data() + text->size() && out >= least && out <= most) return out;
  throw Refusal({.status = 400,
                 .message = std::string(name) + "=" + *text + ": a whole number from " + std::to_string(least) +
                            (most == SIZE_MAX ? "" : " to " + std::to_string(most)) + " was expected",
                 .code = "invalid",
                 .param = std::string(name)});
}

Refusal::Refusal(Problem problem)
    : Error(problem.status == 404   ? Code::NotFound
            : problem.status == 409 ? Code::Exists
            : problem.status == 429 ? Code::Exhausted
            : problem.status == 503 ? Code::Unavailable
            : problem.status == 507 ? Code::Exhausted
            : problem.status >= 500 ? Code::Internal
                                    : Code::Invalid,
            problem.message),
      problem_(std::move(problem)) {}

Problem problem_of(const std::exception& error) {
  constexpr int kLater = 5;  // seconds
  if (const auto* refusal = dynamic_cast<const Refusal*>(&error)) return refusal->problem();
  if (const auto* known = dynamic_cast<const Error*>(&error)) {
    Problem out{
        .status = http_status(known->code()), .message = known->what(), .code = std::string(code_name(known->code()))};
    if (known->code() == Code::Cancelled) out.status = 503;
    // A full disk is no better a second later, and clients try a 429 again: that one is for what comes too often.
    if (known->code() == Code::Exhausted) out.status = 507;
    if (out.status == 503) out.retry_after_s = kLater;
    return out;
  }
  if (dynamic_cast<const std::bad_alloc*>(&error))
    return {.status = 503, .message = "out of memory", .code = "exhausted", .retry_after_s = kLater};
  return {.status = 500, .message = std::string("unexpected: ") + error.what(), .code = "internal"};
}

std::string_view reason_phrase(int status) {
  static const std::map<int, std::string_view> phrases = {{100, "Continue"},
                                                          {200, "OK"},
                                                          {201, "Created"},
                                                          {202, "Accepted"},
                                                          {204, "No Content"},
                                                          {206, "Partial Content"},
                                                          {301, "Moved Permanently"},
                                                          {304, "Not Modified"},
                                                          {400, "Bad Request"},
                                                          {401, "Unauthorized"},
                                                          {402, "Payment Required"},
                                                          {403, "Forbidden"},
                                                          {404, "Not Found"},
                                                          {405, "Method Not Allowed"},
                                                          {408, "Request Timeout"},
                                                          {409, "Conflict"},
                                                          {410, "Gone"},
                                                          {412, "Precondition Failed"},
                                                          {413, "Content Too Large"},
                                                          {414, "URI Too Long"},
                                                          {415, "Unsupported Media Type"},
                                                          {417, "Expectation Failed"},
                                                          {422, "Unprocessable Content"},
                                                          {429, "Too Many Requests"},
                                                          {431, "Request Header Fields Too Large"},
                                                          {499, "Client Closed Request"},
                                                          {500, "Internal Server Error"},
                                                          {501, "Not Implemented"},
                                                          {503, "Service Unavailable"},
                                                          {505, "HTTP Version Not Supported"},
                                                          {507, "Insufficient Storage"}};
  const auto found = phrases.find(status);
  return found == phrases.end() ? std::string_view() : found->second;
}

std::optional<std::string> percent_decoded(std::string_view encoded, bool plus) {
  std::string out;
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      out += plus && encoded[i] == '+' ? ' ' : encoded[i];
      continue;
    }
    if (i + 2 >= encoded.size()) return std::nullopt;
    const int high = base::hex_digit(encoded[i + 1]), low = base::hex_digit(encoded[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (out.find('\0') != std::string::npos || !text::valid_utf8(out)) return std::nullopt;
  return out;
}

std::optional<Fields> parse_query(std::string_view text) {
  Fields out;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    auto name = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(equals == pair.npos ? std::string_view() : pair.substr(equals + 1), true);
    if (!name || !value) return std::nullopt;
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

}  // namespace hanok::server
