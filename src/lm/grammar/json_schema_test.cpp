// Schemas as grammars: against texts checked by the published jsonschema package, and against our own reading of the
// standard.
#include "lm/grammar/json_schema.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/file.h"
#include "base/random.h"
#include "hanok/error.h"
#include "lm/grammar/json_numbers.h"
#include "lm/grammar/matcher.h"
#include "lm/test_data.h"

namespace hanok::lm::grammar {
namespace {

std::shared_ptr<const Vocabulary> all_bytes() {
  static const auto out = [] {
    std::vector<std::string> bytes;
    for (int b = 0; b < 256; ++b) bytes.emplace_back(1, static_cast<char>(b));
    return std::make_shared<const Vocabulary>(Vocabulary(std::move(bytes)));
  }();
  return out;
}

bool accepts(const std::shared_ptr<Engine>& engine, std::string_view text) {
  Matcher m(engine);
  return m.accept(text) && m.may_end();
}
std::shared_ptr<Engine> engine(std::string_view schema) {
  return std::make_shared<Engine>(schema_rules(schema), all_bytes());
}
bool accepts(std::string_view schema, std::string_view text) { return accepts(engine(schema), text); }

// A text of the grammar, byte by byte; short once `most` bytes are out.
std::string draw(const std::shared_ptr<Engine>& e, uint64_t seed, size_t most) {
  base::Random random(seed);
  Matcher m(e);
  std::string out;
  while (!m.must_end()) {
    const auto mask = m.mask();
    const uint64_t left = m.bytes_to_end();
    std::vector<int32_t> allowed;
    for (int32_t b = 0; b < 256; ++b)
      if ((mask[static_cast<size_t>(b) / 64] >> (b % 64) & 1) &&
          (out.size() < most || m.bytes_to_end(b).value() < left))
        allowed.push_back(b);
    if (m.may_end() && (allowed.empty() || random.below(3) == 0)) break;
    if (allowed.empty()) {
      ADD_FAILURE() << "nothing leads on behind " << out;
      break;
    }
    const int32_t b = allowed[random.below(allowed.size())];
    EXPECT_TRUE(m.accept(b));
    out += static_cast<char>(b);
  }
  return out;
}

std::string trimmed(const std::string& s) {
  const size_t first = s.find_first_not_of(" \n\t"), last = s.find_last_not_of(" \n\t");
  return first == std::string::npos ? "" : s.substr(first, last - first + 1);
}

TEST(JsonSchema, TextsCheckedByThePublishedPackage) {
  const auto file = test_data() / "golden" / "lm" / "jsonschema" / "cases.jsonl";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no golden schemas beside the source";
  std::istringstream lines(base::read_file(file));
  size_t accepted = 0, rejected = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto row = base::OrderedJson::parse(line);
    const std::string name = row["name"], schema = row["schema"].dump();
    const auto e = engine(schema);
    for (const auto& text : row["accept"]) {
      const auto t = text["text"].get<std::string>();
      EXPECT_TRUE(accepts(e, trimmed(t))) << name << ": " << t;
      EXPECT_TRUE(schema_holds(row["schema"], base::OrderedJson::parse(t))) << name << ": " << t;
      ++accepted;
    }
    for (const auto& text : row["reject"]) {
      const auto t = text["text"].get<std::string>();
      EXPECT_FALSE(accepts(e, trimmed(t))) << name << ": " << t;
      if (text["why"] == "schema") {
        EXPECT_FALSE(schema_holds(row["schema"], base::OrderedJson::parse(t))) << name << ": " << t;
      }
      ++rejected;
    }
    // Whatever the grammar lets through is valid.
    for (uint64_t seed = 0; seed < 8; ++seed) {
      const std::string t = draw(e, seed, 120);
      EXPECT_TRUE(schema_holds(row["schema"], base::OrderedJson::parse(t))) << name << ": " << t;
    }
  }
  EXPECT_GE(accepted, 180u);
  EXPECT_GE(rejected, 180u);
}

TEST(JsonSchema, KeysThatAreNotNamed) {
  const char* schema = R"({"properties":{"id":{"type":"integer"},"이름":{"type":"null"}},"type":"object"})";
  EXPECT_TRUE(accepts(schema, R"({"id": 1, "ident": "x", "i": [], "": null})"));
  EXPECT_TRUE(accepts(schema, R"({"\uc774\ub984": null, "이름2": 1})"));
  EXPECT_FALSE(accepts(schema, R"({"id": 1, "id": "x"})"));
  EXPECT_FALSE(accepts(schema, R"({"\u0069d": "x"})"));
  EXPECT_FALSE(accepts(schema, R"({"\uC774\ub984": 1})"));
}

TEST(JsonSchema, NumbersWithinBounds) {
  const auto within = [](const char* limits, const char* number) {
    return accepts(std::string(R"({"type":"number",)") + limits + "}", number);
  };
  EXPECT_TRUE(within(R"("minimum":-1.5)", "-1.5"));
  EXPECT_TRUE(within(R"("minimum":-1.5)", "-1.500"));
  EXPECT_FALSE(within(R"("minimum":-1.5)", "-1.51"));
  EXPECT_FALSE(within(R"("exclusiveMinimum":-1.5)", "-1.5"));
  EXPECT_FALSE(within(R"("exclusiveMinimum":-1.5)", "-1.50"));
  EXPECT_TRUE(within(R"("exclusiveMinimum":-1.5)", "-1.49"));
  EXPECT_TRUE(within(R"("minimum":0.25,"maximum":0.3)", "0.2999"));
  EXPECT_FALSE(within(R"("minimum":0.25,"maximum":0.3)", "0.3001"));
  EXPECT_FALSE(within(R"("minimum":0.25,"maximum":0.3)", "0"));
  EXPECT_TRUE(within(R"("exclusiveMaximum":0)", "-0.001"));
  EXPECT_FALSE(within(R"("exclusiveMaximum":0)", "0"));
  EXPECT_FALSE(within(R"("exclusiveMaximum":0)", "-0"));
  EXPECT_FALSE(within(R"("maximum":9)", "1e9"));
  EXPECT_TRUE(accepts(R"({"type":"number"})", "-1.5e+30"));
  EXPECT_FALSE(accepts(R"({"type":"number"})", "1e999"));
  EXPECT_FALSE(accepts(R"({"type":"number"})", "01"));
  EXPECT_TRUE(accepts(R"({"type":"integer","multipleOf":7,"minimum":50})", "56"));
  EXPECT_FALSE(accepts(R"({"type":"integer","multipleOf":7,"minimum":50})", "49"));
  // Every whole number around the bounds.
  for (const int low : {-120, -7, 0, 3, 99})
    for (const int high : {-100, -1, 0, 9, 100, 1234}) {
      if (high < low) continue;
      const auto e = engine(R"({"type":"integer","minimum":)" + std::to_string(low) + R"(,"maximum":)" +
                            std::to_string(high) + "}");
      for (int i = -130; i <= 1300; ++i)
        EXPECT_EQ(accepts(e, std::to_string(i)), low <= i && i <= high) << low << " " << i << " " << high;
    }
}

TEST(JsonSchema, ExactlyOneBranch) {
  EXPECT_FALSE(accepts(R"({"oneOf":[{"enum":[1,2]},{"enum":[2,3]}]})", "2"));
  EXPECT_TRUE(accepts(R"({"oneOf":[{"enum":[1,2]},{"enum":[2,3]}]})", "3"));
  EXPECT_TRUE(accepts(R"({"oneOf":[{"type":"string","pattern":"^a"},{"type":"string","pattern":"^b"}]})", "\"bc\""));
  EXPECT_THROW(schema_rules(R"({"oneOf":[{"type":"integer"},{"type":"number"}]})"), Error);
  EXPECT_THROW(schema_rules(R"({"oneOf":[{"type":"object"},{"type":"object","required":["a"]}]})"), Error);
}

TEST(JsonSchema, ConstraintsThatHoldTogether) {
  const char* schema =
      R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer","minimum":5}},"required":["a"]},
          {"properties":{"a":{"type":["integer","string"],"maximum":7}}},
          {"anyOf":[{"properties":{"b":{"const":1}},"required":["b"]},{"properties":{"c":{"const":2}},"required":["c"]}]}]})";
  EXPECT_TRUE(accepts(schema, R"({"a":6,"b":1})"));
  EXPECT_TRUE(accepts(schema, R"({"a":5,"c":2})"));
  EXPECT_FALSE(accepts(schema, R"({"a":8,"c":2})"));
  EXPECT_FALSE(accepts(schema, R"({"a":5})"));
  EXPECT_TRUE(accepts(R"({"type":"string","pattern":"^[a-z]+$","maxLength":3})", "\"abc\""));
  EXPECT_FALSE(accepts(R"({"type":"string","pattern":"^[a-z]+$","maxLength":3})", "\"abcd\""));
  EXPECT_TRUE(accepts(R"({"type":"string","pattern":"b"})", "\"abc\""));
  EXPECT_FALSE(accepts(R"({"type":"string","pattern":"b"})", "\"ac\""));
  EXPECT_TRUE(accepts(R"({"type":"string","format":"date"})", "\"2024-02-28\""));
  EXPECT_FALSE(accepts(R"({"type":"string","format":"date"})", "\"2024-02-30\""));
  EXPECT_TRUE(accepts(
      R"({"type":"object","minProperties":1,"maxProperties":2,"properties":{"a":{},"b":{},"c":{}},"additionalProperties":false})",
      R"({"a":1,"c":[]})"));
  EXPECT_FALSE(accepts(
      R"({"type":"object","minProperties":1,"maxProperties":2,"properties":{"a":{},"b":{},"c":{}},"additionalProperties":false})",
      R"({"a":1,"b":1,"c":1})"));
  EXPECT_FALSE(
      accepts(R"({"type":"object","minProperties":1,"properties":{"a":{}},"additionalProperties":false})", "{}"));
}

