#include "store/filter.h"

#include <algorithm>

#include "store/documents.h"
#include "store/field_index.h"
#include "store/fields.h"
#include "store/pattern.h"
#include "store/record_rows.h"

namespace hanok::store {
namespace {

using Kind = Condition::Kind;
using Op = Condition::Op;

// What SQL says for an operator between a column and ?N.
std::string test(Op op, const std::string& column, const std::string& value) {
  switch (op) {
    case Op::Eq:
      return column + " = " + value;
    case Op::Gt:
      return column + " > " + value;
    case Op::Gte:
      return column + " >= " + value;
    case Op::Lt:
      return column + " < " + value;
    case Op::Lte:
      return column + " <= " + value;
    case Op::Contains:
      return "instr(" + column + ", " + value + ") > 0";
    default:
      throw Error(Code::Internal, "filter: operator without a comparison");
  }
}

// A text is read for each of these, so they are asked last.
bool reads_texts(const Condition& c) {
  if (c.kind == Kind::Compare) return c.field == "#document" || (c.field == "#id" && c.op != Op::Eq && c.op != Op::In);
  return std::any_of(c.parts.begin(), c.parts.end(), reads_texts);
}

// Whether a text satisfies a comparison.
class TextTest {
 public:
  explicit TextTest(const Condition& c) : op_(c.op), value_(c.value) {
    if (op_ == Op::Regex) pattern_.emplace(value_.get_ref<const std::string&>());
  }
  bool operator()(std::string_view text) const {
    switch (op_) {
      case Op::Exists:
        return true;
      case Op::Regex:
        return pattern_->found_in(text);
      case Op::In:
        return std::any_of(value_.begin(), value_.end(),
                           [&](const Json& v) { return v.is_string() && v.get_ref<const std::string&>() == text; });
      default:
        break;
    }
    const std::string_view v = value_.get_ref<const std::string&>();
    switch (op_) {
      case Op::Eq:
        return text == v;
      case Op::Gt:
        return text > v;
      case Op::Gte:
        return text >= v;
      case Op::Lt:
        return text < v;
      case Op::Lte:
        return text <= v;
      default:
        return text.find(v) != std::string_view::npos;
    }
  }

 private:
  Op op_;
  const Json& value_;
  std::optional<Pattern> pattern_;
};

class Evaluator {
 public:
  explicit Evaluator(const FilterSource& source) : source_(source), db_(source.db), collection_(source.collection) {}

  /// Of `within` alone (nullptr: of everything); it may be more where nothing is saved by looking.
  Bitmap operator()(const Condition& c, const Bitmap* within) {
    switch (c.kind) {
      case Kind::Compare:
        if (c.field == "#document" || c.field == "#id") return text_field(c, within);
        return field(c);
      case Kind::Not: {
        const Bitmap& from = within ? *within : all_();
        return from - (*this)(c.parts.at(0), within);
      }
      case Kind::Or: {
        Bitmap out;
        for (const auto& part : c.parts) out |= (*this)(part, within);
        return out;
      }
      case Kind::And:
        return conjunction(c.parts, within);
    }
    return {};
  }

 private:
  // Negations later: they take away from what there is, instead of from everything. Texts last, for the same reason.
  Bitmap conjunction(const std::vector<Condition>& parts, const Bitmap* within) {
    std::optional<Bitmap> out;
    const auto take = [&](bool texts, bool negations) {
      for (const auto& part : parts) {
        if (reads_texts(part) != texts || (part.kind == Kind::Not) != negations) continue;
        Bitmap set = (*this)(part, out ? &*out : within);
        out = out ? *out & set : std::move(set);
        if (out->isEmpty()) return;
      }
    };
    for (const bool texts : {false, true})
      for (const bool negations : {false, true})
        if (!out || !out->isEmpty()) take(texts, negations);
    return out ? *std::move(out) : within ? *within : all_();
  }

  const Bitmap& all_() { return source_.all(); }

  Bitmap text_field(const Condition& c, const Bitmap* within) {
    if (c.field == "#id" && (c.op == Op::Eq || c.op == Op::In))
      return ids_named(c.op == Op::In ? c.value : Json::array({c.value}));
    const TextTest test(c);
    Bitmap out;
    for (const ChunkId id : within ? *within : all_()) {
      Rows record = db_.query("SELECT id, document FROM record WHERE chunk = ?1", id);
      if (record.next()) {
        const int column = c.field == "#id" ? 0 : 1;
        if (!record.null(column) && test(record.bytes(column))) out.add(id);
      } else if (const auto passage = read_chunk(db_, collection_, id)) {
        const std::string name = c.field == "#id" ? passage->path + "#" + std::to_string(passage->ordinal) : "";
        if (test(c.field == "#id" ? name : passage->text)) out.add(id);
      }
    }
    return out;
  }

  Bitmap ids_named(const Json& names) {
    Bitmap out;
    for (const auto& v : names) {
      if (!v.is_string()) continue;
      const std::string_view name = v.get_ref<const std::string&>();
      out |= numbers_of(db_, collection_, std::nullopt, name);
    }
    return out;
  }

  Bitmap field(const Condition& c) {
    Bitmap out;
    if (source_.records) out = source_.records->where(c.field, c.op, c.value, source_.into_lists);
    if (source_.documents) out |= c.field == "#namespace" ? passages_namespace(c) : of_documents(c);
    return out;
  }

  // Passages are in the namespace "".
  Bitmap passages_namespace(const Condition& c) { return TextTest(c)("") ? all_chunks(db_, collection_) : Bitmap(); }

