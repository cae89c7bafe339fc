// A question set from anyone: questions whose paragraph is there, or an Error.
#include <cstddef>
#include <cstdint>

#include "chain/eval/squad.h"
#include "hanok/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::chain;
  try {
    const SquadSet set = parse_squad({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const SquadQuestion& q : set.questions) {
      const std::string& text = set.paragraphs.at(q.paragraph).text;
      exact_match(text, q.answers);
      f1(text, q.answers);
      holds_answer(text, q.answers);
    }
  } catch (const hanok::Error&) {
  }
  return 0;
}
