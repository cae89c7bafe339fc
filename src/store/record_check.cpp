#include "store/record_check.h"

#include <algorithm>
#include <cmath>

#include "store/sparse.h"

namespace hanok::store {
namespace {

constexpr size_t kMostIdBytes = 4096;

[[noreturn]] void invalid(std::string_view id, const std::string& what) {
  throw Error(Code::Invalid, "record '" + std::string(id.substr(0, 80)) + "': " + what);
}

enum class Kind { Text, Number, Bool, Other };

Kind kind_of(const Json& v) {
  if (v.is_string()) return Kind::Text;
  if (v.is_number()) return Kind::Number;
  return v.is_boolean() ? Kind::Bool : Kind::Other;
}

void check_scalar(const Json& v, std::string_view id, const std::string& key) {
  if (kind_of(v) == Kind::Other)
    invalid(id, "metadata '" + key + "' must be a string, a number, true, false, a list of one of these or a sparse " +
                    "vector, found " + v.type_name());
  if (v.is_number_float() && !std::isfinite(v.get<double>())) invalid(id, "metadata '" + key + "' is not finite");
}

}  // namespace

void check_record_metadata(const Json& metadata, std::string_view id, bool may_be_null) {
  if (metadata.is_null()) return;
  if (!metadata.is_object()) invalid(id, std::string("metadata must be an object, found ") + metadata.type_name());
  for (const auto& [key, value] : metadata.items()) {
    if (key.empty() || key[0] == '$' || key[0] == '#')
      invalid(id, "metadata key '" + key + "' must not be empty or begin with $ or #");
    if (value.is_null()) {
      if (!may_be_null) invalid(id, "metadata '" + key + "' is null");
    } else if (value.is_object()) {
      sparse_from(value, "record '" + std::string(id.substr(0, 80)) + "': metadata '" + key + "'");
    } else if (value.is_array()) {
      for (const auto& e : value) {
        check_scalar(e, id, key);
        if (kind_of(e) != kind_of(value[0]))
          invalid(id, "metadata '" + key + "': the elements of a list must be of one kind");
      }
    } else {
      check_scalar(value, id, key);
    }
  }
}

void check_namespace(std::string_view ns) {
  if (ns.size() > kMostIdBytes)
    throw Error(Code::Invalid, "namespace: has " + std::to_string(ns.size()) + " bytes, at most " +
                                   std::to_string(kMostIdBytes) + " are taken");
}

void check_record(const Record& r) {
  if (r.id.empty() || r.id.size() > kMostIdBytes)
    invalid(r.id,
            "its id has " + std::to_string(r.id.size()) + " bytes, expected 1 to " + std::to_string(kMostIdBytes));
  check_namespace(r.ns);
  check_record_metadata(r.metadata, r.id, true);
  if (r.vector.size() > kMostDim)
    invalid(r.id, "its vector has " + std::to_string(r.vector.size()) + " numbers, at most " +
                      std::to_string(kMostDim) + " are taken");
  const auto bad = std::find_if(r.vector.begin(), r.vector.end(), [](float x) { return !std::isfinite(x); });
  if (bad != r.vector.end())
    invalid(r.id, "number " + std::to_string(bad - r.vector.begin()) + " of its vector is not finite");
}

}  // namespace hanok::store
