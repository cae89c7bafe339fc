#include "text/template/template.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "hanok/error.h"
#include "text/template/library.h"

namespace hanok::text {
namespace {

using base::OrderedJson;
using jinja::Arguments;
using jinja::Dict;
using jinja::Value;

Dict variables(const char* json) {
  Dict out;
  const auto parsed = OrderedJson::parse(json);
  for (const auto& [key, value] : parsed.items()) out.set(key, Value::of(value));
  return out;
}

std::string render(const std::string& source, const char* json = "{}") {
  return Template::parse(source).render(variables(json));
}

std::string error_of(const std::string& source, const char* json = "{}") {
  try {
    render(source, json);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Template, TextAndExpressions) {
  EXPECT_EQ(render("a {{ 1 + 2 * 3 }} b"), "a 7 b");
  EXPECT_EQ(render("{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 7 / 2 }} {{ 1.0 }}"),
            "3 -4 2 1024 3.5 1.0");
  EXPECT_EQ(render("{{ 'a' ~ 1 ~ true ~ none }}"), "a1TrueNone");
  EXPECT_EQ(render("{{ x.y['z'][1] }}", R"({"x": {"y": {"z": [1, "둘"]}}})"), "둘");
  EXPECT_EQ(render("{{ 'yes' if 1 < 2 < 3 and not 2 > 3 else 'no' }}"), "yes");
  EXPECT_EQ(render("{{ 2 in [1, 2] }} {{ 'b' not in 'abc' }} {{ 'k' in {'k': 1} }}"), "True False True");
  EXPECT_EQ(render("{{ [1, 'a', none, 1.5, {'b': true}] }}"), "[1, 'a', None, 1.5, {'b': True}]");
  EXPECT_EQ(render("{{ '가나다라'[1:3] }} {{ [1, 2, 3][::-1] }} {{ 'abc'[-1] }}"), "나다 [3, 2, 1] c");
  EXPECT_EQ(render("{{ missing }}|{{ missing is defined }}|{{ x.missing is none }}", R"({"x": {}})"), "|False|False");
  EXPECT_EQ(render("{{ {'a': {'b': 1}} | tojson }}"), R"({"a": {"b": 1}})");
}

TEST(Template, BlanksAroundTags) {
  EXPECT_EQ(render("a\n{% if true %}\nb\n{% endif %}\nc\n"), "a\nb\nc");
  EXPECT_EQ(render("a  {%- if true -%}  b  {%- endif -%}  c"), "abc");
  EXPECT_EQ(render("  {% set x = 1 %}\n  {{ x }}\n"), "  1");
  EXPECT_EQ(render("a {# no #} b{#- no -#} c"), "a  bc");
  EXPECT_EQ(render("{% raw %}{{ x }}{% endraw %}"), "{{ x }}");
}

TEST(Template, LoopsScopesAndMacros) {
  EXPECT_EQ(render("{% for x in [3, 1, 2] if x != 1 %}{{ loop.index }}:{{ x }}{{ ',' if not loop.last }}{% endfor %}"),
            "1:3,2:2");
  EXPECT_EQ(
      render("{% for k, v in d.items() %}{{ k }}={{ v }};{% else %}none{% endfor %}", R"({"d": {"b": 1, "a": 2}})"),
      "b=1;a=2;");
  EXPECT_EQ(render("{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}"), "1");
  EXPECT_EQ(render("{% set n = namespace(x=1) %}{% for i in range(3) %}{% set n.x = n.x + i %}{% endfor %}{{ n.x }}"),
            "4");
  EXPECT_EQ(render("{% macro m(a, b='B') %}[{{ a }}{{ b }}]{% endmacro %}{{ m(1) }}{{ m(2, b=3) }}"), "[1B][23]");
  EXPECT_EQ(
      render(
          "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 3 %}{% break %}{% endif %}{{ i }}{% endfor %}"),
      "013");
  EXPECT_EQ(render("{% set t %}a{{ 1 }}{% endset %}{{ t | upper }}"), "A1");
}

// A value is put in once: what stands in it is never read as a template.
TEST(Template, ValuesAreNotTemplates) {
  EXPECT_EQ(render("{{ x }}", R"({"x": "{{ 1 + 1 }}{% raise %}"})"), "{{ 1 + 1 }}{% raise %}");
}

TEST(Template, ErrorsNameThePlace) {
  EXPECT_EQ(error_of("a\n{% if x %}"), "template, line 2: a block has no end: expected {% endif %}");
  EXPECT_EQ(error_of("{{ a.b.c }}"), "template, line 1: 'a' is undefined, so it has no 'b'");
  EXPECT_EQ(error_of("\n{{ 'a' + 1 }}"), "template, line 2: '+' has no meaning between str and int");
  EXPECT_EQ(error_of("{{ x | nope }}"), "template, line 1: there is no filter 'nope'");
  EXPECT_NE(error_of("{% include 'x' %}").find("reaches for another file"), std::string::npos);
  EXPECT_NE(error_of("{{ [].append(1) }}").find("would change a value"), std::string::npos);
  EXPECT_EQ(error_of("{{ raise_exception('No!') }}"), "raise_exception: No!");
}

// Each ends with an error within its limits.
TEST(Template, HostileOnesEnd) {
  const char* sources[] = {
      "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
      "{% for a in range(999999999) %}{% endfor %}",
      "{% set n = namespace(x='aaaaaaaa') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
      "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
      "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
      "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | tojson }}",
      "{% set n = namespace(x=[1]) %}{% for i in range(99999) %}{% set n.x = [n.x] %}{% endfor %}",
      "{% set n = namespace() %}{% set n.x = n %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{{ 'a' * 999999999999 }}",
      "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.replace('a', 'bbbbbbbbbbbbbbbbbbbb' * 999999) }}",
  };
  for (const char* source : sources) EXPECT_NE(error_of(source), "no error") << source;
  EXPECT_NE(error_of("{{ " + std::string(5000, '(') + "1" + std::string(5000, ')') + " }}"), "no error");
  EXPECT_NE(error_of("{{ " + std::string(5000, '-') + "1 }}"), "no error");
  std::string nested;
  for (int i = 0; i < 5000; ++i) nested += "{% if 1 %}";
  EXPECT_NE(error_of(nested), "no error");
}

// Real models' chat templates as the library that they come from renders them.
TEST(Template, GoldenChats) {
  const char* given = std::getenv("HANOK_TEST_DATA");
  const auto folder =
      (given ? std::filesystem::path(given) : std::filesystem::path(HANOK_SOURCE_DIR) / ".." / "shared" / "data") /
      "golden" / "lm" / "chat";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no golden chats beside the source";
  const auto inputs = OrderedJson::parse(base::read_file(folder / "inputs.json"));
  std::tm date{};
  ASSERT_NE(strptime(inputs["strftime_now"].get<std::string>().c_str(), "%Y-%m-%dT%H:%M:%S", &date), nullptr);
  std::ifstream in(folder / "cases.jsonl");
  size_t seen = 0, wrong = 0;
  for (std::string line; std::getline(in, line);) {
    const auto c = OrderedJson::parse(line);
    const auto& input = inputs["cases"][c["case"].get<std::string>()];
    const std::string name = c["template"].get<std::string>();
    Dict v;
    v.set("messages", Value::of(input["messages"]));
    v.set("tools", input.contains("tools") ? Value::of(input["tools"]) : Value(jinja::None{}));
    v.set("documents", jinja::None{});
    v.set("add_generation_prompt", input.value("add_generation_prompt", false));
    for (const char* token : {"bos_token", "eos_token"})
      if (!c[token].is_null()) v.set(token, Value::of(c[token]));
    if (input.contains("kwargs"))
      for (const auto& [key, value] : input["kwargs"].items()) v.set(key, Value::of(value));
    v.set("strftime_now", jinja::Function([date](const Arguments& a) -> Value {
            char out[200];
            return std::string(out, std::strftime(out, sizeof out, a.positional.at(0).text().c_str(), &date));
          }));
    ++seen;
    std::string got;
    bool failed = false;
    try {
      got = Template::parse(base::read_file(folder / "templates" / (name + ".jinja")), name).render(v);
    } catch (const Error& e) {
      got = e.what();
      failed = true;
    }
    const bool want_error = !c.contains("text");
    const std::string want = want_error ? c["error"].get<std::string>() : c["text"].get<std::string>();
    bool good = failed == want_error && (want_error || got == want);
    if (want_error && c["error_type"] == "TemplateError") good = good && got == std::string(jinja::kRaised) + want;
    if (!good && ++wrong <= 12)
      ADD_FAILURE() << name << " / " << c["case"] << "\n--- got" << (failed ? " error" : "") << "\n"
                    << got << "\n--- want" << (want_error ? " error" : "") << "\n"
                    << want;
  }
  EXPECT_EQ(wrong, 0u) << "of " << seen;
  EXPECT_GT(seen, 600u);
}

}  // namespace
}  // namespace hanok::text
