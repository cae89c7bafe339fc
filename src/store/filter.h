// A where-condition becomes the set of chunks that satisfy it.
//
// Meaning. A field is the document's metadata value of that name or, where the document has none, the built-in one:
// path, name (its last part), format, title, page, heading; a built-in that is empty (page 0) counts as missing.
//   $eq $in          equal, and of the same kind; a list matches when any element does
//   $gt $gte $lt $lte  numbers with numbers, strings with strings (by bytes); a list when any element does
//   $contains        a list that has the value; a string that has it as a part
//   $regex           a string in which this pattern (RE2) is found somewhere
//   $exists          whether the field is there
//   $ne $nin $not_contains $not_regex   exactly what $eq, $in, ... leave, so also where the field is missing
//   $and $or $not    as in MongoDB; {"a":1,"b":2} and {"a":{"$gt":1,"$lt":9}} mean all of them
// "#document" is the text of a passage or record, "#id" its id (records.h; of a passage PATH#ORDINAL), "#namespace" the
// namespace ("" of a passage). Whole ids are looked up; texts and parts of ids are read one by one, of those alone that
// the rest of a condition leaves.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hanok/store.h"
#include "store/bitmap.h"
#include "store/database.h"

namespace hanok::store {

struct Condition {
  enum class Kind { And, Or, Not, Compare };
  enum class Op { Eq, Gt, Gte, Lt, Lte, In, Contains, Exists, Regex };  // $ne and $nin are a Not of Eq and In
  Kind kind = Kind::And;
  std::vector<Condition> parts;  // of And, Or, Not (one)
  std::string field;             // the rest: of Compare
  Op op = Op::Eq;
  Json value;
};

/// Throws Invalid with the place that is wrong: "where.$or[1].year: ...".
Condition parse_condition(const Json& where);

class FieldIndex;

/// What a condition is asked of.
struct FilterSource {
  Database& db;
  int64_t collection = 0;
  const FieldIndex* records = nullptr;  // nullptr: there are none
  bool documents = true;                // whether there are any
  std::function<const Bitmap&()> all;   // every chunk: asked for only where a negation or a text needs it
  bool into_lists = true;               // whether $eq, $in, $gt and their kin look into lists
};
/// Of the chunks in `within` alone (nullptr: of all).
Bitmap evaluate(const FilterSource& source, const Condition& condition, const Bitmap* within = nullptr);

}  // namespace hanok::store
