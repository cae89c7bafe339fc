#include "lm/grammar/json_schema.h"

#include <algorithm>
#include <map>
#include <set>

#include "hanok/error.h"
#include "lm/grammar/schema_form.h"

namespace hanok::lm::grammar {
namespace {

constexpr size_t kMostUnique = 8;  // values of which a list without repetition is made: 2^n sets of those used
constexpr size_t kIndent = 40;     // blanks at the head of a line
constexpr StateId kFirst = Automaton::kFirst, kLast = Automaton::kLast;

class Compiler {
 public:
  explicit Compiler(const Schema& root) : root_(root), forms_(root) {}

  Rules compile() {
    // A blank, or a line break and blanks, or nothing.
    blank_ = rules_.add("blank");
    rules_.expression(
        blank_, kFirst, kLast,
        *repeat(
            choice({text(" "), sequence({text("\n"), repeat(chars(CharSet({{'\t', '\t'}, {' ', ' '}})), 0, kIndent)})}),
            0, 1));
    rules_.root = value_rule(root_, "#", 0);
    return std::move(rules_);
  }

 private:
  // The rule of a schema; the same schema is one rule, so that references may go round.
  RuleId value_rule(const Schema& schema, const std::string& where, int depth) {
    if (depth > kMaxNesting) schema_fault(Code::Exhausted, where, "nested too deeply");
    const std::string key = schema.is_object() && schema.empty() ? "true" : schema.dump();
    if (const auto at = known_.find(key); at != known_.end()) return at->second;
    const RuleId rule = rules_.add(where);
    known_.emplace(key, rule);
    for (const Plain& p : forms_.expand(schema, where)) value(rule, p, where, depth);
    return rule;
  }

  void value(RuleId r, const Plain& p, const std::string& where, int depth) {
    if (p.values) {
      for (const Schema& v : *p.values) constant(r, kFirst, kLast, v);
      return;
    }
    if (p.types & Plain::Null) rules_.text(r, kFirst, kLast, "null");
    if (p.types & Plain::Boolean) {
      rules_.text(r, kFirst, kLast, "true");
      rules_.text(r, kFirst, kLast, "false");
    }
    if (p.types & (Plain::Whole | Plain::Real)) number(r, p);
    if (p.types & Plain::String) rules_.call(r, kFirst, kLast, string_rule(p));
    if (p.types & Plain::Array) array(r, p, where, depth);
    if (p.types & Plain::Object) object(r, p, where, depth);
  }

  void number(RuleId r, const Plain& p) {
    const NumberLimits limits = SchemaForms::limits(p, !(p.types & Plain::Real));
    std::string key = "number " + std::to_string(limits.whole) + " " + std::to_string(limits.multiple_of);
    for (const auto& bound : {limits.least, limits.most}) {
      key += bound ? bound->strict ? " strictly " : " at " : " any";
      if (bound)
        key.append(bound->at.negative ? "-" : "").append(bound->at.whole).append(".").append(bound->at.fraction);
    }
    const auto [at, fresh] = known_.emplace(key, 0);
    if (fresh) {
      at->second = rules_.add("number");
      const Language all = numbers(limits);
      rules_.automaton(at->second, kFirst, kLast, all.automaton, all.sets, Spelling::Plain);
    }
    rules_.call(r, kFirst, kLast, at->second);
  }

  RuleId string_rule(const Plain& p) {
    std::string key = "string " + std::to_string(p.least_length) + "," + std::to_string(p.most_length);
    for (const auto& pattern : p.patterns) key += "\n" + pattern;
    const auto at = known_.find(key);
    if (at != known_.end()) return at->second;
    return known_[key] = quoted(SchemaForms::strings(p), "string");
  }
  RuleId quoted(const Language& content, const char* name) {
    const RuleId rule = rules_.add(name);
    const StateId open = rules_.state(rule), close = rules_.state(rule);
    rules_.text(rule, kFirst, open, "\"");
    rules_.automaton(rule, open, close, content.automaton, content.sets, Spelling::Json);
    rules_.text(rule, close, kLast, "\"");
    return rule;
  }

  void quote(RuleId r, StateId from, StateId to, const std::string& s) {
    const StateId open = rules_.state(r), close = rules_.state(r);
    rules_.text(r, from, open, "\"");
    rules_.text(r, open, close, s, Spelling::Json);
    rules_.text(r, close, to, "\"");
  }

