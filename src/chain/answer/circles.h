// Small models go round in circles until their limit; this says where.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hanok::chain::answer {

class Circles {
 public:
  /// Of an answer's sentences one after another: true for one that says the same as those before it once too often.
  /// That is where up to eight sentences come for the third time without others between them, and what was said again
  /// has 48 bytes: three short rows of a table or a poem's refrain are none. A sentence's number in a list does not
  /// tell it apart.
  bool closed_by(std::string_view sentence);

 private:
  bool repeats(size_t period) const;
  std::vector<std::string> said_;
};

}  // namespace hanok::chain::answer