// Long bounds, which other programs refuse or crawl on.
TEST(JsonSchema, LongStringsAndManyTools) {
  const auto e = engine(R"({"type":"string","minLength":2,"maxLength":4000})");
  EXPECT_TRUE(accepts(e, "\"" + std::string(4000, 'x') + "\""));
  EXPECT_FALSE(accepts(e, "\"" + std::string(4001, 'x') + "\""));
  std::string tools = R"({"anyOf":[)";
  for (int i = 0; i < 100; ++i)
    tools +=
        std::string(i ? "," : "") + R"({"type":"object","properties":{"name":{"const":"tool_)" + std::to_string(i) +
        R"("},"arguments":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"],"additionalProperties":false}},"required":["name","arguments"],"additionalProperties":false})";
  tools += "]}";
  EXPECT_TRUE(accepts(tools, R"({"name": "tool_57", "arguments": {"q": "x"}})"));
}

TEST(JsonSchema, WhatIsNotKnownIsRefused) {
  const auto fault = [](const std::string& schema, Code code, const std::string& holds) {
    try {
      engine(schema);
      ADD_FAILURE() << schema;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      EXPECT_NE(std::string(e.what()).find(holds), std::string::npos) << e.what();
    }
  };
  fault(R"({"properties":{"a":{"not":{}}}})", Code::Unsupported, "#/properties/a: the keyword \"not\"");
  fault(R"({"if":{},"then":{}})", Code::Unsupported, "\"if\"");
  fault(R"({"patternProperties":{"a":{}}})", Code::Unsupported, "patternProperties");
  fault(R"({"type":"array","contains":{}})", Code::Unsupported, "contains");
  fault(R"({"typo":1})", Code::Unsupported, "typo");
  fault(R"({"$ref":"http://example.org/s.json"})", Code::Unsupported, "example.org");
  fault(R"({"$ref":"#/$defs/x"})", Code::Invalid, "#/$defs/x");
  fault(R"({"$ref":"#"})", Code::Exhausted, "nested");
  fault(R"({"type":"string","format":"iri"})", Code::Unsupported, "iri");
  fault(R"~({"type":"string","pattern":"a(?=b)"})~", Code::Unsupported, "look");
  fault(R"({"type":"strnig"})", Code::Invalid, "strnig");
  fault(R"({"type":"integer","minimum":"3"})", Code::Invalid, "#/minimum");
  fault(R"({"type":"number","multipleOf":0.01})", Code::Unsupported, "multipleOf");
  fault(R"({"type":"array","items":[{}]})", Code::Unsupported, "prefixItems");
  fault(R"({"type":"array","uniqueItems":true})", Code::Unsupported, "uniqueItems");
  fault("false", Code::Invalid, "no text");
  fault(R"({"type":"integer","minimum":3,"maximum":2})", Code::Invalid, "no text");
  fault(R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})", Code::Invalid, "no text");
  fault(R"({"type":"string","maxLength":900000})", Code::Exhausted, "states");
  fault("[1]", Code::Invalid, "schema");
  fault("{", Code::Invalid, "JSON");
  std::string deep = "{}";
  for (int i = 0; i < 200; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  fault(deep, Code::Exhausted, "nested");
}

}  // namespace
}  // namespace hanok::lm::grammar
