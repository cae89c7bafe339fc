#include "server/wire/body.h"

#include <cmath>
#include <cstring>

#include "hanok/error.h"
#include "server/base64.h"

namespace hanok::server {
namespace {

using simdjson::dom::element_type;

constexpr size_t kDeepest = 64;  // deeper is not a request but an attack on the stack of whoever reads it

[[noreturn]] void invalid(std::string_view place, const std::string& what) {
  throw Error(Code::Invalid, std::string(place) + ": " + what);
}

[[noreturn]] void wrong_kind(std::string_view place, const std::string& expected, Element found) {
  invalid(place, "expected " + expected + ", found " + std::string(kind_of(found)));
}

void check_finite(const float* row, size_t count, std::string_view place) {
  for (size_t i = 0; i < count; ++i)
    if (!std::isfinite(row[i]))
      invalid(place,
              "number " + std::to_string(i) + " is not finite as a 32-bit float; vectors hold finite numbers only");
}

template <typename Tree>
Tree tree_of(Element value) {
  switch (value.type()) {
    case element_type::ARRAY: {
      Tree out = Tree::array();
      for (const Element item : Array(value)) out.push_back(tree_of<Tree>(item));
      return out;
    }
    case element_type::OBJECT: {
      Tree out = Tree::object();
      for (const auto field : Object(value)) out[std::string(field.key)] = tree_of<Tree>(field.value);
      return out;
    }
    case element_type::STRING:
      return std::string(std::string_view(value));
    case element_type::BOOL:
      return bool(value);
    case element_type::INT64:
      return int64_t(value);
    case element_type::UINT64:
      return uint64_t(value);
    case element_type::DOUBLE:
      return double(value);
    case element_type::NULL_VALUE:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

Body::Body(std::string_view text) : parser_(simdjson::SIMDJSON_MAXSIZE_BYTES) {
  // Room for the deepest that is allowed: the parser refuses what goes beyond.
  if (parser_.allocate(text.size(), kDeepest) != simdjson::SUCCESS)
    throw Error(Code::Exhausted, "body: no memory to read " + std::to_string(text.size()) + " bytes of JSON");
  const auto error = parser_.parse(text.data(), text.size()).get(root_);
  if (error == simdjson::DEPTH_ERROR)
    throw Error(Code::Invalid, "body: JSON nested deeper than " + std::to_string(kDeepest) + " levels");
  if (error == simdjson::EMPTY) throw Error(Code::Invalid, "body: is empty, expected a JSON object");
  if (error == simdjson::NUMBER_ERROR)
    throw Error(Code::Invalid, "body: a number is malformed or too large (NaN and Infinity are no JSON)");
  if (error != simdjson::SUCCESS)
    throw Error(Code::Invalid, std::string("body: not JSON: ") + simdjson::error_message(error));
}

Object Body::object() const { return object_of(root_, "body"); }

std::string_view kind_of(Element value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return "a list";
    case element_type::OBJECT:
      return "an object";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "true or false";
    case element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

std::optional<Element> member(Object object, std::string_view name) {
  Element value;
  if (object.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

Element required(Object object, std::string_view name) {
  const auto value = member(object, name);
  if (!value) invalid(name, "is missing");
  return *value;
}

std::string_view text_of(Element value, std::string_view place) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) wrong_kind(place, "a string", value);
  return text;
}

bool flag_of(Element value, std::string_view place) {
  bool flag = false;
  if (value.get(flag) != simdjson::SUCCESS) wrong_kind(place, "true or false", value);
  return flag;
}

bool flag(Object object, std::string_view name, bool otherwise) {
  const auto value = member(object, name);
  return value ? flag_of(*value, name) : otherwise;
}

double number_of(Element value, std::string_view place) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS) wrong_kind(place, "a number", value);
  return number;
}

int64_t whole_of(Element value, std::string_view place, int64_t least, int64_t most) {
  int64_t whole = 0;
  if (value.get(whole) != simdjson::SUCCESS) {
    const double number = number_of(value, place);
    if (number != std::floor(number) || std::abs(number) > 0x1p53)
      invalid(place, "expected a whole number, found " + std::to_string(number));
    whole = static_cast<int64_t>(number);
  }
  if (whole < least || whole > most)
    invalid(place, "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                       ", found " + std::to_string(whole));
  return whole;
}

Object object_of(Element value, std::string_view place) {
  Object object;
  if (value.get(object) != simdjson::SUCCESS) wrong_kind(place, "an object", value);
  return object;
}

Array array_of(Element value, std::string_view place) {
  Array array;
  if (value.get(array) != simdjson::SUCCESS) wrong_kind(place, "a list", value);
  return array;
}

std::vector<std::string> texts_of(Element value, std::string_view place) {
  std::vector<std::string> out;
  for (const Element item : array_of(value, place))
    out.emplace_back(text_of(item, std::string(place) + "[" + std::to_string(out.size()) + "]"));
  return out;
}

void append_floats(Element value, std::string_view place, std::vector<float>& row) {
  const size_t begin = row.size();
  for (const Element item : array_of(value, place)) {
    double number = 0;
    if (item.get(number) != simdjson::SUCCESS)
      wrong_kind(std::string(place) + "[" + std::to_string(row.size() - begin) + "]", "a number", item);
    row.push_back(static_cast<float>(number));
  }
  check_finite(row.data() + begin, row.size() - begin, place);
}

void append_base64_floats(std::string_view text, std::string_view place, std::vector<float>& row) {
  const auto bytes = base64_decoded(text);
  if (!bytes) invalid(place, "expected base64 of 32-bit floats, found a text that is not base64");
  if (bytes->size() % sizeof(float) != 0)
    invalid(place, "expected base64 of 32-bit floats, found " + std::to_string(bytes->size()) + " bytes");
  const size_t begin = row.size();
  row.resize(begin + bytes->size() / sizeof(float));
  if (!bytes->empty()) std::memcpy(row.data() + begin, bytes->data(), bytes->size());
  check_finite(row.data() + begin, row.size() - begin, place);
}

nlohmann::json json_of(Element value) { return tree_of<nlohmann::json>(value); }

nlohmann::ordered_json ordered_json_of(Element value) { return tree_of<nlohmann::ordered_json>(value); }

}  // namespace hanok::server
