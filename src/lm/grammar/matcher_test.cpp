// Masks against plain trying: a token is allowed exactly where its bytes can be followed.
#include "lm/grammar/matcher.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "hanok/error.h"
#include "lm/grammar/gbnf.h"
#include "lm/grammar/json_schema.h"
#include "lm/grammar/regex.h"

namespace hanok::lm::grammar {
namespace {

Rules of_regex(const char* source) {
  Rules rules;
  rules.root = rules.add("regex");
  rules.expression(rules.root, Automaton::kFirst, Automaton::kLast, *parse_regex(source));
  return rules;
}

// Every byte, and pieces of two to five that begin and end anywhere, in the middle of characters too; and long ones.
std::shared_ptr<const Vocabulary> pieces() {
  static const auto out = [] {
    const std::string text =
        "{\"name\": \"서울\", \"age\": 12, \"tags\": [\"a\", \"b\\n\"]}]}\n  true false null -1.5e+3 \"}, {\"k\":[[]]} aab abc "
        "😀é\\u00e9\\ud83d\\ude00 (x+1)*y";
    std::vector<std::string> bytes;
    for (int b = 0; b < 256; ++b) bytes.emplace_back(1, static_cast<char>(b));
    for (size_t n = 2; n <= 5; ++n)
      for (size_t i = 0; i + n <= text.size(); ++i) bytes.push_back(text.substr(i, n));
    const auto times = [](size_t n, std::string_view what) {
      std::string many;
      while (n-- > 0) many += what;
      return many;
    };
    for (const size_t n : {7, 20, 31, 40})
      for (const char* end : {"", "!", "\"", ".", "\\n", "\"]", "\", \"", "\xEC"}) {
        bytes.push_back(times(n, "a") + end);
        bytes.push_back(times(n, "\\n") + end);
        bytes.push_back(times(n / 3, "한") + end);
        bytes.push_back("\"" + times(n, " ") + end);
      }
    bytes.emplace_back();  // a special token
    return std::make_shared<const Vocabulary>(Vocabulary(std::move(bytes)));
  }();
  return out;
}

std::shared_ptr<Engine> engine(const Rules& rules) { return std::make_shared<Engine>(rules, pieces()); }

bool allows(std::span<const uint64_t> mask, size_t id) { return mask[id / 64] >> (id % 64) & 1; }

bool matches(const Rules& rules, std::string_view text) {
  Matcher m(engine(rules));
  return m.accept(text) && m.may_end();
}

// Draws allowed tokens until the text may end; checks each mask on the way.
std::string draw(const std::shared_ptr<Engine>& e, uint64_t seed, size_t most) {
  base::Random random(seed);
  Matcher m(e);
  std::string out;
  for (size_t n = 0; !m.must_end(); ++n) {
    const auto mask = m.mask();
    std::vector<int32_t> allowed;
    for (size_t id = 0; id < e->vocabulary().size(); ++id) {
      const auto& bytes = e->vocabulary().bytes(static_cast<int32_t>(id));
      Matcher other = m;
      EXPECT_EQ(allows(mask, id), !bytes.empty() && other.accept(bytes)) << out << " + " << bytes;
      // Past `most`, towards the end alone.
      const auto left = m.bytes_to_end();
      if (!allows(mask, id)) continue;
      const auto then = m.bytes_to_end(static_cast<int32_t>(id));
      EXPECT_TRUE(then.has_value());
      if (n < most || (then && *then < left)) allowed.push_back(static_cast<int32_t>(id));
    }
    if (m.may_end() && (n >= most || random.below(4) == 0)) break;
    if (allowed.empty()) {
      ADD_FAILURE() << "no token leads on behind " << out;
      break;
    }
    const int32_t id = allowed[random.below(allowed.size())];
    EXPECT_TRUE(m.accept(id));
    out += e->vocabulary().bytes(id);
  }
  EXPECT_TRUE(m.may_end());
  return out;
}

TEST(Matcher, RegularExpressions) {
  const Rules date = of_regex("\\d{4}-\\d{2}(-\\d{2})?");
  EXPECT_TRUE(matches(date, "2026-11-24"));
  EXPECT_TRUE(matches(date, "2026-11"));
  EXPECT_FALSE(matches(date, "2026-11-2"));
  EXPECT_FALSE(matches(date, "2026-11-244"));
  const Rules hangul = of_regex("[가-힣 ]+[.!?]");
  EXPECT_TRUE(matches(hangul, "안녕하세요 여러분."));
  EXPECT_FALSE(matches(hangul, "안녕 all."));
  EXPECT_TRUE(matches(of_regex("(?:a|b)*?c{2,}"), "ababccc"));
  EXPECT_TRUE(matches(of_regex("^[^x]\\x41\\u{1F600}$"), "éA😀"));
  EXPECT_TRUE(matches(of_regex("\\p{Lu}\\P{Lu}+"), "Éa가"));
  EXPECT_FALSE(matches(of_regex("\\p{Lu}\\P{Lu}+"), "éa"));
}

TEST(Matcher, Gbnf) {
  const Rules rules = parse_gbnf(R"~(
    # arithmetic
    root  ::= expr
    expr  ::= term ([-+*/] term)*
    term  ::= ident | num |
              "(" expr ")"
    ident ::= [a-z] [a-z0-9_]{0,3}
    num   ::= [0-9]+ ("." [0-9]+)?
  )~");
  EXPECT_TRUE(matches(rules, "(x+1)*y"));
  EXPECT_TRUE(matches(rules, "((a))/2.5"));
  EXPECT_FALSE(matches(rules, "((a)/2.5"));
  EXPECT_FALSE(matches(rules, "abcde"));
}

TEST(Matcher, MasksEqualPlainTrying) {
  const auto json = engine(schema_rules("{}"));
  const auto person = engine(schema_rules(
      R"({"type":"object","properties":{"name":{"type":"string","maxLength":3},"tags":{"type":"array","items":{"enum":["a","b\n"]}}},"required":["name"]})"));
  const auto arithmetic = engine(parse_gbnf("root ::= e\ne ::= t (\"+\" t)*\nt ::= [a-z]+ | \"(\" e \")\" | [0-9]+"));
  const auto words = engine(of_regex("([가-힣]+|[a-c]{2,4}) ?(😀|é)"));
  // Long counted strings, whose masks are put together of shared pieces.
  const auto counted = engine(schema_rules(R"({"type":"string","minLength":50,"maxLength":120})"));
  const auto lists = engine(schema_rules(
      R"({"type":"array","minItems":2,"maxItems":3,"items":{"anyOf":[{"type":"string","maxLength":70},{"type":"array","maxItems":1,"items":{"type":"string","maxLength":70}}]}})"));
  const auto words_of = engine(of_regex("[a-z ]{1,90}\\.|[가-힣a-z]{40,}!"));
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto length = base::OrderedJson::parse(draw(counted, seed, 60)).get<std::string>().size();
    EXPECT_GE(length, 50u);
    draw(words_of, seed, 45);
    draw(lists, seed, 45);
  }
  for (uint64_t seed = 0; seed < 6; ++seed) {
    base::parse_json(draw(json, seed, 8), "drawn");
    const auto value = base::OrderedJson::parse(draw(person, seed, 8));
    EXPECT_TRUE(value.contains("name"));
    draw(arithmetic, seed, 6);
    draw(words, seed, 6);
  }
}

std::string times(size_t n, std::string_view what) {
  std::string out;
  while (n-- > 0) out += what;
  return out;
}

// At every count, with tokens that read many characters and then something else.
void expect_masks(const Rules& rules, std::vector<std::string> tokens, std::string_view begin, size_t characters) {
  for (int b = 0; b < 256; ++b) tokens.emplace_back(1, static_cast<char>(b));
  const auto vocabulary = std::make_shared<const Vocabulary>(Vocabulary(std::move(tokens)));
  Matcher m(std::make_shared<Engine>(rules, vocabulary));
  ASSERT_TRUE(m.accept(begin));
  for (size_t n = 0; n <= characters; ++n) {
    const auto mask = m.mask();
    for (size_t id = 0; id < vocabulary->size(); ++id) {
      Matcher other = m;
      const auto& bytes = vocabulary->bytes(static_cast<int32_t>(id));
      EXPECT_EQ(allows(mask, id), other.accept(bytes)) << "behind " << n << ": " << bytes;
    }
    EXPECT_TRUE(n == characters || m.accept("a"));
  }
}

TEST(Matcher, CountsShareWhatNoTokenTellsApart) {
  std::vector<std::string> plain, escaped;
  for (const size_t n : {5, 15, 25, 30, 33, 50})
    for (const char* end : {".", "!", "\"", "한"}) plain.push_back(times(n, "a") + end);
  for (const size_t n : {3, 10, 15, 20, 60})
    for (const char* end : {"", "a", "\"", "!"}) escaped.push_back(times(n, "\\n") + end);
  expect_masks(of_regex("[a-z ]{1,90}\\.|[a-z ]{100,}!"), plain, "", 101);
  expect_masks(schema_rules(R"({"type":"string","minLength":40,"maxLength":120})"), escaped, "\"", 120);
  expect_masks(schema_rules(R"({"type":"string","minLength":40,"maxLength":120})"), plain, "\"", 120);
  expect_masks(schema_rules(R"({"type":"array","items":{"type":"string","maxLength":90}})"), escaped, "[\"", 90);
}

TEST(Matcher, CountsTheShortestEnd) {
  Matcher m(engine(schema_rules(R"({"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"]})")));
  EXPECT_EQ(m.bytes_to_end(), std::string("{\"a\":true}").size());
  EXPECT_TRUE(m.accept("{\"a\":f"));
  EXPECT_EQ(m.bytes_to_end(), std::string("alse}").size());
  EXPECT_FALSE(m.accept("x"));
  EXPECT_EQ(m.bytes_to_end('a'), std::string("lse}").size());
  EXPECT_EQ(m.bytes_to_end('x'), std::nullopt);
  EXPECT_TRUE(m.accept("alse}"));
  EXPECT_TRUE(m.must_end());
}

std::string why(const std::function<void()>& f, Code code) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(Matcher, HostileGrammarsAreErrors) {
  EXPECT_NE(why([] { engine(parse_gbnf("root ::= root \"a\" | \"a\"")); }, Code::Invalid).find("root -> root"),
            std::string::npos);
  // Hidden behind a rule that may read nothing.
  why([] { engine(parse_gbnf("root ::= a b\na ::= \"x\"*\nb ::= a c\nc ::= a b \"y\" | \"z\"")); }, Code::Invalid);
  why([] { engine(parse_gbnf("root ::= a\na ::= \"x\" a")); }, Code::Invalid);  // never ends
  EXPECT_NE(why([] { parse_gbnf("root ::= missing"); }, Code::Invalid).find("missing"), std::string::npos);
  why([] { parse_gbnf("root ::= (((a{999}){999}){999}){999}\na ::= \"x\""); }, Code::Exhausted);
  why([] { of_regex("(((((a{100}){100}){100}){100}))"); }, Code::Exhausted);
  why([] { of_regex("a{1,2000000}"); }, Code::Exhausted);
  why([] { of_regex(std::string(100'000, '(').c_str()); }, Code::Exhausted);
  why([] { parse_gbnf("root ::= " + std::string(100'000, '(')); }, Code::Exhausted);
  why([] { of_regex("(?=a)b"); }, Code::Unsupported);
  why([] { of_regex("(a)\\1"); }, Code::Unsupported);
  why([] { of_regex("a^b"); }, Code::Unsupported);
  why([] { of_regex("[b-a]"); }, Code::Invalid);
  why([] { of_regex("[]a"); }, Code::Invalid);
  // 2^n ways to read n letters.
  Rules rules = parse_gbnf("root ::= a \".\"\na ::= \"x\" a \"y\" | \"x\" a \"z\" | \"x\"");
  Matcher m(engine(rules));
  why([&] { m.accept(std::string(64, 'x')); }, Code::Exhausted);
  // Ways that do not add up to more than they are: loops within loops.
  EXPECT_TRUE(matches(of_regex("((a*)*)*b"), std::string(500, 'a') + "b"));
}

TEST(Vocabulary, IsATreeInOrder) {
  const Vocabulary v({"b", "ab", "", "a", "abc", "ab"});
  std::string shown;
  for (size_t n = 0; n < v.nodes().size(); ++n) {
    shown += std::to_string(v.nodes()[n].depth) + ":";
    for (const int32_t id : v.tokens_at(static_cast<uint32_t>(n))) shown += std::to_string(id);
    shown += " ";
  }
  EXPECT_EQ(shown, "0: 1:3 2:15 3:4 1:0 ");
  EXPECT_EQ(v.nodes()[1].end, 4u);
}

}  // namespace
}  // namespace hanok::lm::grammar
