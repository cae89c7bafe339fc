// Regular expressions of conditions. RE2: a search takes time linear in the text, whatever the pattern, and a pattern
// that would need much memory is refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace hanok::store {

class Pattern {
 public:
  /// Throws Invalid, saying what is wrong.
  explicit Pattern(const std::string& pattern);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  bool found_in(std::string_view text) const;

 private:
  std::unique_ptr<re2::RE2> compiled_;
};

}  // namespace hanok::store
