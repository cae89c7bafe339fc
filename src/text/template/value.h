// What a template computes with: Python's values as Jinja shows them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"

namespace hanok::text::jinja {

class Value;
inline constexpr int kMaxDepth = 200;          // of lists and dictionaries inside one another
inline constexpr size_t kMaxItems = 1u << 20;  // of one list
using List = std::vector<Value>;

/// Keys in the order in which they came.
class Dict {
 public:
  const Value* find(std::string_view key) const;
  void set(std::string key, Value value);
  const std::vector<std::pair<std::string, Value>>& entries() const { return entries_; }
  size_t size() const { return index_.size(); }  // Value is incomplete here

 private:
  std::vector<std::pair<std::string, Value>> entries_;
  std::map<std::string, size_t, std::less<>> index_;
};

/// Arguments of a call, a filter or a test.
struct Arguments {
  List positional;
  std::vector<std::pair<std::string, Value>> named;

  const Value* find(std::string_view name, size_t position) const;
};

using Function = std::function<Value(const Arguments&)>;

struct Undefined {
  std::string name;  // for messages
};
struct None {};
/// namespace(...): the one thing that a template may change.
struct Namespace {
  std::shared_ptr<Dict> values;
};

/// Cheap to copy: lists, dictionaries and functions are shared. They are never changed once made, but for Namespace.
class Value {
 public:
  using Holder = std::variant<Undefined, None, bool, int64_t, double, std::string, std::shared_ptr<const List>,
                              std::shared_ptr<const Dict>, std::shared_ptr<const Function>, Namespace>;

  Value() : holder_(Undefined{}) {}
  Value(Undefined u) : holder_(std::move(u)) {}
  Value(None n) : holder_(n) {}
  Value(bool b) : holder_(b) {}
  Value(int64_t i) : holder_(i) {}
  Value(double d) : holder_(d) {}
  Value(std::string s) : holder_(std::move(s)) {}
  Value(const char* s) : holder_(std::string(s)) {}
  /// Lists and dictionaries throw Exhausted beyond kMaxDepth and kMaxItems.
  Value(List list, bool tuple = false);
  Value(Dict dict);
  /// `holds`: what the function keeps, which counts as nested in it.
  Value(Function f, const Value* holds = nullptr);
  Value(Namespace n) : holder_(std::move(n)), holds_namespace_(true) {}
  static Value of(const base::OrderedJson& json);

  bool undefined() const { return std::holds_alternative<Undefined>(holder_); }
  bool none() const { return std::holds_alternative<None>(holder_); }
  const bool* boolean() const { return std::get_if<bool>(&holder_); }
  const int64_t* integer() const { return std::get_if<int64_t>(&holder_); }
  const double* real() const { return std::get_if<double>(&holder_); }
  const std::string* string() const { return std::get_if<std::string>(&holder_); }
  const List* list() const;
  const Dict* dict() const;
  const Function* function() const;
  const Namespace* names() const { return std::get_if<Namespace>(&holder_); }
  bool tuple() const { return tuple_; }
  /// True for a namespace and for what holds one: such a value may not go into a namespace, which would hold itself.
  bool holds_namespace() const { return holds_namespace_; }
  /// How deep lists and dictionaries are nested in it; 0 for a plain value.
  int depth() const { return depth_; }
  const Undefined& as_undefined() const { return std::get<Undefined>(holder_); }

  /// Number as int64 where it is a whole number or a bool; as double.
  bool number() const { return integer() || real() || boolean(); }
  double as_double() const;

  bool truthy() const;
  /// What {{ value }} prints: str() of Python.
  std::string text() const;
  /// repr() of Python.
  std::string repr() const;
  /// As json.dumps with ensure_ascii=False; indent < 0: one line with ", " and ": ".
  std::string json(int indent = -1) const;
  /// For messages: "str", "int", ...
  const char* type_name() const;

 private:
  void nest(const Value& inside);
  Holder holder_;
  bool tuple_ = false, holds_namespace_ = false;
  uint16_t depth_ = 0;
};

bool equal(const Value& a, const Value& b);
/// Throws Invalid for values that have no order.
bool less(const Value& a, const Value& b);

}  // namespace hanok::text::jinja
