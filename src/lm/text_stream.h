// Tokens -> text as it comes: whole characters only, and nothing that may turn out to be a stop string.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace hanok::lm {

class TextStream {
 public:
  using Decode = std::function<std::string(std::span<const int32_t>)>;
  /// `before`: the end of what stands before the text, which decides how its first token is written.
  TextStream(Decode decode, std::vector<std::string> stops, std::span<const int32_t> before = {});

  /// The text that is certain now; empty where the token ends inside a character or a possible stop string.
  std::string add(int32_t id);
  /// True once a stop string has come; what stands before it has been given out, nothing behind it will be.
  bool stopped() const { return stopped_; }
  /// What was held back, at the end.
  std::string finish();

 private:
  std::string release(std::string fresh, bool last);
  void keep_whole();
  void forget();
  Decode decode_;
  std::vector<std::string> stops_;
  std::vector<int32_t> ids_;   // the last tokens: from those whose text is out on
  size_t read_ = 0;            // of ids_: tokens whose text is out
  std::vector<size_t> whole_;  // of ids_: where a character ended, ascending; ids_ is cut there alone
  std::string held_;           // decoded, but perhaps the beginning of a stop string
  bool stopped_ = false;
};

}  // namespace hanok::lm
