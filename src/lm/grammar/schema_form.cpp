#include "lm/grammar/schema_form.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>

#include "hanok/error.h"
#include "lm/grammar/regex.h"
#include "text/tokenizers/unicode.h"

namespace hanok::lm::grammar {
namespace {

constexpr size_t kMostForms = 256;  // of one schema; branches within branches multiply

constexpr std::string_view kNotes[] = {"$schema", "$id",         "$comment", "$defs",      "definitions", "title",
                                       "default", "description", "examples", "deprecated", "readOnly",    "writeOnly"};
constexpr std::string_view kKnown[] = {"type",
                                       "enum",
                                       "const",
                                       "anyOf",
                                       "oneOf",
                                       "allOf",
                                       "$ref",
                                       "minimum",
                                       "maximum",
                                       "multipleOf",
                                       "minLength",
                                       "maxLength",
                                       "pattern",
                                       "format",
                                       "items",
                                       "prefixItems",
                                       "minItems",
                                       "maxItems",
                                       "uniqueItems",
                                       "properties",
                                       "required",
                                       "minProperties",
                                       "maxProperties",
                                       "additionalProperties",
                                       "exclusiveMinimum",
                                       "exclusiveMaximum"};

// Formats as patterns that are a little stricter than their standards.
constexpr std::string_view kDay = "((0[1-9]|1[0-2])-(0[1-9]|1\\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)";
constexpr std::string_view kTime = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";

std::optional<std::string> format_pattern(const std::string& name) {
  const std::string date = "\\d{3}[1-9]-" + std::string(kDay), time(kTime);
  const std::string byte = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)", label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  const std::string host = label + "(\\." + label + "){0,3}";
  const std::array<std::pair<std::string_view, std::string>, 7> known{
      {{"date", date},
       {"time", time},
       {"date-time", date + "T" + time},
       {"uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
       {"ipv4", byte + "(\\." + byte + "){3}"},
       {"hostname", host},
       {"email", "[a-zA-Z0-9_+-]{1,32}(\\.[a-zA-Z0-9_+-]{1,31})?@" + label + "(\\." + label + "){1,3}"}}};
  for (const auto& [of, pattern] : known)
    if (of == name) return "^" + pattern + "$";
  return std::nullopt;
}

bool listed(std::string_view key, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

std::string show(const Schema& value) {
  std::string text = base::dump_json(value);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

Schema all_of(const Schema& a, const Schema& b) {
  if (a == Schema(true) || a == b) return b;
  if (b == Schema(true)) return a;
  return {{"allOf", Schema::array({a, b})}};
}

unsigned type_bit(const std::string& name, const std::string& where) {
  static constexpr std::pair<std::string_view, unsigned> kTypes[] = {{"null", Plain::Null},
                                                                     {"boolean", Plain::Boolean},
                                                                     {"object", Plain::Object},
                                                                     {"array", Plain::Array},
                                                                     {"string", Plain::String},
                                                                     {"integer", Plain::Whole},
                                                                     {"number", Plain::Whole | Plain::Real}};
  for (const auto& [of, bit] : kTypes)
    if (of == name) return bit;
  schema_fault(Code::Invalid, where + "/type",
               "\"" + name + "\" is no type of JSON; there are null, boolean, object, array, string, integer, number");
}

unsigned type_of(const Schema& v) {
  switch (v.type()) {
    case Schema::value_t::null:
      return Plain::Null;
    case Schema::value_t::boolean:
      return Plain::Boolean;
    case Schema::value_t::object:
      return Plain::Object;
    case Schema::value_t::array:
      return Plain::Array;
    case Schema::value_t::string:
      return Plain::String;
    case Schema::value_t::number_float: {
      const double d = v.get<double>();
      return d == std::floor(d) ? Plain::Whole : Plain::Real;
    }
    default:
      return Plain::Whole;
  }
}

size_t count_of(const Schema& v, const std::string& where) {
  if (!v.is_number_unsigned() && !(v.is_number() && v.get<double>() >= 0 && type_of(v) == Plain::Whole))
    schema_fault(Code::Invalid, where, "expected a whole number from 0 on, found " + show(v));
  const double d = v.get<double>();
  if (d > 1e6) schema_fault(Code::Exhausted, where, "a count above 1000000");
  return static_cast<size_t>(d);
}

Decimal decimal_of(const Schema& v, const std::string& where) {
  if (!v.is_number()) schema_fault(Code::Invalid, where, "expected a number, found " + show(v));
  const auto out = Decimal::parse(v.dump());
  if (!out || out->whole.size() > 300)
    schema_fault(Code::Unsupported, where, "a limit as large or small as " + show(v));
  return *out;
}

void tighten_least(std::optional<Bound>& to, const Bound& with) {
  const int order = to ? compare(with.at, to->at) : 1;
  if (order > 0 || (order == 0 && with.strict)) to = with;
}
void tighten_most(std::optional<Bound>& to, const Bound& with) {
  const int order = to ? compare(with.at, to->at) : -1;
  if (order < 0 || (order == 0 && with.strict)) to = with;
}

bool equal(const Schema& a, const Schema& b) {  // 1 and 1.0 are one number; the order of keys is none
  return base::Json::parse(a.dump()) == base::Json::parse(b.dump());
}

// Both at once; types 0 where nothing satisfies both.
Plain both(const Plain& a, const Plain& b) {
  Plain out = a;
  out.types &= b.types;
  if (b.values) {
    if (out.values)
      std::erase_if(*out.values, [&](const Schema& v) {
        return std::none_of(b.values->begin(), b.values->end(), [&](const Schema& w) { return equal(v, w); });
      });
    else
      out.values = b.values;
  }
  if (b.number.least) tighten_least(out.number.least, *b.number.least);
  if (b.number.most) tighten_most(out.number.most, *b.number.most);
  out.multiples.insert(out.multiples.end(), b.multiples.begin(), b.multiples.end());
  out.least_length = std::max(a.least_length, b.least_length);
  out.most_length = std::min(a.most_length, b.most_length);
  for (const auto& p : b.patterns)
    if (std::find(out.patterns.begin(), out.patterns.end(), p) == out.patterns.end()) out.patterns.push_back(p);
  out.prefix.clear();
  for (size_t i = 0; i < std::max(a.prefix.size(), b.prefix.size()); ++i)
    out.prefix.push_back(
        all_of(i < a.prefix.size() ? a.prefix[i] : a.items, i < b.prefix.size() ? b.prefix[i] : b.items));
  out.items = all_of(a.items, b.items);
  out.least_items = std::max(a.least_items, b.least_items);
  out.most_items = std::min(a.most_items, b.most_items);
  out.unique = a.unique || b.unique;
  out.properties.clear();
  for (const auto& [name, schema] : a.properties) {
    const Schema* other = b.property(name);
    out.properties.emplace_back(name, all_of(schema, other ? *other : b.additional));
  }
  for (const auto& [name, schema] : b.properties)
    if (!a.property(name)) out.properties.emplace_back(name, all_of(a.additional, schema));
  out.additional = all_of(a.additional, b.additional);
  for (const auto& name : b.required)
    if (!a.requires_key(name)) out.required.push_back(name);
  out.least_properties = std::max(a.least_properties, b.least_properties);
  out.most_properties = std::min(a.most_properties, b.most_properties);
  return out;
}

}  // namespace

void schema_fault(Code code, const std::string& where, const std::string& what) {
  throw Error(code, "JSON schema: " + where + ": " + what);
}

const Schema* Plain::property(const std::string& name) const {
  for (const auto& [of, schema] : properties)
    if (of == name) return &schema;
  return nullptr;
}
bool Plain::requires_key(const std::string& name) const {
  return std::find(required.begin(), required.end(), name) != required.end();
}

// What the keywords beside references and branches say.
std::vector<Plain> SchemaForms::own(const Schema& s, const std::string& where) const {
  Plain p;
  const auto number_bound = [&](const char* key, bool strict, bool least) {
    if (!s.contains(key)) return;
    const Bound b{decimal_of(s.at(key), where + "/" + key), strict};
    least ? tighten_least(p.number.least, b) : tighten_most(p.number.most, b);
  };
  const auto count = [&](const char* key, size_t& to) {
    if (s.contains(key)) to = count_of(s.at(key), where + "/" + key);
  };
  const auto check_schema = [&](const char* key) {
    if (!s.at(key).is_object() && !s.at(key).is_boolean())
      schema_fault(s.at(key).is_array() ? Code::Unsupported : Code::Invalid, where + "/" + key,
                   s.at(key).is_array() ? "a list of schemas; draft 2020-12 calls it prefixItems"
                                        : "expected a schema, found " + show(s.at(key)));
  };
  for (const auto& [key, value] : s.items())
    if (!listed(key, kNotes) && !listed(key, kKnown))
      schema_fault(Code::Unsupported, where, "the keyword \"" + key + "\" is not supported");
  if (s.contains("type")) {
    const Schema& type = s.at("type");
    p.types = 0;
    if (type.is_string()) p.types = type_bit(type.get<std::string>(), where);
    if (type.is_array())
      for (const Schema& t : type) p.types |= t.is_string() ? type_bit(t.get<std::string>(), where) : 0u;
    if (p.types == 0) schema_fault(Code::Invalid, where + "/type", "expected a type or a list of types");
  }
  if (s.contains("enum")) {
    if (!s.at("enum").is_array()) schema_fault(Code::Invalid, where + "/enum", "expected a list");
    p.values.emplace(s.at("enum").begin(), s.at("enum").end());
  }
  if (s.contains("const")) {
    Plain one;
    one.values.emplace(1, s.at("const"));
    p = both(p, one);
  }
  number_bound("minimum", false, true);
  number_bound("exclusiveMinimum", true, true);
  number_bound("maximum", false, false);
  number_bound("exclusiveMaximum", true, false);
  if (s.contains("multipleOf")) {
    const Decimal d = decimal_of(s.at("multipleOf"), where + "/multipleOf");
    if (d.negative || d.zero()) schema_fault(Code::Invalid, where + "/multipleOf", "expected a number above 0");
    if (!d.fraction.empty() || d.whole.size() > 5 || std::stoul(d.whole) > kLargestMultiple)
      schema_fault(Code::Unsupported, where + "/multipleOf",
                   "multiples of anything but whole numbers up to " + std::to_string(kLargestMultiple));
    p.multiples.push_back(static_cast<uint32_t>(std::stoul(d.whole)));
  }
  count("minLength", p.least_length);
  count("maxLength", p.most_length);
  for (const char* key : {"pattern", "format"}) {
    if (!s.contains(key)) continue;
    if (!s.at(key).is_string()) schema_fault(Code::Invalid, where + "/" + key, "expected a string");
    const auto text = s.at(key).get<std::string>();
    const auto pattern = std::string_view(key) == "pattern" ? std::optional(text) : format_pattern(text);
    if (!pattern) schema_fault(Code::Unsupported, where + "/format", "the format \"" + text + "\" is not supported");
    p.patterns.push_back(*pattern);
  }
  if (s.contains("items")) check_schema("items"), p.items = s.at("items");
  if (s.contains("prefixItems")) {
    if (!s.at("prefixItems").is_array()) schema_fault(Code::Invalid, where + "/prefixItems", "expected a list");
    p.prefix.assign(s.at("prefixItems").begin(), s.at("prefixItems").end());
  }
  count("minItems", p.least_items);
  count("maxItems", p.most_items);
  if (s.contains("uniqueItems")) {
    if (!s.at("uniqueItems").is_boolean())
      schema_fault(Code::Invalid, where + "/uniqueItems", "expected true or false");
    p.unique = s.at("uniqueItems").get<bool>();
  }
  if (s.contains("properties")) {
    if (!s.at("properties").is_object()) schema_fault(Code::Invalid, where + "/properties", "expected an object");
    for (const auto& [name, schema] : s.at("properties").items()) p.properties.emplace_back(name, schema);
  }
  if (s.contains("required")) {
    if (!s.at("required").is_array()) schema_fault(Code::Invalid, where + "/required", "expected a list of names");
    for (const Schema& name : s.at("required")) {
      if (!name.is_string()) schema_fault(Code::Invalid, where + "/required", "expected a list of names");
      if (!p.requires_key(name.get<std::string>())) p.required.push_back(name.get<std::string>());
    }
  }
  if (s.contains("additionalProperties"))
    check_schema("additionalProperties"), p.additional = s.at("additionalProperties");
  count("minProperties", p.least_properties);
  count("maxProperties", p.most_properties);
  return {p};
}

const Schema& SchemaForms::resolve(const std::string& reference, const std::string& where) const {
  if (reference.empty() || reference[0] != '#')
    schema_fault(Code::Unsupported, where + "/$ref",
                 "\"" + reference + "\"; references within the document are known, \"#/$defs/name\"");
  if (reference.size() == 1) return root_;
  std::string pointer;  // percent signs of the URI undone
  for (size_t i = 1; i < reference.size(); ++i) {
    if (reference[i] == '%' && i + 2 < reference.size() &&
        std::isxdigit(static_cast<unsigned char>(reference[i + 1])) &&
        std::isxdigit(static_cast<unsigned char>(reference[i + 2]))) {
      pointer += static_cast<char>(std::stoi(reference.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      pointer += reference[i];
    }
  }
  try {
    return root_.at(Schema::json_pointer(pointer));
  } catch (const Schema::exception&) {
    schema_fault(pointer[0] == '/' ? Code::Invalid : Code::Unsupported, where + "/$ref",
                 "\"" + reference + "\" names nothing in this schema");
  }
}

std::vector<Plain> SchemaForms::expand(const Schema& schema, const std::string& where) const {
  return expand(schema, where, 0);
}

std::vector<Plain> SchemaForms::expand(const Schema& s, const std::string& where, int depth) const {
  if (depth > kMaxNesting) schema_fault(Code::Exhausted, where, "references or branches nested too deeply");
  if (s.is_boolean()) return s.get<bool>() ? std::vector<Plain>{Plain{}} : std::vector<Plain>{};
  if (!s.is_object()) schema_fault(Code::Invalid, where, "expected a schema, found " + show(s));
  std::vector<Plain> out = own(s, where);
  const auto with = [&](const std::vector<Plain>& others) {
    std::vector<Plain> all;
    if (out.size() * others.size() > kMostForms)
      schema_fault(Code::Exhausted, where, "its branches multiply to more than " + std::to_string(kMostForms));
    for (const Plain& a : out)
      for (const Plain& b : others)
        if (Plain p = both(a, b); p.types != 0 && !(p.values && p.values->empty())) all.push_back(std::move(p));
    out = std::move(all);
  };
  if (s.contains("$ref")) {
    if (!s.at("$ref").is_string()) schema_fault(Code::Invalid, where + "/$ref", "expected a string");
    const auto reference = s.at("$ref").get<std::string>();
    with(expand(resolve(reference, where), reference, depth + 1));
  }
  for (const char* key : {"allOf", "anyOf", "oneOf"}) {
    if (!s.contains(key)) continue;
    const std::string here = where + "/" + key;
    if (!s.at(key).is_array() || s.at(key).empty()) schema_fault(Code::Invalid, here, "expected a list of schemas");
    size_t i = 0;
    if (std::string_view(key) == "allOf") {
      for (const Schema& part : s.at(key)) with(expand(part, here + "/" + std::to_string(i++), depth + 1));
    } else if (std::string_view(key) == "anyOf") {
      std::vector<Plain> any;
      for (const Schema& part : s.at(key)) {
        auto forms = expand(part, here + "/" + std::to_string(i++), depth + 1);
        any.insert(any.end(), forms.begin(), forms.end());
      }
      with(any);
    } else {
      with(one_of(s.at(key), here, depth + 1));
    }
  }
  for (Plain& p : out)
    if (p.values) std::erase_if(*p.values, [&](const Schema& v) { return !holds(p, v, depth + 1); });
  std::erase_if(out, [](const Plain& p) { return p.values && p.values->empty(); });
  return out;
}

// Exactly one branch may hold. Values that are listed are counted; other branches must be apart.
std::vector<Plain> SchemaForms::one_of(const Schema& branches, const std::string& where, int depth) const {
  std::vector<std::vector<Plain>> forms;
  bool listed_all = true;
  for (size_t i = 0; i < branches.size(); ++i) {
    forms.push_back(expand(branches[i], where + "/" + std::to_string(i), depth));
    for (const Plain& p : forms.back()) listed_all = listed_all && p.values;
  }
  std::vector<Plain> out;
  if (listed_all) {
    Plain once;
    once.values.emplace();
    for (const auto& branch : forms)
      for (const Plain& p : branch)
        for (const Schema& v : *p.values) {
          size_t n = 0;
          for (const auto& other : forms)
            n += std::any_of(other.begin(), other.end(), [&](const Plain& q) { return holds(q, v, depth); }) ? 1u : 0u;
          if (n == 1) once.values->push_back(v);
        }
    return once.values->empty() ? out : std::vector<Plain>{once};
  }
  for (size_t i = 0; i < forms.size(); ++i)
    for (size_t j = i + 1; j < forms.size(); ++j)
      for (const Plain& a : forms[i])
        for (const Plain& b : forms[j])
          if (!disjoint(a, b, depth))
            schema_fault(Code::Unsupported, where,
                         "branches " + std::to_string(i) + " and " + std::to_string(j) +
                             " may hold at once, as far as can be told; use anyOf, or tell them apart by a required " +
                             "property with different constants");
  for (auto& branch : forms) out.insert(out.end(), branch.begin(), branch.end());
  return out;
}

bool SchemaForms::disjoint(const Schema& a, const Schema& b, int depth) const {
  for (const Plain& x : expand(a, "#", depth))
    for (const Plain& y : expand(b, "#", depth))
      if (!disjoint(x, y, depth)) return false;
  return true;
}

bool SchemaForms::disjoint(const Plain& a, const Plain& b, int depth) const {
  constexpr int kDeep = 16;  // further down nothing is proved
  for (const auto& [listed_one, other] : {std::pair(&a, &b), std::pair(&b, &a)})
    if (listed_one->values)
      return std::none_of(listed_one->values->begin(), listed_one->values->end(),
                          [&](const Schema& v) { return holds(*other, v, depth + 1); });
  const unsigned common = a.types & b.types;
  if (common & (Plain::Null | Plain::Boolean)) return false;
  if (depth > kDeep) return common == 0;
  if ((common & Plain::String) && !strings(a).both(strings(b)).empty()) return false;
  if (common & (Plain::Whole | Plain::Real)) {
    const bool whole = !(common & Plain::Real);
    if (!numbers(limits(a, whole)).both(numbers(limits(b, whole))).empty()) return false;
  }
  if (common & Plain::Array) {
    bool apart = a.least_items > b.most_items || b.least_items > a.most_items;
    for (size_t i = 0; !apart && i < std::min(std::max(a.prefix.size(), b.prefix.size()) + 1, size_t{8}); ++i)
      if (a.least_items > i || b.least_items > i)
        apart = disjoint(i < a.prefix.size() ? a.prefix[i] : a.items, i < b.prefix.size() ? b.prefix[i] : b.items,
                         depth + 1);
    if (!apart) return false;
  }
  if (common & Plain::Object) {
    const auto apart_by = [&](const Plain& with, const Plain& other) {
      return std::any_of(with.required.begin(), with.required.end(), [&](const std::string& name) {
        const Schema *x = with.property(name), *y = other.property(name);
        return disjoint(x ? *x : with.additional, y ? *y : other.additional, depth + 1);
      });
    };
    if (!apart_by(a, b) && !apart_by(b, a)) return false;
  }
  return true;
}

bool SchemaForms::holds(const Schema& schema, const Schema& value) const { return holds(schema, value, 0); }
bool SchemaForms::holds(const Schema& schema, const Schema& value, int depth) const {
  const auto forms = expand(schema, "#", depth);
  return std::any_of(forms.begin(), forms.end(), [&](const Plain& p) { return holds(p, value, depth + 1); });
}

bool SchemaForms::holds(const Plain& p, const Schema& v, int depth) const {
  const unsigned type = type_of(v);
  if (!(p.types & type)) return false;
  if (p.values && std::none_of(p.values->begin(), p.values->end(), [&](const Schema& w) { return equal(v, w); }))
    return false;
  if (type & (Plain::Whole | Plain::Real)) {
    const auto d = Decimal::parse(v.dump());
    if (!d) return !p.number.least && !p.number.most && p.multiples.empty();
    const auto& [whole, least, most, multiple] = p.number;
    if (least && (compare(*d, least->at) < 0 || (least->strict && compare(*d, least->at) == 0))) return false;
    if (most && (compare(*d, most->at) > 0 || (most->strict && compare(*d, most->at) == 0))) return false;
    return std::all_of(p.multiples.begin(), p.multiples.end(), [&](uint32_t m) {
      uint32_t rest = d->fraction.empty() ? 0 : 1;
      if (rest == 0)
        for (const char c : d->whole) rest = (rest * 10 + static_cast<uint32_t>(c - '0')) % m;
      return rest == 0;
    });
  }
  if (type == Plain::String) {
    const auto text = v.get<std::string>();
    size_t length = 0;
    for (size_t at = 0; at < text.size(); ++length) text::unicode::next(text, at);
    if (length < p.least_length || length > p.most_length) return false;
    return std::all_of(p.patterns.begin(), p.patterns.end(), [&](const std::string& pattern) {
      return Language::of(*parse_pattern(pattern)).contains(text);
    });
  }
  if (type == Plain::Array) {
    if (v.size() < p.least_items || v.size() > p.most_items) return false;
    for (size_t i = 0; i < v.size(); ++i) {
      if (!holds(i < p.prefix.size() ? p.prefix[i] : p.items, v[i], depth + 1)) return false;
      for (size_t j = 0; p.unique && j < i; ++j)
        if (equal(v[i], v[j])) return false;
    }
  }
  if (type == Plain::Object) {
    if (v.size() < p.least_properties || v.size() > p.most_properties) return false;
    for (const auto& name : p.required)
      if (!v.contains(name)) return false;
    for (const auto& [name, part] : v.items()) {
      const Schema* schema = p.property(name);
      if (!holds(schema ? *schema : p.additional, part, depth + 1)) return false;
    }
  }
  return true;
}

Language SchemaForms::strings(const Plain& p) {
  std::optional<Language> out;
  for (const auto& pattern : p.patterns) {
    Language one = Language::of(*parse_pattern(pattern));
    out = out ? out->both(one) : std::move(one);
  }
  if (p.least_length > 0 || p.most_length != kUnbounded || !out) {
    if (p.most_length < p.least_length) return Language::of(*chars(CharSet()));
    Language length = Language::length(p.least_length, p.most_length);
    out = out ? out->both(length) : std::move(length);
  }
  return *out;
}

NumberLimits SchemaForms::limits(const Plain& p, bool whole) {
  NumberLimits out = p.number;
  out.whole = whole;
  uint64_t multiple = 1;
  for (const uint32_t m : p.multiples) multiple = std::min<uint64_t>(std::lcm<uint64_t>(multiple, m), UINT32_MAX);
  if (multiple > kLargestMultiple)
    throw Error(Code::Unsupported,
                "JSON schema: multipleOf: the common multiple is above " + std::to_string(kLargestMultiple));
  if (!p.multiples.empty()) out.multiple_of = static_cast<uint32_t>(multiple);
  return out;
}

}  // namespace hanok::lm::grammar
