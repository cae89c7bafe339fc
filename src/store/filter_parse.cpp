#include <map>

#include "store/filter.h"
#include "store/pattern.h"

namespace hanok::store {
namespace {

using Kind = Condition::Kind;
using Op = Condition::Op;

constexpr int kMaxDepth = 64;  // deeper is not a question but an attack on the stack

[[noreturn]] void invalid(const std::string& place, const std::string& what) {
  throw Error(Code::Invalid, place + ": " + what);
}

Condition compare(std::string field, Op op, Json value) {
  return {.kind = Kind::Compare, .field = std::move(field), .op = op, .value = std::move(value)};
}

Condition negate(Condition part) {
  Condition out{.kind = Kind::Not};
  out.parts.push_back(std::move(part));
  return out;
}

bool is_scalar(const Json& v) { return v.is_string() || v.is_number() || v.is_boolean(); }

void check_operand(const std::string& place, Op op, const Json& v) {
  const std::string found = std::string(", found ") + v.type_name();
  switch (op) {
    case Op::Eq:
      if (!is_scalar(v)) invalid(place, "needs a string, a number or true/false" + found);
      break;
    case Op::Gt:
    case Op::Gte:
    case Op::Lt:
    case Op::Lte:
      if (!v.is_string() && !v.is_number()) invalid(place, "needs a number or a string" + found);
      break;
    case Op::In:
      if (!v.is_array()) invalid(place, "needs a list" + found);
      for (const auto& e : v)
        if (!is_scalar(e))
          invalid(place, "its list may hold strings, numbers and true/false" + found + " of " + e.type_name());
      break;
    case Op::Contains:
      if (!is_scalar(v)) invalid(place, "needs a string, a number or true/false" + found);
      break;
    case Op::Regex:
      if (!v.is_string()) invalid(place, "needs a pattern" + found);
      try {
        Pattern(v.get_ref<const std::string&>());
      } catch (const Error& e) {
        invalid(place, e.what());
      }
      break;
    case Op::Exists:
      if (!v.is_boolean()) invalid(place, "needs true or false" + found);
      break;
  }
}

Condition parse_object(const Json& where, const std::string& place, int depth);
Condition parse_field(const std::string& field, const Json& operand, const std::string& place, int depth);

Condition parse_operator(const std::string& field, const std::string& name, const Json& v, const std::string& place,
                         int depth) {
  static const std::map<std::string, std::pair<Op, bool>> ops = {// operator, negated
                                                                 {"$eq", {Op::Eq, false}},
                                                                 {"$ne", {Op::Eq, true}},
                                                                 {"$gt", {Op::Gt, false}},
                                                                 {"$gte", {Op::Gte, false}},
                                                                 {"$lt", {Op::Lt, false}},
                                                                 {"$lte", {Op::Lte, false}},
                                                                 {"$in", {Op::In, false}},
                                                                 {"$nin", {Op::In, true}},
                                                                 {"$contains", {Op::Contains, false}},
                                                                 {"$exists", {Op::Exists, false}},
                                                                 {"$not_contains", {Op::Contains, true}},
                                                                 {"$regex", {Op::Regex, false}},
                                                                 {"$not_regex", {Op::Regex, true}}};
  if (name == "$not") {
    if (!v.is_object()) invalid(place, "needs an object of operators, as {\"$not\": {\"$gt\": 3}}");
    return negate(parse_field(field, v, place, depth + 1));
  }
  const auto found = ops.find(name);
  if (found == ops.end())
    invalid(place,
            "unknown operator; there are $eq $ne $gt $gte $lt $lte $in $nin $exists $contains $not_contains $regex "
            "$not_regex $and $or $not");
  const auto [op, negated] = found->second;
  check_operand(place, op, v);
  if (op == Op::Exists && !v.get<bool>()) return negate(compare(field, op, true));
  if (field[0] == '#' && op != Op::Exists && op != Op::In && !v.is_string())
    invalid(place, std::string("needs a string, found ") + v.type_name());
  Condition out = compare(field, op, v);
  return negated ? negate(std::move(out)) : out;
}

Condition parse_field(const std::string& field, const Json& operand, const std::string& place, int depth) {
  if (depth > kMaxDepth) invalid(place, "is nested deeper than " + std::to_string(kMaxDepth) + " levels");
  if (field[0] == '#' && field != "#document" && field != "#id" && field != "#namespace")
    invalid(place, "is not a field; there are #document, #id and #namespace");
  if (is_scalar(operand)) return parse_operator(field, "$eq", operand, place, depth);
  if (!operand.is_object() || operand.empty())
    invalid(place, std::string("needs a value or operators, as {\"$gt\": 3}; found ") +
                       (operand.is_object() ? "{}" : operand.type_name()));
  Condition out{.kind = Kind::And};
  for (const auto& [name, v] : operand.items())
    out.parts.push_back(parse_operator(field, name, v, place + "." + name, depth));
  return out;
}

Condition parse_list(Kind kind, const Json& list, const std::string& place, int depth) {
  if (!list.is_array() || list.empty()) invalid(place, "needs a list of conditions that is not empty");
  Condition out{.kind = kind};
  for (size_t i = 0; i < list.size(); ++i)
    out.parts.push_back(parse_object(list[i], place + "[" + std::to_string(i) + "]", depth + 1));
  return out;
}

Condition parse_object(const Json& where, const std::string& place, int depth) {
  if (depth > kMaxDepth) invalid(place, "is nested deeper than " + std::to_string(kMaxDepth) + " levels");
  if (!where.is_object())
    invalid(place, std::string("needs an object, as {\"year\": 2024}; found ") + where.type_name());
  Condition out{.kind = Kind::And};
  for (const auto& [key, v] : where.items()) {
    const std::string here = place + "." + key;
    if (key == "$and")
      out.parts.push_back(parse_list(Kind::And, v, here, depth));
    else if (key == "$or")
      out.parts.push_back(parse_list(Kind::Or, v, here, depth));
    else if (key == "$not")
      out.parts.push_back(negate(parse_object(v, here, depth + 1)));
    else if (key.empty() || key[0] == '$')
      invalid(here, "is not a field, and the operators between conditions are $and, $or and $not");
    else
      out.parts.push_back(parse_field(key, v, here, depth));
  }
  return out;
}

}  // namespace

Condition parse_condition(const Json& where) { return parse_object(where, "where", 0); }

Filter::Filter(const Json& where) {
  if (where.is_null()) return;
  parse_condition(where);
  if (!where.empty()) where_ = where;
}

}  // namespace hanok::store
