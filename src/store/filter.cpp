#include "store/filter.h"

#include "store/fields.h"

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

class Evaluator {
 public:
  Evaluator(Database& db, int64_t collection, const std::function<const Bitmap&()>& all)
      : db_(db), collection_(collection), all_(all) {}

  Bitmap operator()(const Condition& c) {
    switch (c.kind) {
      case Kind::Compare:
        return field(c);
      case Kind::Not:
        return all_() - (*this)(c.parts.at(0));
      case Kind::Or: {
        Bitmap out;
        for (const auto& part : c.parts) out |= (*this)(part);
        return out;
      }
      case Kind::And:
        return conjunction(c.parts);
    }
    return {};
  }

 private:
  // Negations last: they take away from what there is, instead of from everything.
  Bitmap conjunction(const std::vector<Condition>& parts) {
    std::optional<Bitmap> out;
    for (const auto& part : parts) {
      if (part.kind == Kind::Not) continue;
      Bitmap set = (*this)(part);
      out = out ? *out & set : std::move(set);
      if (out->isEmpty()) return {};
    }
    for (const auto& part : parts)
      if (part.kind == Kind::Not) out = (out ? *out : all_()) - (*this)(part.parts.at(0));
    return out ? *std::move(out) : all_();
  }

  Bitmap field(const Condition& c) {
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
    if (op == Op::Contains) {
      const auto& part = v.get_ref<const std::string&>();
      return ranges(db_.query(select + " AND type = 3 AND value = ?2", key, std::string_view(part))) |
             ranges(db_.query(select + " AND type = 2 AND instr(value, ?2) > 0", key, std::string_view(part)));
    }
    const std::string where = select + " AND type = ?2 AND " + test(op, "value", "?3");
    const auto of = [&](FieldType type, const auto& value) {
      return ranges(db_.query(where, key, static_cast<int>(type), value));
    };
    if (v.is_boolean()) return of(FieldType::Bool, int64_t{v.get<bool>()});
    if (v.is_string()) {
      const std::string_view text = v.get_ref<const std::string&>();
      return of(FieldType::String, text) | of(FieldType::Element, text);
    }
    if (v.is_number_integer() && !(v.is_number_unsigned() && v.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)))
      return of(FieldType::Number, v.get<int64_t>());
    return of(FieldType::Number, v.get<double>());
  }

  Bitmap built_in(const std::string& field, Op op, const Json& v) {
    if (field == "page") return page(op, v);
    if (op != Op::Exists && !v.is_string()) return {};
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
  static Bitmap ids(Rows rows) {
    Bitmap out;
    while (rows.next()) out.add(static_cast<uint32_t>(rows.integer(0)));
    return out;
  }

  Database& db_;
  int64_t collection_;
  const std::function<const Bitmap&()>& all_;
};

}  // namespace

Bitmap evaluate(Database& db, int64_t collection, const Condition& condition,
                const std::function<const Bitmap&()>& all) {
  return Evaluator(db, collection, all)(condition);
}

}  // namespace hanok::store
