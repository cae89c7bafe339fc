#include "chain/outputs/schema_check.h"

#include <algorithm>
#include <cmath>

#include "hanok/error.h"
#include "lm/grammar/json_schema.h"

namespace hanok::chain {
namespace {

using base::OrderedJson;

constexpr size_t kShown = 60;  // bytes of a value in a message

std::string shown(const OrderedJson& value) {
  const std::string text = base::dump_json(value);
  return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
}

bool has_type(const std::string& type, const OrderedJson& v) {
  if (type == "integer") return v.is_number() && std::trunc(v.get<double>()) == v.get<double>();
  if (type == "number") return v.is_number();
  if (type == "string") return v.is_string();
  if (type == "boolean") return v.is_boolean();
  if (type == "array") return v.is_array();
  if (type == "object") return v.is_object();
  return type == "null" && v.is_null();
}

class Check {
 public:
  std::string run(const OrderedJson& schema, const OrderedJson& value, const std::string& place) {
    if (!schema.is_object()) return schema == OrderedJson(false) ? found(place, "nothing", value) : "";
    if (auto why = type(schema, value, place); !why.empty()) return why;
    if (schema.contains("const") && schema["const"] != value) return found(place, shown(schema["const"]), value);
    if (schema.contains("enum") && schema["enum"].is_array() &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
      return found(place, "one of " + base::dump_json(schema["enum"]), value);
    if (value.is_object()) return object(schema, value, place);
    if (value.is_array()) return array(schema, value, place);
    if (value.is_number()) return number(schema, value, place);
    return "";
  }

 private:
  static std::string found(const std::string& place, const std::string& expected, const OrderedJson& value) {
    return place + ": " + expected + " was expected, found " + shown(value);
  }

  static std::string type(const OrderedJson& schema, const OrderedJson& value, const std::string& place) {
    const auto t = schema.find("type");
    if (t == schema.end()) return "";
    const OrderedJson list = t->is_array() ? *t : OrderedJson::array({*t});
    for (const auto& one : list)
      if (one.is_string() && has_type(one.get<std::string>(), value)) return "";
    return found(place, "a value of type " + base::dump_json(*t), value);
  }

  std::string object(const OrderedJson& schema, const OrderedJson& value, const std::string& place) {
    const auto properties = schema.value("properties", OrderedJson::object());
    for (const auto& name : schema.value("required", OrderedJson::array()))
      if (name.is_string() && !value.contains(name.get<std::string>()))
        return place + ": \"" + name.get<std::string>() + "\" is missing";
    for (const auto& [name, one] : value.items()) {
      const std::string inside = place + "/" + name;
      if (properties.is_object() && properties.contains(name)) {
        if (auto why = run(properties[name], one, inside); !why.empty()) return why;
      } else if (schema.contains("additionalProperties")) {
        const auto& more = schema["additionalProperties"];
        if (more == OrderedJson(false)) return place + ": \"" + name + "\" is none of its properties";
        if (auto why = run(more, one, inside); !why.empty()) return why;
      }
    }
    return "";
  }

  std::string array(const OrderedJson& schema, const OrderedJson& value, const std::string& place) {
    if (const auto least = schema.value("minItems", uint64_t{0}); value.size() < least)
      return found(place, "at least " + std::to_string(least) + " items", value);
    if (const auto most = schema.value("maxItems", UINT64_MAX); value.size() > most)
      return found(place, "at most " + std::to_string(most) + " items", value);
    if (!schema.contains("items")) return "";
    for (size_t i = schema.value("prefixItems", OrderedJson::array()).size(); i < value.size(); ++i)
      if (auto why = run(schema["items"], value[i], place + "/" + std::to_string(i)); !why.empty()) return why;
    return "";
  }

  static std::string number(const OrderedJson& schema, const OrderedJson& value, const std::string& place) {
    const double x = value.get<double>();
    if (schema.contains("minimum") && schema["minimum"].is_number() && x < schema["minimum"].get<double>())
      return found(place, "a number of at least " + schema["minimum"].dump(), value);
    if (schema.contains("maximum") && schema["maximum"].is_number() && x > schema["maximum"].get<double>())
      return found(place, "a number of at most " + schema["maximum"].dump(), value);
    return "";
  }
};

}  // namespace

std::string why_not(const OrderedJson& schema, const OrderedJson& value) {
  try {
    if (auto why = Check().run(schema, value, "#"); !why.empty()) return why;
  } catch (const OrderedJson::exception& e) {
    throw Error(Code::Invalid, std::string("JSON schema: a keyword's value is of the wrong kind: ") + e.what());
  }
  return lm::grammar::schema_holds(schema, value) ? "" : "#: " + shown(value) + " does not satisfy the schema";
}

}  // namespace hanok::chain