  void constant(RuleId r, StateId from, StateId to, const Schema& v) {
    if (v.is_string()) return quote(r, from, to, v.get<std::string>());
    if (!v.is_structured()) return rules_.text(r, from, to, v.dump());
    const char *open = v.is_array() ? "[" : "{", *close = v.is_array() ? "]" : "}";
    StateId at = rules_.state(r);
    rules_.text(r, from, at, open);
    bool first = true;
    for (const auto& [key, part] : v.items()) {
      if (!first) at = then(r, at, ",");
      at = blank(r, at);
      if (v.is_object()) {
        StateId next = rules_.state(r);
        quote(r, at, next, key);
        at = blank(r, then(r, next, ":"));
      }
      const StateId next = rules_.state(r);
      constant(r, at, next, part);
      at = next;
      first = false;
    }
    rules_.text(r, blank(r, at), to, close);
  }

  StateId blank(RuleId r, StateId from) {
    const StateId to = rules_.state(r);
    rules_.call(r, from, to, blank_);
    return to;
  }
  StateId then(RuleId r, StateId from, const char* text) {
    const StateId to = rules_.state(r);
    rules_.text(r, from, to, text);
    return to;
  }

  void array(RuleId r, const Plain& p, const std::string& where, int depth) {
    if (p.unique && p.most_items > 1) return unique_array(r, p, where);
    const StateId close = rules_.state(r);
    rules_.text(r, close, kLast, "]");
    StateId at = then(r, kFirst, "[");
    const auto end_here = [&](size_t n) {
      if (n >= p.least_items) rules_.call(r, at, close, blank_);
    };
    const auto element = [&](size_t i, StateId to) {
      const bool in_prefix = i < p.prefix.size();
      const Schema& schema = in_prefix ? p.prefix[i] : p.items;
      const std::string there = in_prefix ? where + "/prefixItems/" + std::to_string(i) : where + "/items";
      const StateId from = blank(r, i == 0 ? at : then(r, at, ","));
      rules_.call(r, from, to, value_rule(schema, there, depth + 1));
    };
    // Elements that are told apart: by their schemas, by the least or by the most.
    const size_t counted =
        p.most_items != kUnbounded ? p.most_items : std::max(p.least_items, std::max<size_t>(p.prefix.size(), 1));
    for (size_t i = 0; i < counted; ++i) {
      end_here(i);
      const StateId next = rules_.state(r);
      element(i, next);
      at = next;
    }
    end_here(counted);
    if (p.most_items == kUnbounded) element(counted, at);
  }

  // Values without repetition: a state is the set of those that have come.
  void unique_array(RuleId r, const Plain& p, const std::string& where) {
    const auto values = p.prefix.empty() ? finite(p.items, where) : std::nullopt;
    if (!values)
      schema_fault(
          Code::Unsupported, where + "/uniqueItems",
          "lists without repetition are known of at most " + std::to_string(kMostUnique) + " different values");
    const size_t n = values->size();
    const StateId close = rules_.state(r);
    rules_.text(r, close, kLast, "]");
    std::vector<StateId> of;
    for (size_t used = 0; used < size_t{1} << n; ++used) of.push_back(used ? rules_.state(r) : then(r, kFirst, "["));
    for (size_t used = 0; used < of.size(); ++used) {
      const auto count = static_cast<size_t>(__builtin_popcountll(used));
      if (count >= p.least_items && count <= p.most_items) rules_.call(r, of[used], close, blank_);
      if (count >= p.most_items) continue;
      const StateId from = blank(r, used ? then(r, of[used], ",") : of[used]);
      for (size_t i = 0; i < n; ++i)
        if (!(used >> i & 1)) constant(r, from, of[used | size_t{1} << i], (*values)[i]);
    }
  }

  // All values of a schema, where they are few.
  std::optional<std::vector<Schema>> finite(const Schema& schema, const std::string& where) const {
    std::vector<Schema> out;
    const auto add = [&](const Schema& v) {
      if (std::find(out.begin(), out.end(), v) == out.end()) out.push_back(v);
    };
    for (const Plain& p : forms_.expand(schema, where)) {
      if (p.values) {
        for (const Schema& v : *p.values) add(v);
        continue;
      }
      if (p.types & ~unsigned{Plain::Null | Plain::Boolean | Plain::Whole}) return std::nullopt;
      if (p.types & Plain::Null) add(nullptr);
      if (p.types & Plain::Boolean) add(true), add(false);
      if (p.types & Plain::Whole) {
        const auto &least = p.number.least, &most = p.number.most;
        if (!least || !most || least->at.whole.size() > 9 || most->at.whole.size() > 9) return std::nullopt;
        const auto number = [](const Decimal& d) { return (d.negative ? -1 : 1) * std::stol(d.whole); };
        const long low = number(least->at) - 1, high = number(most->at) + 1;
        if (high - low > static_cast<long>(kMostUnique) + 4) return std::nullopt;
        for (long i = low; i <= high; ++i)
          if (forms_.holds(schema, i)) add(i);
      }
    }
    if (out.size() > kMostUnique) return std::nullopt;
    return out;
  }

