// Any template: it renders within its limits, or is an Error.
#include <cstdint>
#include <string>

#include "hanok/error.h"
#include "text/template/template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::text;
  static const jinja::Dict variables = [] {
    jinja::Dict message, out;
    message.set("role", "user");
    message.set("content", " 안녕 <b>hello</b> ");
    out.set("messages", jinja::List{jinja::Value(message), jinja::Value(message)});
    out.set("add_generation_prompt", true);
    return out;
  }();
  try {
    const auto t = Template::parse(std::string(reinterpret_cast<const char*>(data), size), "fuzz",
                                   {.max_steps = 20'000, .max_output = 1 << 16});
    (void)t.render(variables);
  } catch (const hanok::Error&) {
  }
  return 0;
}
