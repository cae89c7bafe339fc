// multipart/form-data (RFC 7578), as browsers and SDKs send files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hanok::server {

struct FormPart {
  std::string name, filename, content_type;
  std::string_view body;  // of the whole body that was parsed
};
/// Throws Refusal 400 where the body is not what the content type says.
std::vector<FormPart> parse_form(std::string_view content_type, std::string_view body);
/// The part of that name; nullptr where there is none.
const FormPart* find_part(const std::vector<FormPart>& form, std::string_view name);

}  // namespace hanok::server
