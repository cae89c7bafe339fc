#include "server/chroma/where.h"

#include <algorithm>
#include <array>

#include "server/chroma/service.h"

namespace hanok::server::chroma {
namespace {

using store::Json;

[[noreturn]] void invalid(const std::string& why) { refuse_argument("Invalid where clause: " + why); }
[[noreturn]] void invalid_document(const std::string& why) { refuse_argument("Invalid where document clause: " + why); }

using Refuse = void (*)(const std::string&);  // one of the two above: it does not come back

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

enum class Kind { Text, Flag, Number, Other };
Kind kind_of_value(Element value) {
  if (value.is_string()) return Kind::Text;
  if (value.is_bool()) return Kind::Flag;
  return value.is_number() ? Kind::Number : Kind::Other;
}

/// The one member of an object.
std::pair<std::string_view, Element> only_member(Element value, Refuse refused) {
  Object object;
  if (value.get(object) != simdjson::SUCCESS) refused("expected an object, found " + std::string(kind_of(value)));
  if (object.size() != 1)
    refused("expected exactly one key, found " + std::to_string(object.size()) +
            "; put several into {\"$and\": [...]}");
  const auto field = *object.begin();
  return {field.key, field.value};
}

template <typename Read>
Json read_list(std::string_view name, Element list, Read read, Refuse refused) {
  Array array;
  if (list.get(array) != simdjson::SUCCESS || array.size() == 0)
    refused(std::string(name) + " needs a list of conditions that is not empty");
  Json out = Json::array();
  for (const Element part : array) out.push_back(read(part));
  return {{std::string(name), std::move(out)}};
}

Json read_set(std::string_view key, std::string_view op, Element operand) {
  if (!one_of(op, {"$in", "$nin"}))
    invalid("'" + std::string(key) + "': " + std::string(op) + " takes no list; $in and $nin do");
  const Array values(operand);
  if (values.size() == 0) invalid("'" + std::string(key) + "': the list of " + std::string(op) + " is empty");
  const Kind kind = kind_of_value(values.at(0));
  for (const Element value : values)
    if (kind_of_value(value) != kind || kind == Kind::Other)
      invalid("'" + std::string(key) + "': the list of " + std::string(op) +
              " must hold strings only, numbers only or booleans only");
  return json_of(operand);
}

void check_operator(std::string_view key, std::string_view op, Element operand) {
  const Kind kind = kind_of_value(operand);
  const std::string place = "'" + std::string(key) + "': ";
  if (kind == Kind::Other)
    invalid(place + std::string(op) + " needs a string, a number or true/false, found " +
            std::string(kind_of(operand)));
  if (one_of(op, {"$eq", "$ne"})) return;
  if (one_of(op, {"$gt", "$gte", "$lt", "$lte"})) {
    if (kind != Kind::Number)
      invalid(place + std::string(op) + " needs a number, found " + std::string(kind_of(operand)));
    return;
  }
  if (one_of(op, {"$contains", "$not_contains"})) {
    if (key == "#document" && kind != Kind::Text) invalid(place + std::string(op) + " needs a string");
    return;
  }
  if (one_of(op, {"$regex", "$not_regex"})) {
    if (key != "#document" || kind != Kind::Text)
      invalid(place + std::string(op) + " needs the key #document and a string");
    return;
  }
  invalid(place + "unknown operator '" + std::string(op) + "'");
}

Json read_document_condition(Element where) {
  const auto [op, operand] = only_member(where, invalid_document);
  if (one_of(op, {"$and", "$or"})) return read_list(op, operand, read_document_condition, invalid_document);
  if (!one_of(op, {"$contains", "$not_contains", "$regex", "$not_regex"}))
    invalid_document("unknown operator '" + std::string(op) +
                     "'; there are $contains $not_contains $regex $not_regex $and $or");
  if (!operand.is_string())
    invalid_document(std::string(op) + " needs a string, found " + std::string(kind_of(operand)));
  return {{"#document", {{std::string(op), json_of(operand)}}}};
}

}  // namespace

Json read_condition(Element where) {
  const auto [key, value] = only_member(where, invalid);
  if (one_of(key, {"$and", "$or"})) return read_list(key, value, read_condition, invalid);
  if (key.empty() || key[0] == '$')
    invalid("'" + std::string(key) + "' is no key of metadata, and between conditions there are $and and $or");
  if (key[0] == '#' && !one_of(key, {"#document", "#id"})) invalid("'" + std::string(key) + "' is no key");
  const std::string name(key);
  if (kind_of_value(value) != Kind::Other) return {{name, {{"$eq", json_of(value)}}}};
  const auto [op, operand] = only_member(value, invalid);
  if (operand.is_array()) return {{name, {{std::string(op), read_set(key, op, operand)}}}};
  check_operator(key, op, operand);
  return {{name, {{std::string(op), json_of(operand)}}}};
}

Json read_where(Object body) {
  const auto where = member(body, "where"), document = member(body, "where_document");
  if (where && document) return {{"$and", Json::array({read_condition(*where), read_document_condition(*document)})}};
  if (where) return read_condition(*where);
  if (document) return read_document_condition(*document);
  return nullptr;
}

}  // namespace hanok::server::chroma
