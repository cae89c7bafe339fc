#include "store/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "base/random.h"
#include "store/test_documents.h"

namespace hanok::store {
namespace {

// ---- the slow, clear version: one chunk at a time ----

struct Row {
  Json fields;  // what a chunk has: metadata, and the built-in fields that metadata does not hide
};

bool same_kind(const Json& a, const Json& b) {
  return (a.is_number() && b.is_number()) || (a.is_string() && b.is_string()) || (a.is_boolean() && b.is_boolean());
}

template <class Test>
bool any_element(const Json& value, Test test) {
  if (!value.is_array()) return test(value);
  return std::any_of(value.begin(), value.end(), test);
}

bool compare_row(const std::string& op, const Json& value, const Json& operand) {
  const auto ordered = [&](auto test) {
    return any_element(value, [&](const Json& v) { return same_kind(v, operand) && test(v, operand); });
  };
  if (op == "$eq") return ordered([](const Json& a, const Json& b) { return a == b; });
  if (op == "$gt") return ordered([](const Json& a, const Json& b) { return a > b; });
  if (op == "$gte") return ordered([](const Json& a, const Json& b) { return a >= b; });
  if (op == "$lt") return ordered([](const Json& a, const Json& b) { return a < b; });
  if (op == "$lte") return ordered([](const Json& a, const Json& b) { return a <= b; });
  if (op == "$in")
    return std::any_of(operand.begin(), operand.end(), [&](const Json& o) { return compare_row("$eq", value, o); });
  if (op == "$contains") {
    if (value.is_array()) return std::count(value.begin(), value.end(), operand) > 0;
    return value.is_string() && value.get<std::string>().find(operand.get<std::string>()) != std::string::npos;
  }
  ADD_FAILURE() << op;
  return false;
}

bool field_matches(const Row& row, const std::string& field, const Json& condition);

bool operator_matches(const Row& row, const std::string& field, const std::string& op, const Json& operand) {
  const auto at = row.fields.find(field);
  const bool there = at != row.fields.end();
  if (op == "$exists") return there == operand.get<bool>();
  if (op == "$ne") return !operator_matches(row, field, "$eq", operand);
  if (op == "$nin") return !operator_matches(row, field, "$in", operand);
  if (op == "$not") return !field_matches(row, field, operand);
  return there && compare_row(op, *at, operand);
}

bool field_matches(const Row& row, const std::string& field, const Json& condition) {
  if (!condition.is_object()) return operator_matches(row, field, "$eq", condition);
  for (const auto& [op, operand] : condition.items())
    if (!operator_matches(row, field, op, operand)) return false;
  return true;
}

bool matches(const Row& row, const Json& where) {
  for (const auto& [key, v] : where.items()) {
    bool ok;
    if (key == "$and")
      ok = std::all_of(v.begin(), v.end(), [&](const Json& w) { return matches(row, w); });
    else if (key == "$or")
      ok = std::any_of(v.begin(), v.end(), [&](const Json& w) { return matches(row, w); });
    else if (key == "$not")
      ok = !matches(row, v);
    else
      ok = field_matches(row, key, v);
    if (!ok) return false;
  }
  return true;
}

// ---- random data and random questions ----

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Json scalar() {
    switch (random_.below(4)) {
      case 0:
        return static_cast<int>(random_.below(5)) - 1;
      case 1:
        return static_cast<double>(random_.below(8)) / 2;
      case 2:
        return random_.below(2) == 0;
      default:
        return word();
    }
  }
  Json word() { return pick({"a", "ab", "b", "bc", "가", "가나", ""}); }
  Json metadata() {
    Json out = Json::object();
    for (const char* key : {"x", "y", "tags", "title", "page"}) {
      if (random_.below(3) == 0) continue;
      if (key == std::string("tags") && random_.below(4) > 0) {
        Json list = Json::array();
        for (uint64_t n = random_.below(4); n > 0; --n) list.push_back(word());
        out[key] = list;
      } else if (random_.below(key == std::string("title") || key == std::string("page") ? 4 : 1) == 0) {
        out[key] = scalar();
      }
    }
    return out;
  }
  Json where(int depth) {
    if (depth > 0 && random_.below(3) == 0) {
      if (random_.below(3) == 0) return {{"$not", where(depth - 1)}};
      Json list = Json::array();
      for (uint64_t n = 1 + random_.below(3); n > 0; --n) list.push_back(where(depth - 1));
      return {{random_.below(2) ? "$and" : "$or", list}};
    }
    Json out = Json::object();
    for (uint64_t n = 1 + random_.below(2); n > 0; --n) out[field()] = operators(1);
    return out;
  }