  // Properties in their order, then others. States are told apart by how many properties have come, as far as it
  // matters.
  void object(RuleId r, const Plain& p, const std::string& where, int depth) {
    std::vector<std::pair<std::string, Schema>> named = p.properties;
    for (const auto& name : p.required)
      if (!p.property(name)) named.emplace_back(name, p.additional);
    if (p.least_properties > named.size())
      schema_fault(Code::Unsupported, where + "/minProperties", "more than the schema names");
    const bool bounded = p.most_properties != kUnbounded;
    const size_t counts =
        1 + std::max<size_t>(1, bounded ? std::min(p.most_properties, named.size()) : p.least_properties);
    const StateId close = rules_.state(r);
    rules_.text(r, close, kLast, "}");
    std::vector<std::optional<StateId>> at(counts);  // by properties that have come; the last: so many or more
    at[0] = then(r, kFirst, "{");
    for (const auto& [name, schema] : named) {
      const bool needed = p.requires_key(name);
      const auto forms = forms_.expand(schema, where + "/properties/" + name);
      std::vector<std::optional<StateId>> next(counts);
      const auto state = [&](size_t n) {
        if (!next[n]) next[n] = rules_.state(r);
        return *next[n];
      };
      StateId value = 0;
      for (size_t n = 0; n < counts; ++n) {
        if (!at[n]) continue;
        if (!needed) rules_.empty(r, *at[n], state(n));
        if (forms.empty() || (bounded && n >= p.most_properties)) continue;
        const StateId key = rules_.state(r), colon = rules_.state(r);
        quote(r, blank(r, n ? then(r, *at[n], ",") : *at[n]), key, name);
        rules_.text(r, key, colon, ":");
        value = blank(r, colon);
        rules_.call(r, value, state(std::min(n + 1, counts - 1)),
                    value_rule(schema, where + "/properties/" + name, depth + 1));
      }
      at = std::move(next);
    }
    const auto others = forms_.expand(p.additional, where + "/additionalProperties");
    for (size_t n = 0; n < counts; ++n) {
      if (!at[n]) continue;
      const bool enough = n >= p.least_properties;
      if (enough) rules_.call(r, *at[n], close, blank_);
      if (others.empty() || !enough) continue;
      StateId from = *at[n];
      const size_t room = bounded ? p.most_properties - std::min(n, p.most_properties) : 1;
      for (size_t i = 0; i < room; ++i) {
        const StateId to = rules_.state(r);
        other(r, from, to, n > 0 || i > 0, named, p.additional, where, depth);
        rules_.call(r, to, close, blank_);
        if (!bounded) other(r, to, to, true, named, p.additional, where, depth);
        from = to;
      }
    }
  }

  // A property that the schema does not name.
  void other(RuleId r, StateId from, StateId to, bool comma, const std::vector<std::pair<std::string, Schema>>& named,
             const Schema& schema, const std::string& where, int depth) {
    std::vector<std::string> names;
    std::string id = "key";
    for (const auto& [name, part] : named) names.push_back(name), id += "\n" + name;
    const auto [at, fresh] = known_.emplace(id, 0);
    if (fresh) at->second = quoted(Language::except(names), "key");
    const RuleId key_rule = at->second;
    const StateId key = rules_.state(r), colon = rules_.state(r);
    rules_.call(r, blank(r, comma ? then(r, from, ",") : from), key, key_rule);
    rules_.text(r, key, colon, ":");
    rules_.call(r, blank(r, colon), to, value_rule(schema, where + "/additionalProperties", depth + 1));
  }

  const Schema& root_;
  SchemaForms forms_;
  Rules rules_;
  RuleId blank_ = 0;
  std::map<std::string, RuleId> known_;
};

Schema parse(std::string_view json) {
  base::parse_json(json, "JSON schema");  // with its limits
  return Schema::parse(json);
}

}  // namespace

Rules schema_rules(std::string_view json) {
  const Schema root = parse(json);
  return Compiler(root).compile();
}

bool schema_holds(const base::OrderedJson& schema, const base::OrderedJson& value) {
  return SchemaForms(schema).holds(schema, value);
}

}  // namespace hanok::lm::grammar