  Bitmap of_documents(const Condition& c) {
    const int64_t key = find_key(db_, collection_, c.field);
    Bitmap out;
    if (key) out = compare(c.op, c.value, [&](Op op, const Json& v) { return metadata(key, op, v); });
    Bitmap built_in = compare(c.op, c.value, [&](Op op, const Json& v) { return this->built_in(c.field, op, v); });
    if (key && !built_in.isEmpty()) built_in -= metadata(key, Op::Exists, true);
    return out | built_in;
  }

  template <class One>
  Bitmap compare(Op op, const Json& value, One one) {
    if (op != Op::In) return one(op, value);
    Bitmap out;
    for (const auto& v : value) out |= one(Op::Eq, v);
    return out;
  }

  Bitmap metadata(int64_t key, Op op, const Json& v) {
    const std::string select = "SELECT first_chunk, chunks FROM field WHERE key = ?1";
    if (op == Op::Exists) return ranges(db_.query(select, key));
    if (op == Op::Regex)
      return matching_pattern(
          db_.query("SELECT first_chunk, chunks, value FROM field WHERE key = ?1 AND type = 2", key), v);
    if (op == Op::Contains) {
      if (!v.is_string()) return {};  // lists of documents hold strings
      const auto& part = v.get_ref<const std::string&>();
      Bitmap out = ranges(db_.query(select + " AND type = 3 AND value = ?2", key, std::string_view(part)));
      if (source_.into_lists)
        out |= ranges(db_.query(select + " AND type = 2 AND instr(value, ?2) > 0", key, std::string_view(part)));
      return out;
    }
    const std::string where = select + " AND type = ?2 AND " + test(op, "value", "?3");
    const auto of = [&](FieldType type, const auto& value) {
      return ranges(db_.query(where, key, static_cast<int>(type), value));
    };
    if (v.is_boolean()) return of(FieldType::Bool, int64_t{v.get<bool>()});
    if (v.is_string()) {
      const std::string_view text = v.get_ref<const std::string&>();
      return source_.into_lists ? of(FieldType::String, text) | of(FieldType::Element, text)
                                : of(FieldType::String, text);
    }
    if (v.is_number_integer() && !(v.is_number_unsigned() && v.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)))
      return of(FieldType::Number, v.get<int64_t>());
    return of(FieldType::Number, v.get<double>());
  }

  Bitmap built_in(const std::string& field, Op op, const Json& v) {
    if (field == "page") return page(op, v);
    if (op != Op::Exists && !v.is_string()) return {};
    if (op == Op::Contains && !source_.into_lists) return {};  // only lists contain anything, and here there are none
    if (op == Op::Regex) return built_in_pattern(field, v);
    const std::string text = op == Op::Exists ? std::string() : v.get<std::string>();
    // Exists ignores its operand, but every statement here has a ?2.
    const auto where = [&](const std::string& column) {
      return column + " <> ''" + (op == Op::Exists ? " AND ?2 = ''" : " AND " + test(op, column, "?2"));
    };
    if (field == "path" || field == "name" || field == "format" || field == "title")
      return ranges(db_.query("SELECT first_chunk, chunks FROM document WHERE collection = ?1 AND " + where(field),
                              collection_, std::string_view(text)));
    if (field == "heading")
      return ids(
          db_.query("SELECT c.id FROM chunk c JOIN document d ON d.id = c.document WHERE d.collection = ?1 AND " +
                        where("c.heading"),
                    collection_, std::string_view(text)));
    return {};
  }

  Bitmap built_in_pattern(const std::string& field, const Json& v) {
    if (field == "path" || field == "name" || field == "format" || field == "title")
      return matching_pattern(db_.query("SELECT first_chunk, chunks, " + field +
                                            " FROM document WHERE collection = ?1 AND " + field + " <> ''",
                                        collection_),
                              v);
    if (field == "heading")
      return matching_pattern(db_.query("SELECT c.id, 1, c.heading FROM chunk c JOIN document d ON d.id = c.document "
                                        "WHERE d.collection = ?1 AND c.heading <> ''",
                                        collection_),
                              v);
    return {};
  }

  Bitmap page(Op op, const Json& v) {
    const std::string select =
        "SELECT c.id FROM chunk c JOIN document d ON d.id = c.document WHERE d.collection = ?1 AND c.page <> 0";
    if (op == Op::Exists) return ids(db_.query(select, collection_));
    if (!v.is_number()) return {};
    const std::string sql = select + " AND " + test(op, "c.page", "?2");
    if (v.is_number_integer() && !v.is_number_unsigned()) return ids(db_.query(sql, collection_, v.get<int64_t>()));
    return ids(db_.query(sql, collection_, v.get<double>()));
  }

  static Bitmap ranges(Rows rows) {
    Bitmap out;
    while (rows.next()) add_range(out, static_cast<uint64_t>(rows.integer(0)), static_cast<uint64_t>(rows.integer(1)));
    return out;
  }
  // Of rows (first chunk, chunks, text).
  static Bitmap matching_pattern(Rows rows, const Json& pattern) {
    const Pattern wanted(pattern.get_ref<const std::string&>());
    Bitmap out;
    while (rows.next())
      if (wanted.found_in(rows.bytes(2)))
        add_range(out, static_cast<uint64_t>(rows.integer(0)), static_cast<uint64_t>(rows.integer(1)));
    return out;
  }
  static Bitmap ids(Rows rows) {
    Bitmap out;
    while (rows.next()) out.add(static_cast<uint32_t>(rows.integer(0)));
    return out;
  }

  const FilterSource& source_;
  Database& db_;
  int64_t collection_;
};

}  // namespace

Bitmap evaluate(const FilterSource& source, const Condition& condition, const Bitmap* within) {
  Bitmap out = Evaluator(source)(condition, within);
  return within ? out & *within : out;
}

}  // namespace hanok::store
