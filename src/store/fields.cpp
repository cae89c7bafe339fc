#include "store/fields.h"

#include <cmath>
#include <functional>
#include <set>

namespace hanok::store {
namespace {

bool is_string_list(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& e) { return e.is_string(); });
}

int64_t make_key(Database& db, int64_t collection, std::string_view name) {
  if (const int64_t id = find_key(db, collection, name)) return id;
  db.run("INSERT INTO field_key(collection, name) VALUES (?1, ?2)", collection, name);
  return db.last_id();
}

// Integers stay integers in SQLite, which compares them exactly, also with reals.
template <class Use>
void with_number(const Json& value, Use use) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    use(value.get<double>());
  else if (value.is_number_integer())
    use(value.get<int64_t>());
  else
    use(value.get<double>());
}

// Calls use(type, value) for each row a metadata value becomes.
template <class Use>
void for_each_row(const Json& value, Use use) {
  if (value.is_boolean()) {
    use(FieldType::Bool, int64_t{value.get<bool>()});
  } else if (value.is_number()) {
    with_number(value, [&](auto number) { use(FieldType::Number, number); });
  } else if (value.is_string()) {
    use(FieldType::String, std::string_view(value.get_ref<const std::string&>()));
  } else {
    std::set<std::string_view> distinct;
    for (const auto& e : value) distinct.insert(e.get_ref<const std::string&>());
    for (const auto e : distinct) use(FieldType::Element, e);
    if (distinct.empty()) use(FieldType::EmptyList, std::string_view());
  }
}

}  // namespace

void check_metadata(const Json& metadata, std::string_view path) {
  const auto invalid = [&](const std::string& what) {
    throw Error(Code::Invalid, std::string(path) + ": metadata " + what);
  };
  if (metadata.is_null()) return;
  if (!metadata.is_object()) invalid("must be a JSON object, found " + std::string(metadata.type_name()));
  for (const auto& [key, value] : metadata.items()) {
    if (key.empty() || key[0] == '$') invalid("key '" + key + "' must not be empty or start with $");
    if (value.is_number_float() && !std::isfinite(value.get<double>())) invalid("'" + key + "' is not a finite number");
    if (!value.is_string() && !value.is_number() && !value.is_boolean() && !is_string_list(value))
      invalid("'" + key + "' must be a string, a number, true, false or a list of strings, found " + value.type_name());
  }
}

void insert_fields(Database& db, int64_t collection, const Json& metadata, ChunkRange range) {
  if (metadata.is_null() || range.count == 0) return;
  for (const auto& [name, value] : metadata.items()) {
    const int64_t key = make_key(db, collection, name);
    for_each_row(value, [&](FieldType type, auto v) {
      db.run("INSERT INTO field VALUES (?1, ?2, ?3, ?4, ?5)", key, static_cast<int>(type), v, range.first, range.count);
    });
  }
}

void delete_fields(Database& db, int64_t collection, const Json& metadata, ChunkRange range) {
  for (const auto& [name, value] : metadata.items()) {
    const int64_t key = find_key(db, collection, name);
    for_each_row(value, [&](FieldType type, auto v) {
      db.run("DELETE FROM field WHERE key = ?1 AND type = ?2 AND value = ?3 AND first_chunk = ?4", key,
             static_cast<int>(type), v, range.first);
    });
  }
}

int64_t find_key(Database& db, int64_t collection, std::string_view name) {
  return db.number("SELECT id FROM field_key WHERE collection = ?1 AND name = ?2", collection, name);
}

}  // namespace hanok::store
