// Conversations with gaps.
#include <algorithm>
#include <set>

#include "hanok/error.h"
#include "hanok/prompts.h"

namespace hanok::chain {
namespace {

std::string role_of(const std::string& name) {
  if (name == "human" || name == "user") return "user";
  if (name == "ai" || name == "assistant") return "assistant";
  if (name == "system" || name == "tool") return name;
  throw Error(Code::Invalid,
              "chat prompt: '" + name + "' is no role; there are system, user (human), assistant (ai) and tool");
}

/// The last n, but for results at the beginning: the call that they answer was cut off.
std::vector<Message> last_of(const std::vector<Message>& messages, size_t n) {
  size_t from = n == 0 || messages.size() <= n ? 0 : messages.size() - n;
  while (from > 0 && from < messages.size() && messages[from].role == "tool") ++from;
  return {messages.begin() + static_cast<ptrdiff_t>(from), messages.end()};
}

}  // namespace

ChatPromptTemplate::ChatPromptTemplate(std::vector<Item> items) : items_(std::move(items)) {
  for (auto& item : items_) {
    if (auto* m = std::get_if<MessageTemplate>(&item)) m->role = role_of(m->role);
    if (auto* f = std::get_if<FewShotMessages>(&item)) {
      if (!f->examples) throw Error(Code::Invalid, "chat prompt: few-shot messages have no examples; give a selector");
      for (auto& m : f->example) m.role = role_of(m.role);
    }
  }
}

std::vector<std::string> ChatPromptTemplate::variables() const {
  std::set<std::string> names;
  for (const auto& item : items_)
    if (const auto* m = std::get_if<MessageTemplate>(&item))
      for (auto& name : m->text.variables()) names.insert(std::move(name));
  return {names.begin(), names.end()};
}

std::vector<std::string> ChatPromptTemplate::placeholders() const {
  std::set<std::string> names;
  for (const auto& item : items_)
    if (const auto* p = std::get_if<MessagesPlaceholder>(&item))
      if (!p->optional) names.insert(p->name);
  return {names.begin(), names.end()};
}

std::vector<Message> ChatPromptTemplate::format(const Values& values, const MessageValues& messages) const {
  std::string missing;
  const auto miss = [&](const std::string& name) { missing += (missing.empty() ? "" : ", ") + name; };
  for (const auto& name : variables())
    if (!values.count(name)) miss(name);
  for (const auto& name : placeholders())
    if (!messages.count(name)) miss(name + " (messages)");
  if (!missing.empty()) throw Error(Code::Invalid, "chat prompt: no value for " + missing);

  std::vector<Message> out;
  for (const auto& item : items_) {
    if (const auto* m = std::get_if<MessageTemplate>(&item)) {
      out.emplace_back(m->role, m->text.format(values));
    } else if (const auto* p = std::get_if<MessagesPlaceholder>(&item)) {
      const auto given = messages.find(p->name);
      if (given == messages.end()) continue;
      for (auto& message : last_of(given->second, p->last)) out.push_back(std::move(message));
    } else if (const auto* f = std::get_if<FewShotMessages>(&item)) {
      for (const Example& example : f->examples->select(values))
        for (const auto& m : f->example) out.emplace_back(m.role, m.text.format(example));
    }
  }
  return out;
}

ChatPromptTemplate ChatPromptTemplate::partial(const Values& values) const {
  const auto known = variables();
  for (const auto& [name, value] : values)
    if (!std::binary_search(known.begin(), known.end(), name))
      throw Error(Code::Invalid, "chat prompt: it has no gap '" + name + "' to fill beforehand");
  ChatPromptTemplate out = *this;
  for (auto& item : out.items_) {
    auto* m = std::get_if<MessageTemplate>(&item);
    if (!m) continue;
    for (const auto& name : m->text.variables())
      if (const auto given = values.find(name); given != values.end())
        m->text = m->text.partial({{name, given->second}});
  }
  return out;
}

}  // namespace hanok::chain
