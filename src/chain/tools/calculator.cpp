#include "chain/tools/input.h"
#include "hanok/tools.h"

namespace hanok::chain {
namespace {

/// Models write "12.5% * 80 = 10" into it: what they want to know stands before the sign, what they guess behind it.
std::string calculated(const std::string& expression) {
  const size_t equals = expression.find('=');
  const std::string before = expression.substr(0, equals);
  if (equals == expression.npos || before.find_first_not_of(" \t\n") == before.npos) return calculate(expression);
  return calculate(before) + "\n[what stands behind '=' was not read]";
}

}  // namespace

std::shared_ptr<const AgentTool> make_calculator() {
  return make_tool({"calculator",
                    "Computes exactly: + - * / ^ % ! mod, sqrt(2), lengths of time (3 h 20 min + 45 min in h), dates "
                    "(2026-12-25 - today in days, weekday(2026-11-29)).",
                    one_text("expression", "for example 12.5% * 80")},
                   [](const std::string& input) { return calculated(text_in(tool_input(input), "expression")); });
}

}  // namespace hanok::chain
