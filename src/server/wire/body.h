// JSON bodies read by simdjson: for requests that are mostly numbers. The words of an error name the place:
// "embeddings[3]: expected 384 numbers, found 383".
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::server {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using Array = simdjson::dom::array;

/// A request's JSON, read once. Refused as Invalid: what is no JSON or no UTF-8, numbers beyond a double or 64 bits,
/// nesting deeper than 64.
class Body {
 public:
  explicit Body(std::string_view text);
  Element root() const { return root_; }
  /// The root, which must be an object.
  Object object() const;

 private:
  simdjson::dom::parser parser_;
  Element root_;
};

/// A member's value; nothing where it is missing or null.
std::optional<Element> member(Object object, std::string_view name);
/// Invalid "NAME: is missing" where there is none.
Element required(Object object, std::string_view name);

// Each throws Invalid with the place where the value is of another kind.
std::string_view text_of(Element value, std::string_view place);
bool flag_of(Element value, std::string_view place);
/// Of a member; `otherwise` where it is missing or null.
bool flag(Object object, std::string_view name, bool otherwise = false);
double number_of(Element value, std::string_view place);
/// 3 and 3.0, within [least, most].
int64_t whole_of(Element value, std::string_view place, int64_t least = std::numeric_limits<int64_t>::min(),
                 int64_t most = std::numeric_limits<int64_t>::max());
Object object_of(Element value, std::string_view place);
Array array_of(Element value, std::string_view place);
std::vector<std::string> texts_of(Element value, std::string_view place);
/// Appends the numbers of a list; Invalid for one that is not finite as a 32-bit float (1e39).
void append_floats(Element value, std::string_view place, std::vector<float>& row);
/// The same from little-endian 32-bit floats in base64, of whatever alphabet (+/ or -_) and with or without padding.
void append_base64_floats(std::string_view text, std::string_view place, std::vector<float>& row);
/// What kind of value it is, for messages: "a number", "null", ...
std::string_view kind_of(Element value);

nlohmann::json json_of(Element value);
/// The same with the order of keys kept: for what a client gets back as it gave it.
nlohmann::ordered_json ordered_json_of(Element value);

}  // namespace hanok::server
