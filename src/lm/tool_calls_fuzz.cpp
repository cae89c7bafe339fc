// Any text in any style: what comes out is the same however the text is cut. The first byte chooses the style.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lm/tool_calls.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::lm;
  if (size < 1 || size > 1 << 16) return 0;
  const auto style = static_cast<ToolStyle>(data[0] % 8);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ToolPiece whole = parse_tool_calls(style, text);
  ToolCallParser parser(style);
  ToolPiece all;
  const auto add = [&](const ToolPiece& p) {
    all.text += p.text;
    all.calls.insert(all.calls.end(), p.calls.begin(), p.calls.end());
  };
  for (size_t i = 0; i < text.size(); i += 3) add(parser.add(text.substr(i, 3)));
  add(parser.finish());
  if (all.calls != whole.calls || all.text != whole.text) std::abort();
  return 0;
}
