// tokenizer.json from anyone: a tokenizer, or an Error; and whatever tokenizer it is can be used.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "text/tokenizers/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok;
  static constexpr const char* kTexts[] = {"", "a", " ab  a\n\nb 12345's ",
                                           "한국어 word\xCC\x81 \xFF\xED\xA0\x80 <s>ab", "AAAA\t(c)!"};
  try {
    const auto tokenizer = text::Tokenizer::parse({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const char* text : kTexts) {
      try {
        const auto ids = tokenizer.encode(text, {.max_length = 16}).ids;
        if (ids.size() > 16 + tokenizer.added_by_encode()) std::abort();
        tokenizer.encode_pair(text, "a b");
        tokenizer.decode(ids);
        tokenizer.decode(ids, false);
      } catch (const Error&) {
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
