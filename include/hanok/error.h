// The one error type of hanok. Thrown at the door of a room, caught in three places: the thread pool,
// a server's request boundary, and main. Expected absence is a value (std::optional), not an Error.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace hanok {

/// Nine words that map one to one to an HTTP status and a process exit status.
enum class Code { Invalid, NotFound, Exists, Corrupt, Unsupported, Unavailable, Exhausted, Cancelled, Internal };

/// what() says: what was tried, on which thing, what was expected, what was found, what to do.
/// Example: "model.safetensors: tensor 'pooler.weight' ends at byte 812, the file has 640; download it again".
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Code code() const noexcept { return code_; }

 private:
  Code code_;
};

/// "invalid", "not_found", "exists", "corrupt", "unsupported", "unavailable", "exhausted", "cancelled", "internal".
std::string_view code_name(Code code) noexcept;
/// 400, 404, 409, 422, 415, 503, 429, 499, 500.
int http_status(Code code) noexcept;
/// 2 invalid, 3 not found, 4 exists, 5 corrupt, 6 unsupported, 7 unavailable, 8 exhausted, 130 cancelled, 70 internal.
int exit_status(Code code) noexcept;

}  // namespace hanok
