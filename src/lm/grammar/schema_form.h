// A JSON schema as a choice of plain ones: references followed, branches multiplied out.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "hanok/error.h"
#include "lm/grammar/json_numbers.h"

namespace hanok::lm::grammar {

using Schema = base::OrderedJson;

/// What a value must satisfy all of. Schemas of parts are kept as JSON; of several that hold together, {"allOf":
/// [...]}.
struct Plain {
  enum Type : unsigned { Null = 1, Boolean = 2, Object = 4, Array = 8, String = 16, Whole = 32, Real = 64, Any = 127 };
  unsigned types = Any;                       // Real: numbers that are not whole
  std::optional<std::vector<Schema>> values;  // one of these

  NumberLimits number;
  std::vector<uint32_t> multiples;
  size_t least_length = 0, most_length = kUnbounded;
  std::vector<std::string> patterns;  // and formats, as patterns
  std::vector<Schema> prefix;
  Schema items = true;
  size_t least_items = 0, most_items = kUnbounded;
  bool unique = false;
  std::vector<std::pair<std::string, Schema>> properties;
  std::vector<std::string> required;
  Schema additional = true;
  size_t least_properties = 0, most_properties = kUnbounded;

  const Schema* property(const std::string& name) const;
  bool requires_key(const std::string& name) const;
};

class SchemaForms {
 public:
  explicit SchemaForms(const Schema& root) : root_(root) {}
  /// Plain schemas of which at least one must hold; empty: no value satisfies it. `where` is for messages.
  std::vector<Plain> expand(const Schema& schema, const std::string& where) const;
  bool holds(const Schema& schema, const Schema& value) const;
  /// The strings that a plain schema allows.
  static Language strings(const Plain& p);
  /// The limits of its numbers: whole ones, or all of them.
  static NumberLimits limits(const Plain& p, bool whole);

 private:
  std::vector<Plain> expand(const Schema& schema, const std::string& where, int depth) const;
  std::vector<Plain> own(const Schema& schema, const std::string& where) const;
  std::vector<Plain> one_of(const Schema& branches, const std::string& where, int depth) const;
  bool holds(const Plain& p, const Schema& value, int depth) const;
  bool holds(const Schema& schema, const Schema& value, int depth) const;
  bool disjoint(const Plain& a, const Plain& b, int depth) const;
  bool disjoint(const Schema& a, const Schema& b, int depth) const;
  const Schema& resolve(const std::string& reference, const std::string& where) const;
  const Schema& root_;
};

[[noreturn]] void schema_fault(Code code, const std::string& where, const std::string& what);

}  // namespace hanok::lm::grammar
