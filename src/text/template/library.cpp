#include "text/template/library.h"

#include <algorithm>
#include <map>

#include "hanok/error.h"
#include "text/template/strings.h"
#include "text/utf8.h"

namespace hanok::text::jinja {
namespace {

constexpr int64_t kMaxRange = 100'000;  // items of range()

Value bound(const Value& object, Function f) { return Value(std::move(f), &object); }

int64_t at_index(int64_t i, size_t size) { return i < 0 ? i + static_cast<int64_t>(size) : i; }

}  // namespace

std::string_view full_name(std::string_view name) {
  static const std::map<std::string_view, std::string_view> names = {
      {"d", "default"},   {"e", "escape"},       {"==", "eq"}, {"equalto", "eq"}, {"!=", "ne"}, {"<", "lt"},
      {"lessthan", "lt"}, {"greaterthan", "gt"}, {">", "gt"},  {"<=", "le"},      {">=", "ge"}};
  const auto at = names.find(name);
  return at == names.end() ? name : at->second;
}

List items(const Dict& d) {
  List out;
  for (const auto& [key, value] : d.entries()) out.emplace_back(List{key, value}, true);
  return out;
}

std::optional<Value> method(const Value& object, std::string_view name) {
  if (object.string()) {
    const TextMethod call = text_method(name);
    if (!call) return std::nullopt;
    return bound(object, [object, call](const Arguments& a) { return call(*object.string(), a); });
  }
  for (const char* changes :
       {"append", "extend", "insert", "pop", "remove", "clear", "update", "setdefault", "popitem"})
    if (name == changes && (object.list() || object.dict()))
      return Function([name = std::string(name)](const Arguments&) -> Value {
        invalid("'" + name + "' would change a value, which templates may not");
      });
  if (object.dict()) {
    if (name == "items") return bound(object, [object](const Arguments&) -> Value { return items(*object.dict()); });
    if (name == "keys") return bound(object, [object](const Arguments&) -> Value { return iterate(object); });
    if (name == "values")
      return bound(object, [object](const Arguments&) -> Value {
        List out;
        for (const auto& e : object.dict()->entries()) out.push_back(e.second);
        return out;
      });
    if (name == "get")
      return bound(object, [object](const Arguments& a) -> Value {
        const Value& key = need(a, "key", 0, "get");
        const Value* found = key.string() ? object.dict()->find(*key.string()) : nullptr;
        if (found) return *found;
        const Value* otherwise = a.find("default", 1);
        return otherwise ? *otherwise : Value(None{});
      });
    if (name == "copy") return bound(object, [object](const Arguments&) { return object; });
  }
  if (object.list()) {
    if (name == "index" || name == "count")
      return bound(object, [object, count = name == "count"](const Arguments& a) -> Value {
        int64_t n = 0;
        for (size_t i = 0; i < object.list()->size(); ++i)
          if (equal((*object.list())[i], need(a, "value", 0, "index"))) {
            if (!count) return static_cast<int64_t>(i);
            ++n;
          }
        if (!count) invalid("index: the value is not in the list");
        return n;
      });
    if (name == "copy") return bound(object, [object](const Arguments&) { return object; });
  }
  return std::nullopt;
}

const Dict& globals() {
  static const Dict table = [] {
    Dict d;
    d.set("range", Function([](const Arguments& a) -> Value {
            if (a.positional.empty() || a.positional.size() > 3) invalid("range takes one to three numbers");
            int64_t from = 0, to = whole_of(a.positional[0], "range"), step = 1;
            if (a.positional.size() > 1) from = to, to = whole_of(a.positional[1], "range");
            if (a.positional.size() > 2) step = whole_of(a.positional[2], "range");
            if (step == 0) invalid("range with a step of 0");
            List out;
            for (int64_t i = from; step > 0 ? i < to : i > to; i += step) {
              if (static_cast<int64_t>(out.size()) == kMaxRange)
                throw Error(Code::Exhausted, "template: a range of more than 100,000 numbers");
              out.emplace_back(i);
              if (step > 0 ? i > INT64_MAX - step : i < INT64_MIN - step) break;
            }
            return out;
          }));
    d.set("dict", Function([](const Arguments& a) -> Value {
            Dict out;
            if (!a.positional.empty() && a.positional[0].dict()) out = *a.positional[0].dict();
            for (const auto& [key, value] : a.named) out.set(key, value);
            return out;
          }));
    d.set("namespace", Function([](const Arguments& a) -> Value {
            auto values = std::make_shared<Dict>();
            if (!a.positional.empty() && a.positional[0].dict()) *values = *a.positional[0].dict();
            for (const auto& [key, value] : a.named) {
              if (value.holds_namespace()) invalid("a namespace cannot hold a namespace");
              values->set(key, value);
            }
            return Namespace{values};
          }));
    d.set("raise_exception", Function([](const Arguments& a) -> Value {
            throw Error(Code::Invalid, std::string(kRaised) + (a.positional.empty() ? "" : a.positional[0].text()));
          }));
    return d;
  }();
  return table;
}

Value item(const Value& object, const Value& key) {
  if (object.undefined()) invalid("'" + object.as_undefined().name + "' is undefined");
  const Dict* d = object.names() ? object.names()->values.get() : object.dict();
  if (d) {
    const Value* found = key.string() ? d->find(*key.string()) : nullptr;
    return found ? *found : Value(Undefined{key.text()});
  }
  if (!key.integer()) return Undefined{key.text()};
  if (const auto* list = object.list()) {
    const int64_t i = at_index(*key.integer(), list->size());
    return i >= 0 && i < static_cast<int64_t>(list->size()) ? (*list)[static_cast<size_t>(i)]
                                                            : Value(Undefined{key.text()});
  }
  if (object.string()) {
    const auto chars = characters(*object.string());
    const int64_t i = at_index(*key.integer(), chars.size());
    return i >= 0 && i < static_cast<int64_t>(chars.size()) ? Value(chars[static_cast<size_t>(i)])
                                                            : Value(Undefined{key.text()});
  }
  return Undefined{key.text()};
}

Value slice(const Value& object, const Value* from, const Value* to, const Value* step) {
  List all;
  if (object.string())
    for (auto& c : characters(*object.string())) all.emplace_back(std::move(c));
  else if (object.list())
    all = *object.list();
  else
    invalid(std::string("a value of type ") + object.type_name() + " cannot be sliced");
  const auto size = static_cast<int64_t>(all.size());
  const int64_t by = step && !step->none() ? whole_of(*step, "a slice") : 1;
  if (by == 0) invalid("a slice with a step of 0");
  const auto bound = [&](const Value* v, int64_t otherwise) {
    if (!v || v->none()) return otherwise;
    int64_t i = whole_of(*v, "a slice");
    if (i < 0) i += size;
    return std::clamp<int64_t>(i, by > 0 ? 0 : -1, by > 0 ? size : size - 1);
  };
  const int64_t begin = bound(from, by > 0 ? 0 : size - 1), end = bound(to, by > 0 ? size : -1);
  List out;
  for (int64_t i = begin; by > 0 ? i < end : i > end; i += by) {
    out.push_back(all[static_cast<size_t>(i)]);
    if (by > size || by < -size) break;
  }
  if (!object.string()) return Value(std::move(out), object.tuple());
  return join(out, "");
}

List iterate(const Value& value) {
  if (const auto* list = value.list()) return *list;
  List out;
  if (const auto* d = value.dict()) {
    for (const auto& e : d->entries()) out.emplace_back(e.first);
    return out;
  }
  if (const auto* s = value.string()) {
    for (auto& c : characters(*s)) out.emplace_back(std::move(c));
    return out;
  }
  if (value.undefined()) return out;
  invalid(std::string("a value of type ") + value.type_name() + " cannot be walked over");
}

std::vector<std::string> characters(std::string_view text) {
  if (text.size() > kMaxItems) throw Error(Code::Exhausted, "template: a text of more than 1 MB, letter by letter");
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    next_code_point(text, at);
    out.emplace_back(text.substr(begin, at - begin));
  }
  return out;
}

}  // namespace hanok::text::jinja
