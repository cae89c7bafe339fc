#include "server/http/multipart.h"

#include <algorithm>

#include "base/ascii.h"
#include "server/http/head.h"
#include "server/http/message.h"
#include "text/utf8.h"

namespace hanok::server {
namespace {

constexpr size_t kMostParts = 1000, kLongestBoundary = 70;

[[noreturn]] void wrong(const std::string& what) {
  throw Refusal({.status = 400, .message = "multipart/form-data: " + what, .code = "invalid"});
}

// The value of `name` in "form-data; name=\"file\"; filename=\"a.txt\"", quoted or not; filename* in RFC 5987's form.
std::string parameter(std::string_view header, const std::string& name) {
  const std::string low = base::lower(header);
  for (size_t at = low.find(name + "="); at != low.npos; at = low.find(name + "=", at + 1)) {
    if (at > 0 && low[at - 1] != ' ' && low[at - 1] != ';') continue;
    std::string_view value = header.substr(at + name.size() + 1);
    if (!value.starts_with('"')) return std::string(value.substr(0, value.find_first_of("; \t")));
    std::string out;
    for (size_t i = 1; i < value.size() && value[i] != '"'; ++i)
      out += value[i] == '\\' && i + 1 < value.size() && (value[i + 1] == '"' || value[i + 1] == '\\') ? value[++i]
                                                                                                       : value[i];
    return out;
  }
  return {};
}

std::string file_name(std::string_view header) {
  const std::string extended = parameter(header, "filename*");
  if (base::lower(extended).starts_with("utf-8''"))
    if (auto name = percent_decoded(std::string_view(extended).substr(7))) return *name;
  return text::replace_invalid(parameter(header, "filename"));
}

FormPart parse_part(std::string_view part) {
  const size_t end = part.find("\r\n\r\n");
  if (end == part.npos) wrong("a part without headers");
  FormPart out;
  out.body = part.substr(end + 4);
  std::string_view head = part.substr(0, end);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const std::string low = base::lower(line.substr(0, std::min(line.find(':'), line.size())));
    const std::string_view value = line.substr(std::min(line.size(), low.size() + 1));
    if (low == "content-disposition") {
      out.name = text::replace_invalid(parameter(value, "name"));
      out.filename = file_name(value);
    } else if (low == "content-type") {
      out.content_type = value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
  }
  if (out.name.empty()) wrong("a part without a name");
  return out;
}

}  // namespace

std::vector<FormPart> parse_form(std::string_view content_type, std::string_view body) {
  const std::string boundary = parameter(content_type, "boundary");
  if (!base::lower(content_type).starts_with("multipart/form-data") || boundary.empty() ||
      boundary.size() > kLongestBoundary)
    throw Refusal({.status = 415,
                   .message = "content-type: multipart/form-data with a boundary was expected",
                   .code = "unsupported_media_type"});
  const std::string mark = "\r\n--" + boundary;
  if (!body.starts_with(std::string_view(mark).substr(2))) wrong("the body does not begin with its boundary");
  body.remove_prefix(mark.size() - 2);
  std::vector<FormPart> out;
  while (!body.starts_with("--")) {
    if (!body.starts_with("\r\n")) wrong("a boundary that is no line of its own");
    const size_t end = body.find(mark, 2);
    if (end == body.npos) wrong("the last boundary is missing");
    if (out.size() == kMostParts) wrong("more than " + std::to_string(kMostParts) + " parts");
    out.push_back(parse_part(body.substr(2, end - 2)));
    body.remove_prefix(end + mark.size());
  }
  return out;
}

const FormPart* find_part(const std::vector<FormPart>& form, std::string_view name) {
  const auto found = std::find_if(form.begin(), form.end(), [&](const FormPart& part) { return part.name == name; });
  return found == form.end() ? nullptr : &*found;
}

}  // namespace hanok::server
