// Any schema, regular expression or grammar: it compiles and lets through what it says, or is an Error. The first byte
// chooses the kind, the second the draws.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/random.h"
#include "hanok/error.h"
#include "lm/grammar/guide.h"
#include "lm/grammar/json_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok;
  using namespace hanok::lm::grammar;
  if (size < 3 || size > 4096) return 0;
  static const auto vocabulary = [] {
    std::vector<std::string> bytes;
    for (int b = 0; b < 256; ++b) bytes.emplace_back(1, static_cast<char>(b));
    for (const char* more :
         {"\": \"", "\"}", "\", ", "true", "null", "}]", "12", "\\u00", "서", "\xED\x95", "  ", "ab"})
      bytes.emplace_back(more);
    return std::make_shared<const Vocabulary>(Vocabulary(std::move(bytes)));
  }();
  const std::string source(reinterpret_cast<const char*>(data) + 2, size - 2);
  Constraint c;
  (data[0] % 3 == 0 ? c.json_schema : data[0] % 3 == 1 ? c.regex : c.grammar) = source;
  try {
    Matcher m(std::make_shared<Engine>(constraint_rules(c), vocabulary));
    base::Random random(data[1]);
    std::string text;
    for (int n = 0; n < 64 && !m.must_end(); ++n) {
      const auto mask = m.mask();
      const uint64_t left = m.bytes_to_end();
      std::vector<int32_t> allowed;
      for (int32_t id = 0; id < static_cast<int32_t>(vocabulary->size()); ++id) {
        const bool on = mask[static_cast<size_t>(id) / 64] >> (id % 64) & 1;
        const auto then = m.bytes_to_end(id);
        if (on != then.has_value()) std::abort();  // the mask and plain trying
        if (on && (n < 24 || *then < left)) allowed.push_back(id);
      }
      if (allowed.empty() && !m.may_end()) std::abort();  // a dead end
      if (allowed.empty()) break;
      const int32_t id = allowed[random.below(allowed.size())];
      if (!m.accept(id)) std::abort();
      text += vocabulary->bytes(id);
    }
    if (data[0] % 3 == 0 && m.may_end())
      if (!schema_holds(base::OrderedJson::parse(source), base::OrderedJson::parse(text))) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
