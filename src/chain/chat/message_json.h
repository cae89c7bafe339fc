// Messages as JSON, as docs/formats/chat.md has them.
#pragma once

#include <string>

#include "base/json.h"
#include "hanok/chat.h"

namespace hanok::chain {

base::OrderedJson message_json(const Message& message);
/// Throws Corrupt: "FILE: WHERE.role: a text was expected".
Message read_message(const base::Json& json, const std::string& file, const std::string& where);

}  // namespace hanok::chain
