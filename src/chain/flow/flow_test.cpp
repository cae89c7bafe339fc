#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "chain/test_models.h"
#include "hanok/error.h"
#include "hanok/flows.h"

namespace hanok::chain {
namespace {

using test::Played;
using test::said;
using testing::HasSubstr;

std::string why(const std::string& yaml) {
  try {
    Flow::read(yaml, "f.yaml");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Invalid);
    return e.what();
  }
  return "it is one";
}

FlowOptions with(const std::shared_ptr<const ChatModel>& model) {
  return {.open_model = [model](const std::string&) { return model; }};
}

TEST(Flow, StepsTakeWhatWasMadeBefore) {
  const auto flow = Flow::read(
      "name: t\ninputs: {word: , times: 2}\nsteps:\n  - id: a\n    text: \"{word}-{times}\"\n"
      "  - id: b\n    system: S\n    prompt: \"say {a}\"\n  - id: c\n    text: \"<{b}>\"\noutput: c\n",
      "t");
  const auto model = std::make_shared<Played>([](auto m, const auto&) { return said(" " + m.back().text() + "\n"); });
  const auto out = flow.run({{"word", "{x}"}}, with(model));
  EXPECT_EQ(out.output, "<say {x}-2>");
  EXPECT_EQ(out.values.size(), 3u);
  EXPECT_EQ(model->asked[0][0].text(), "S");
  EXPECT_TRUE(flow.needs_model());
  EXPECT_FALSE(flow.needs_documents());
  EXPECT_THROW(flow.run({}, with(model)), Error);
  EXPECT_THROW(flow.run({{"word", "x"}, {"other", "y"}}, with(model)), Error);
  EXPECT_EQ(flow.prompts({{"word", "w"}}), "---- t, line 6 (b)\nsystem: S\nuser: say {a}\n");
  EXPECT_THROW(flow.prompts({{"wrod", "w"}}), Error);
}

TEST(Flow, PromptsOfEveryStepAreShown) {
  const auto flow = Flow::read(
      "inputs: [q]\nsteps:\n  - id: a\n    ask: \"About {q}\"\n  - id: b\n    prompt: \"{a}\"\n    list: true\n", "t");
  const auto shown = flow.prompts({{"q", "rivers"}});
  EXPECT_THAT(shown, testing::AllOf(HasSubstr("line 3 (a)\n(with a model; the question is: About rivers)\nuser: "),
                                    HasSubstr("{passages}"), HasSubstr("(Answer with one item a line")));
  EXPECT_THAT(flow.prompts({{"q", "x"}}, "Mine: {passages} {question}"), HasSubstr("user: Mine: {passages}"));
}

TEST(Flow, WhatIsWrongIsSaidWithItsLineBeforeItRuns) {
  const std::pair<const char*, const char*> cases[] = {
      {"steps:\n  - id: a\n    text: x\nsteps2: 1", "f.yaml, line 4: steps2: there is no such key"},
      {"name: x", "steps were expected"},
      {"steps: []", "line 1: steps: a list of steps"},
      {"steps:\n  - text: x", "line 2: steps/0: an id"},
      {"steps:\n  - id: a\n    text: \"{b}\"\n  - id: b\n    text: x",
       "line 3: steps/0/text: nothing before it gives {b}"},
      {"steps:\n  - id: a\n    text: x\n  - id: a\n    text: y", "line 4: steps/1/id: 'a' is there already"},
      {"steps:\n  - id: a\n    text: x\n    prompt: y", "one thing"},
      {"steps:\n  - id: a\n    tekst: x", "expected, found id, tekst"},
      {"steps:\n  - id: a\n    prompt: x\n    temperature: hot", "line 4: steps/0/temperature: a number"},
      {"steps:\n  - id: a\n    prompt: x\n    choices: [one]", "two or more"},
      {"steps:\n  - id: a\n    prompt: x\n    schema: {not: {}}", "line 4: steps/0/schema"},
      {"steps:\n  - id: a\n    prompt: \"{a.b}\"", "a name of letters"},
      {"steps:\n  - id: a\n    each: b\n    steps: []", "gives 'b'"},
      {"steps:\n  - id: a\n    text: x\noutput: b", "line 4: output: 'b' is neither"},
      {"inputs: [a, a]\nsteps:\n  - id: b\n    text: x", "two inputs"},
      {"inputs: [a]\nsteps:\n  - id: a\n    text: x", "is there already"},
      {"steps:\n  - id: a\n    route: x\n    cases: {}", "a step for each value"},
      {"steps:\n  - id: a\n    text: [x]", "a text was expected"},
      {"- x", "keys were expected"},
      {"a: [", "not YAML"}};
  for (const auto& [yaml, words] : cases) EXPECT_THAT(why(yaml), HasSubstr(words)) << yaml;
}

TEST(Flow, TheExamplesRun) {
  const base::fs::path folder = base::fs::path(HANOK_SOURCE_DIR) / "examples" / "chains";
  const auto read = [&](const std::string& name) {
    return Flow::read(base::read_file(folder / (name + ".yaml")), name);
  };
  const auto model = std::make_shared<Played>([](auto m, const ChatOptions& o) {
    const std::string text = m.back().text();
    if (!o.constraint.regex.empty()) return said(text.find("broken") != text.npos ? "complaint" : "praise");
    return said(text.find("What the reviewer found") != text.npos ? "final" : "- one\n- two");
  });
  const auto route = read("classify-and-route");
  EXPECT_EQ(route.run({{"letter", "lovely"}}, with(model)).output, "Thank you for writing to us!");
  EXPECT_EQ(route.run({{"letter", "the lamp is broken"}}, with(model)).output, "- one\n- two");
  EXPECT_TRUE(route.needs_documents());
  EXPECT_EQ(read("two-agent-review").run({{"task", "a poem"}}, with(model)).output, "final");
  const base::TempFolder files;
  base::write_file_atomic(files.path() / "a.txt", "about a");
  base::write_file_atomic(files.path() / "b.txt", "about b");
  auto options = with(model);
  options.folder = files.path();
  model->asked.clear();
  read("summarise-folder").run({{"folder", "."}}, options);
  ASSERT_EQ(model->asked.size(), 3u);
  EXPECT_THAT(model->asked[0].back().text(), HasSubstr("about a"));
  EXPECT_THAT(model->asked[2].back().text(), HasSubstr("- one"));
  EXPECT_THROW(read("summarise-folder").run({{"folder", "/etc"}}, options), Error);
  try {
    read("translate-then-answer").run({{"question", "x"}}, with(model));
    FAIL();
  } catch (const Error& e) {  // no documents here: which step says so
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("(passages)"), HasSubstr("needs documents")));
  }
}

}  // namespace
}  // namespace hanok::chain
