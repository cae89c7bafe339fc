#include <set>

#include "hanok/error.h"
#include "hanok/prompts.h"

namespace hanok::chain {

std::string FewShotPrompt::format(const Values& values) const {
  if (!examples) throw Error(Code::Invalid, "few-shot prompt: it has no examples; give it a selector");
  std::vector<std::string> parts{prefix.format(values)};
  for (const Example& e : examples->select(values)) parts.push_back(example.format(e));
  parts.push_back(suffix.format(values));
  std::string out;
  bool first = true;
  for (const auto& part : parts) {
    if (part.empty()) continue;
    out += (first ? "" : separator) + part;
    first = false;
  }
  return out;
}

std::vector<std::string> FewShotPrompt::variables() const {
  std::set<std::string> names;
  for (const auto* part : {&prefix, &suffix})
    for (auto& name : part->variables()) names.insert(std::move(name));
  return {names.begin(), names.end()};
}

}  // namespace hanok::chain
