// Any YAML: it is a flow, or an Error. Any template too.
#include <cstdint>
#include <string>

#include "hanok/error.h"
#include "hanok/flows.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    (void)hanok::chain::Flow::read(text, "fuzz").prompts({{"question", "{braces}"}});
  } catch (const hanok::Error&) {
  }
  try {
    const hanok::chain::PromptTemplate t(text);
    hanok::chain::Values values;
    for (const auto& name : t.variables()) values[name] = "{" + name + "}";
    (void)t.format(values);
  } catch (const hanok::Error&) {
  }
  return 0;
}
