// What a collection of records is, in a few lines: the slow, clear version that tests compare with.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hanok/records.h"

namespace hanok::store {

struct Model {
  using Key = std::pair<std::string, std::string>;   // namespace, id
  std::map<Key, std::pair<size_t, Record>> records;  // with the order in which they were first written
  size_t next = 0;

  static void merge(Record& into, const Record& given) {
    if (given.document) into.document = given.document;
    if (given.uri) into.uri = given.uri;
    if (!given.vector.empty()) into.vector = given.vector;
    if (!given.sparse.empty()) into.sparse = given.sparse;
    for (const auto& [key, value] : given.metadata.items()) {
      if (value.is_null())
        into.metadata.erase(key);
      else
        into.metadata[key] = value;
    }
  }

  Written write(WriteMode mode, const std::vector<Record>& batch) {
    Written out;
    for (Record r : batch) {
      const auto at = records.find({r.ns, r.id});
      const bool there = at != records.end();
      if ((mode == WriteMode::Add && there) || (mode == WriteMode::Update && !there)) {
        out.passed.push_back(r.id);
        continue;
      }
      ++out.records;
      out.added += !there;
      if (there && mode != WriteMode::Replace) {
        merge(at->second.second, r);
        continue;
      }
      Record clean = r;
      clean.metadata = Json::object();
      merge(clean, r);
      if (there)
        at->second.second = clean;
      else
        records[{r.ns, r.id}] = {next++, clean};
    }
    return out;
  }

  /// In the order of first writing.
  std::vector<Record> where(const std::function<bool(const Record&)>& test) const {
    std::map<size_t, Record> ordered;
    for (const auto& [key, value] : records)
      if (test(value.second)) ordered[value.first] = value.second;
    std::vector<Record> out;
    for (auto& [order, r] : ordered) out.push_back(r);
    return out;
  }
};

// ---- conditions as they are meant, row by row ----

inline bool scalar_compare(const std::string& op, const Json& a, const Json& b) {
  const bool same_kind =
      (a.is_number() && b.is_number()) || (a.is_string() && b.is_string()) || (a.is_boolean() && b.is_boolean());
  if (!same_kind) return false;
  if (op == "$eq") return a == b;
  if (a.is_boolean()) return false;
  return op == "$gt" ? a > b : op == "$gte" ? a >= b : op == "$lt" ? a < b : a <= b;
}

inline bool holds(const Record& r, const std::string& field, const std::string& op, const Json& v, bool into_lists) {
  const auto negated = [&](const std::string& positive) { return !holds(r, field, positive, v, into_lists); };
  if (op == "$ne") return negated("$eq");
  if (op == "$nin") return negated("$in");
  if (op == "$not_contains") return negated("$contains");
  if (op == "$in")
    return std::any_of(v.begin(), v.end(), [&](const Json& x) { return holds(r, field, "$eq", x, into_lists); });
  if (field == "#document") return r.document && r.document->find(v.get<std::string>()) != std::string::npos;
  const auto at = r.metadata.find(field);
  if (op == "$exists") return (at != r.metadata.end()) == v.get<bool>();
  if (at == r.metadata.end()) return false;
  if (op == "$contains") {
    if (at->is_array())
      return std::any_of(at->begin(), at->end(), [&](const Json& e) { return scalar_compare("$eq", e, v); });
    return into_lists && at->is_string() && v.is_string() &&
           at->get<std::string>().find(v.get<std::string>()) != std::string::npos;
  }
  if (at->is_array())
    return into_lists && std::any_of(at->begin(), at->end(), [&](const Json& e) { return scalar_compare(op, e, v); });
  return scalar_compare(op, *at, v);
}

inline bool holds(const Record& r, const Json& where, bool into_lists) {
  for (const auto& [key, v] : where.items()) {
    bool ok = true;
    if (key == "$and") {
      for (const auto& part : v) ok = ok && holds(r, part, into_lists);
    } else if (key == "$or") {
      ok = false;
      for (const auto& part : v) ok = ok || holds(r, part, into_lists);
    } else if (key == "$not") {
      ok = !holds(r, v, into_lists);
    } else {
      for (const auto& [op, operand] : v.items()) ok = ok && holds(r, key, op, operand, into_lists);
    }
    if (!ok) return false;
  }
  return true;
}

}  // namespace hanok::store