 private:
  std::string pick(std::vector<std::string> from) { return from[random_.below(from.size())]; }
  std::string field() {
    return pick({"x", "y", "tags", "title", "page", "heading", "name", "path", "format", "never"});
  }
  Json text() { return random_.below(2) ? word() : Json(pick({"d1", "dir/d2", "md", "txt", "Title 1", "h1", "h"})); }
  Json operand() { return random_.below(2) ? scalar() : text(); }
  Json operators(int depth) {
    if (random_.below(4) == 0) return operand();
    Json out = Json::object();
    for (uint64_t n = 1 + random_.below(2); n > 0; --n) {
      const auto op = pick({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$contains", "$exists", "$not"});
      if (op == "$in" || op == "$nin") {
        out[op] = Json::array();
        for (uint64_t m = random_.below(4); m > 0; --m) out[op].push_back(operand());
      } else if (op == "$contains") {
        out[op] = text();
      } else if (op == "$exists") {
        out[op] = random_.below(2) == 0;
      } else if (op == "$not") {
        out[op] = depth > 0 ? operators(0) : Json{{"$eq", 1}};
        if (!out[op].is_object()) out[op] = {{"$eq", out[op]}};
      } else {
        Json v = operand();
        if (op != "$eq" && op != "$ne" && v.is_boolean()) v = 1;
        out[op] = v;
      }
    }
    return out;
  }
  base::Random random_;
};

Row row_of(const DocumentInfo& info, const ChunkRecord& chunk) {
  Row row{info.metadata};
  const auto built_in = [&](const char* name, const Json& value, bool there) {
    if (there && !row.fields.contains(name)) row.fields[name] = value;
  };
  built_in("path", info.path, true);
  built_in("name", info.path.substr(info.path.find_last_of('/') + 1), true);
  built_in("format", info.format, !info.format.empty());
  built_in("title", info.title, !info.title.empty());
  built_in("page", chunk.page, chunk.page != 0);
  built_in("heading", chunk.heading, !chunk.heading.empty());
  return row;
}

TEST(Filter, BitmapsAgreeWithRowByRowEvaluation) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    base::TempFolder folder;
    const auto store = Store::open(folder.path());
    auto& other = *store->collection("other", true);
    auto& c = *store->collection("c", true);
    Maker make(seed);
    std::vector<NewDocument> documents;
    for (int i = 0; i < 60; ++i) {
      documents.push_back(make_document((i % 2 ? "dir/d" : "d") + std::to_string(i), i % 5 ? "one\ntwo\nthree" : "one",
                                        make.metadata()));
      documents.back().info.format = i % 3 ? "md" : "";
      documents.back().info.title = i % 4 ? "Title " + std::to_string(i % 7) : "";
      for (size_t k = 0; k < documents.back().chunks.size(); ++k) {
        if (k % 2) documents.back().chunks[k].page = 0;
        if (i % 3) documents.back().chunks[k].heading = "h" + std::to_string(k);
      }
    }
    c.put_many(documents);
    other.put_many(documents);
    for (int i = 0; i < 20; ++i) c.put(make_document("d" + std::to_string(2 * i), "one\ntwo", make.metadata()));
    c.remove("d2");

    std::vector<std::pair<ChunkId, Row>> rows;
    for (const auto& info : c.documents())
      for (const auto& chunk : c.chunks(c.chunk_ids(info.id))) rows.push_back({chunk.id, row_of(info, chunk)});
    std::sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.first < b.first; });
    for (int q = 0; q < 400; ++q) {
      const Json where = make.where(3);
      std::vector<ChunkId> expected;
      for (const auto& [id, row] : rows)
        if (matches(row, where)) expected.push_back(id);
      ASSERT_EQ(c.matching(Filter(where)), expected) << where.dump();
    }
  }
}

TEST(Filter, NumbersKeepTheirDigits) {
  base::TempFolder folder;
  const auto store = Store::open(folder.path());
  auto& c = *store->collection("c", true);
  c.put(make_document("a", "x", {{"n", 9007199254740993}}));
  EXPECT_EQ(c.matching(Filter(Json{{"n", 9007199254740993}})).size(), 1u);
  EXPECT_EQ(c.matching(Filter(Json{{"n", 9007199254740992}})).size(), 0u);
  EXPECT_EQ(c.matching(Filter(Json{{"n", {{"$gt", 9007199254740992.0}}}})).size(), 1u);
}

TEST(Filter, SaysWhereItIsWrong) {
  const auto message = [](const char* text) -> std::string {
    try {
      Filter(Json::parse(text));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Invalid);
      return e.what();
    }
    return "accepted";
  };
  using testing::StartsWith;
  EXPECT_THAT(message(R"({"year": {"$near": 3}})"), StartsWith("where.year.$near: unknown operator"));
  EXPECT_THAT(message(R"({"$or": [{"a": 1}, {"b": {"$gt": true}}]})"),
              StartsWith("where.$or[1].b.$gt: needs a number"));
  EXPECT_THAT(message(R"({"$and": []})"), StartsWith("where.$and: "));
  EXPECT_THAT(message(R"({"$nor": [{"a": 1}]})"), StartsWith("where.$nor: "));
  EXPECT_THAT(message(R"({"a": {}})"), StartsWith("where.a: "));
  EXPECT_THAT(message(R"({"a": null})"), StartsWith("where.a: "));
  EXPECT_THAT(message(R"({"a": {"$in": [[1]]}})"), StartsWith("where.a.$in: "));
  EXPECT_THAT(message(R"({"a": {"$exists": 1}})"), StartsWith("where.a.$exists: "));
  EXPECT_THAT(message(R"([1])"), StartsWith("where: "));
  Json deep = {{"a", 1}};
  for (int i = 0; i < 200; ++i) deep = {{"$not", deep}};
  EXPECT_THROW(Filter{deep}, Error);
  EXPECT_TRUE(Filter(Json::object()).everything());
  EXPECT_TRUE(Filter(Json()).everything());
}

}  // namespace
}  // namespace hanok::store
