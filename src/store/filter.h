// A where-condition becomes the set of chunks that satisfy it.
//
// Meaning. A field is the document's metadata value of that name or, where the document has none, the built-in one:
// path, name (its last part), format, title, page, heading; a built-in that is empty (page 0) counts as missing.
//   $eq $in          equal, and of the same kind; a list matches when any element does
//   $gt $gte $lt $lte  numbers with numbers, strings with strings (by bytes); a list when any element does
//   $contains        a list that has the string; a string that has it as a part
//   $exists          whether the field is there
//   $ne $nin         exactly what $eq and $in leave, so also where the field is missing
//   $and $or $not    as in MongoDB; {"a":1,"b":2} and {"a":{"$gt":1,"$lt":9}} mean all of them
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hanok/store.h"
#include "store/bitmap.h"
#include "store/database.h"

namespace hanok::store {

struct Condition {
  enum class Kind { And, Or, Not, Compare };
  enum class Op { Eq, Gt, Gte, Lt, Lte, In, Contains, Exists };  // $ne and $nin are a Not of Eq and In
  Kind kind = Kind::And;
  std::vector<Condition> parts;  // of And, Or, Not (one)
  std::string field;             // the rest: of Compare
  Op op = Op::Eq;
  Json value;
};

/// Throws Invalid with the place that is wrong: "where.$or[1].year: ...".
Condition parse_condition(const Json& where);

/// `all` is the set of the collection's chunks, asked for only where a negation needs it.
Bitmap evaluate(Database& db, int64_t collection, const Condition& condition,
                const std::function<const Bitmap&()>& all);

}  // namespace hanok::store
