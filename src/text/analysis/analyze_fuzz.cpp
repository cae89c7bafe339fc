// Any bytes as a passage and as a query: terms must lie within the text, in order, and be the same each time.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "hanok/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using hanok::text::Term;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const bool query : {false, true}) {
    const auto terms = hanok::text::analyze(text, {.query = query});
    uint32_t position = 0;
    for (const Term& term : terms)
      if (term.form.empty() || term.span.start >= term.span.end || term.span.end > size || term.position != position++)
        std::abort();
    if (hanok::text::analyze(text, {.query = query}).size() != terms.size()) std::abort();
  }
  return 0;
}
