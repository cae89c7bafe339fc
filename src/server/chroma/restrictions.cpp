#include "server/chroma/restrictions.h"

#include <array>

#include "base/json.h"

namespace hanok::server::chroma {
namespace {

bool switched_off(const Tree& kinds, const char* kind, const char* index) {
  const Tree* indexes = find(kinds, kind);
  const Tree* one = indexes == nullptr ? nullptr : find(*indexes, index);
  return one != nullptr && (*one)["enabled"] == false;
}

constexpr std::array<std::pair<const char*, const char*>, 4> kInverted = {{{"string", "string_inverted_index"},
                                                                           {"int", "int_inverted_index"},
                                                                           {"float", "float_inverted_index"},
                                                                           {"bool", "bool_inverted_index"}}};

const char* kind_of_operand(const store::Json& value) {
  if (value.is_array()) return value.empty() ? "string" : kind_of_operand(value[0]);
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "bool";
  return value.is_number_float() ? "float" : "int";
}

bool forbidden(const store::Json& restrictions, const std::string& key, const std::string& kind) {
  const auto& keys = restrictions.at("keys");
  if (const auto at = keys.find(key); at != keys.end() && at->contains(kind)) return at->at(kind) == false;
  return restrictions.at("defaults").value(kind, true) == false;
}

void check_field(const store::Json& restrictions, const std::string& key, const store::Json& operand) {
  const store::Json& value = operand.is_object() && !operand.empty() ? *operand.begin() : operand;
  if (key == "#document") {
    if (restrictions.at("words") == false)
      refuse_argument("Cannot filter using full-text search because FTS indexing is disabled");
    return;
  }
  const std::string kind = kind_of_operand(value);
  if (forbidden(restrictions, key, kind))
    refuse_argument("Cannot filter using metadata key '" + key + "' with type '" + kind +
                    "' because indexing is disabled");
}

void check_conditions(const store::Json& restrictions, const store::Json& where) {
  for (const auto& [key, value] : where.items()) {
    if (key == "$and" || key == "$or") {
      for (const auto& part : value) check_conditions(restrictions, part);
    } else {
      check_field(restrictions, key, value);
    }
  }
}

}  // namespace

std::string restrictions_of(const Description& description) {
  const Tree& schema = description.schema;
  store::Json out = {{"defaults", store::Json::object()}, {"keys", store::Json::object()}, {"words", true}};
  bool any = false;
  for (const auto& [kind, index] : kInverted)
    if (switched_off(schema.at("defaults"), kind, index)) {
      out["defaults"][kind] = false;
      any = true;
    }
  for (const auto& [key, kinds] : schema.at("keys").items()) {
    if (key == "#document") {
      if (switched_off(kinds, "string", "fts_index")) {
        out["words"] = false;
        any = true;
      }
      continue;
    }
    for (const auto& [kind, index] : kInverted) {
      const Tree* indexes = find(kinds, kind);
      if (indexes == nullptr || find(*indexes, index) == nullptr) continue;
      const bool off = switched_off(kinds, kind, index);
      out["keys"][key][kind] = !off;
      any = any || off;
    }
  }
  return any ? base::dump_json(out) : "";
}

void check_allowed(std::string_view restrictions, const store::Json& where) {
  if (restrictions.empty() || !where.is_object()) return;
  check_conditions(base::parse_json(restrictions, "restrictions"), where);
}

void check_allowed(const store::Records& records, const store::Json& where) {
  if (where.is_object()) check_allowed(records.note(kRestrictions).value_or(""), where);
}

}  // namespace hanok::server::chroma
