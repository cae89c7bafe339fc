#include "hanok/error.h"

#include <array>

namespace hanok {
namespace {

struct Row {
  std::string_view name;
  int http, exit;
};

// In the order of enum Code.
constexpr std::array<Row, 9> kRows{{{"invalid", 400, 2},
                                    {"not_found", 404, 3},
                                    {"exists", 409, 4},
                                    {"corrupt", 422, 5},
                                    {"unsupported", 415, 6},
                                    {"unavailable", 503, 7},
                                    {"exhausted", 429, 8},
                                    {"cancelled", 499, 130},
                                    {"internal", 500, 70}}};

const Row& row(Code code) noexcept { return kRows[static_cast<size_t>(code)]; }

}  // namespace

std::string_view code_name(Code code) noexcept { return row(code).name; }
int http_status(Code code) noexcept { return row(code).http; }
int exit_status(Code code) noexcept { return row(code).exit; }

}  // namespace hanok
