#include "chain/chat/message_json.h"

#include "hanok/error.h"

namespace hanok::chain {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  Message message(const base::Json& json, const std::string& where) const {
    if (!json.is_object()) bad(where, "an object");
    Message out;
    out.role = text(json, "role", where);
    const auto parts = json.find("parts");
    if (parts == json.end() || !parts->is_array()) bad(where + ".parts", "a list");
    for (const auto& part : *parts) {
      if (!part.is_object()) bad(where + ".parts", "objects");
      if (part.contains("text"))
        out.parts.push_back({Part::Kind::Text, text(part, "text", where)});
      else
        out.parts.push_back({Part::Kind::Image, text(part, "image", where)});
    }
    if (const auto calls = json.find("tool_calls"); calls != json.end()) {
      if (!calls->is_array()) bad(where + ".tool_calls", "a list");
      for (const auto& call : *calls) {
        if (!call.is_object()) bad(where + ".tool_calls", "objects");
        out.tool_calls.push_back({text(call, "id", where), text(call, "name", where), text(call, "arguments", where)});
      }
    }
    if (json.contains("tool_call_id")) out.tool_call_id = text(json, "tool_call_id", where);
    return out;
  }

 private:
  [[noreturn]] void bad(const std::string& where, const std::string& expected) const {
    throw Error(Code::Corrupt, file_ + (where.empty() ? "" : ": " + where) + ": " + expected + " was expected");
  }
  std::string text(const base::Json& object, const char* key, const std::string& where) const {
    const auto at = object.find(key);
    if (at == object.end() || !at->is_string()) bad(where + (where.empty() ? "" : ".") + key, "a text");
    return at->get<std::string>();
  }
  const std::string& file_;
};

}  // namespace

base::OrderedJson message_json(const Message& m) {
  base::OrderedJson out{{"role", m.role}, {"parts", base::OrderedJson::array()}};
  for (const Part& p : m.parts) out["parts"].push_back({{p.kind == Part::Kind::Text ? "text" : "image", p.content}});
  for (const ToolCall& c : m.tool_calls)
    out["tool_calls"].push_back({{"id", c.id}, {"name", c.name}, {"arguments", c.arguments}});
  if (!m.tool_call_id.empty()) out["tool_call_id"] = m.tool_call_id;
  return out;
}

Message read_message(const base::Json& json, const std::string& file, const std::string& where) {
  return Reader(file).message(json, where);
}

}  // namespace hanok::chain
