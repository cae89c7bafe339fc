#include "base/json.h"

#include <algorithm>

#include "hanok/error.h"

namespace hanok::base {
namespace {

constexpr int kMaxDepth = 512;

// Depth by counting brackets outside strings; cheap, and it runs before the recursive parser sees the text.
int depth(std::string_view text) {
  int now = 0, most = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      most = std::max(most, ++now);
    } else if (c == '}' || c == ']') {
      --now;
    }
  }
  return most;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  if (depth(text) > kMaxDepth)
    throw Error(Code::Invalid, std::string(what) + ": JSON nested deeper than " + std::to_string(kMaxDepth));
  try {
    return Json::parse(text);
  } catch (const Json::exception& e) {
    throw Error(Code::Invalid, std::string(what) + ": not valid JSON: " + e.what());
  }
}

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string dump_json(const OrderedJson& value, int indent) {
  return value.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace hanok::base
