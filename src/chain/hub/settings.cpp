#include <cstdlib>

#include "base/file.h"
#include "chain/hub/hub.h"

namespace hanok::chain::hub {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool is_true(std::string value) {
  for (char& c : value) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

fs::path home() {
  if (const auto hf = environment("HF_HOME"); !hf.empty()) return hf;
  if (const auto xdg = environment("XDG_CACHE_HOME"); !xdg.empty()) return fs::path(xdg) / "huggingface";
  const auto user = environment("HOME");
  return fs::path(user.empty() ? "." : user) / ".cache/huggingface";
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string read_token(const fs::path& hf_home) {
  if (const auto value = environment("HF_TOKEN"); !value.empty()) return trimmed(value);
  const auto named = environment("HF_TOKEN_PATH");
  const fs::path file = named.empty() ? hf_home / "token" : fs::path(named);
  std::error_code ignored;
  return fs::is_regular_file(file, ignored) ? trimmed(base::read_file(file, 4096)) : "";
}

}  // namespace

Settings Settings::from_environment() {
  Settings s;
  const auto cache = environment("HF_HUB_CACHE");
  s.cache = cache.empty() ? home() / "hub" : fs::path(cache);
  s.endpoint = environment("HF_ENDPOINT");
  if (s.endpoint.empty()) s.endpoint = "https://huggingface.co";
  while (s.endpoint.ends_with("/")) s.endpoint.pop_back();
  s.token = read_token(home());
  s.offline = is_true(environment("HF_HUB_OFFLINE"));
  return s;
}

}  // namespace hanok::chain::hub
