#include "server/chroma/names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

#include "server/chroma/service.h"

namespace hanok::server::chroma {
namespace {

constexpr size_t kShortestName = 3, kLongestName = 512;

bool alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool ip_address(const std::string& text) {
  in6_addr out;
  return inet_pton(AF_INET, text.c_str(), &out) == 1 || inet_pton(AF_INET6, text.c_str(), &out) == 1;
}

}  // namespace

void check_name(std::string_view name) {
  const bool fits =
      name.size() >= kShortestName && name.size() <= kLongestName && alphanumeric(name.front()) &&
      alphanumeric(name.back()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
  if (!fits)
    refuse_argument(
        "Validation error: name: Expected a name containing 3-512 characters from [a-zA-Z0-9._-], starting and ending "
        "with a character in [a-zA-Z0-9]. Got: " +
        std::string(name));
  if (name.find("..") != name.npos)
    refuse_argument(
        "Validation error: name: Expected a name that does not contains two consecutive periods (..). Got " +
        std::string(name));
  if (ip_address(std::string(name)))
    refuse_argument("Validation error: name: Expected a name that is not a valid ip address. Got " + std::string(name));
}

void check_tenant_name(std::string_view name) {
  if (name.size() < kShortestName || name.size() > kLongestName)
    refuse_argument("Validation error: name: a tenant's name has 3 to 512 characters, found " +
                    std::to_string(name.size()));
}

void check_metadata_key(std::string_view key, const std::string& place) {
  if (key.empty()) refuse_argument(place + ": Metadata key cannot be empty");
  if (key[0] == '#' || key[0] == '$')
    refuse_argument(place + ": Metadata key cannot start with '#' or '$': " + std::string(key));
}

}  // namespace hanok::server::chroma
