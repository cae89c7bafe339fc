#include "store/pattern.h"

#include <re2/re2.h>

#include "hanok/error.h"

namespace hanok::store {
namespace {

constexpr int64_t kMostMemory = 8 << 20;  // of a compiled pattern and its states
constexpr size_t kMostBytes = 64 << 10;   // of a pattern as it is written

re2::RE2::Options options() {
  re2::RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(kMostMemory);
  return out;
}

}  // namespace

Pattern::Pattern(const std::string& pattern) {
  if (pattern.size() > kMostBytes)
    throw Error(Code::Invalid, "this pattern has " + std::to_string(pattern.size()) + " bytes; at most " +
                                   std::to_string(kMostBytes) + " are taken");
  compiled_ = std::make_unique<re2::RE2>(pattern, options());
  if (!compiled_->ok())
    throw Error(Code::Invalid,
                "'" + pattern.substr(0, 80) + "' is no pattern of RE2's language: " + compiled_->error());
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;

bool Pattern::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace hanok::store
