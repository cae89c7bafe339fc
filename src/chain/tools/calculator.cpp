#include "chain/tools/input.h"
#include "hanok/tools.h"

namespace hanok::chain {

std::shared_ptr<const AgentTool> make_calculator() {
  return make_tool({"calculator",
                    "Computes exactly: + - * / ^ % ! mod, sqrt(2), lengths of time (3 h 20 min + 45 min in h), dates "
                    "(2026-12-25 - today in days, weekday(2026-11-29)).",
                    one_text("expression", "for example 12.5% * 80")},
                   [](const std::string& input) { return calculate(text_in(tool_input(input), "expression")); });
}

}  // namespace hanok::chain
