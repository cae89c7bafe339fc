// What tools read of their input, and how they cut what they give.
#pragma once

#include <string>

#include "base/json.h"

namespace hanok::chain {

/// The object that a tool was given. Throws Invalid.
inline base::Json tool_input(const std::string& input) {
  auto json = base::parse_json(input, "the input");
  return json.is_object() ? json : base::Json::object();
}
/// A text of it, empty where it is not there.
inline std::string text_in(const base::Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}
/// At most so many bytes, whole characters; what is cut is said.
std::string cut_bytes(const std::string& text, size_t most);

/// A schema of one text that must be there.
std::string one_text(const std::string& name, const std::string& description);

}  // namespace hanok::chain
