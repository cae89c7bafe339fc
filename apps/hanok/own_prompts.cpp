#include "own_prompts.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <vector>

#include "base/file.h"
#include "chain/answer/combine.h"
#include "command.h"
#include "hanok/agents.h"
#include "hanok/chain.h"
#include "hanok/condense.h"
#include "hanok/error.h"
#include "hanok/memory.h"
#include "hanok/outputs.h"
#include "hanok/retrievers.h"
#include "hanok/tasks.h"

namespace hanok::app {
namespace {

namespace fs = std::filesystem;

/// Fixed ones are shown, so that nothing that a model is told is hidden; their `used` says what else there is.
enum class Kind { Text, Template, Fixed };

struct Known {
  std::string name, used, text;
  Kind kind = Kind::Template;
  std::vector<std::string> optional = {};  // of a Template: gaps of the default that another text may leave out
  std::vector<std::string> needed = {};    // of a Text: what must stand in it, in braces
};

void add_tasks(std::vector<Known>& out) {
  for (const bool korean : {false, true}) {
    const std::string behind = korean ? "-ko" : "", of = korean ? " (Korean texts)" : "";
    const auto summarize = chain::default_summarize_prompts(korean);
    out.push_back({"summarize" + behind,
                   "summarize" + of + ": {text} in {sentences} sentences",
                   summarize.whole.text(),
                   Kind::Template,
                   {"sentences"}});
    out.push_back({"summarize-part" + behind,
                   "summarize" + of + ": a part of a text that is longer than the context",
                   summarize.part.text(),
                   Kind::Template,
                   {"sentences"}});
    out.push_back({"summarize-join" + behind,
                   "summarize" + of + ": the parts' summaries, in {text}",
                   summarize.joined.text(),
                   Kind::Template,
                   {"sentences"}});
    out.push_back(
        {"sentiment" + behind,
         "sentiment" + of + ": which of {labels} is {text}; {question} is --question, or what the sentiment is",
         chain::default_label_prompt(korean).text(),
         Kind::Template,
         {"question", "labels"}});
  }
}

/// What a model is told that has its own place to be changed, or that answers are read by.
void add_fixed(std::vector<Known>& out) {
  const auto fixed = [&](const std::string& name, const std::string& used, std::string text) {
    out.push_back({name, used, std::move(text), Kind::Fixed});
  };
  fixed("refine", "ask --combine refine: before the passages of the next part, in {passages} of ask",
        std::string(chain::answer::kAnswerSoFar) + "{answer}");
  fixed("conversation-so-far", "chat --memory summary, summary-buffer: before the summary, behind the system message",
        std::string(chain::kConversationSoFar));
  fixed("list", "run: behind the prompt of a step with `list`", chain::lines_parser().instructions);
  fixed("choices", "run: behind the prompt of a step with `choices`", chain::choice_parser({"{choices}"}).instructions);
  fixed("schema", "run: behind the prompt of a step with `schema`; --retriever self-query",
        chain::schema_parser(R"({"title": "{schema}"})").instructions);
  fixed("repair", "run, self-query: what was wrong with an answer that cannot be read, before its instructions again",
        std::string(chain::kCannotBeRead) + "{why}");
  for (const char* style : {"role", "conditions", "few-shot", "chain-of-thought"}) {
    std::string text;
    for (const auto& m : chain::styled_prompt(*chain::usual_style(style, "question"), "{question}"))
      text += (text.empty() ? "" : "\n") + m.role + ": " + m.text();
    fixed(std::string("compare-") + style, "prompts compare: the usual style of that name; a plan may have its own",
          text);
  }
  fixed("plain-template", "--chat-template plain, and agent and run where a model brings no template",
        chain::plain_chat_template());
}

std::vector<Known> all_prompts() {
  const auto agent = chain::default_agent_prompts();
  std::vector<Known> out = {
      {"ask",
       "ask, run, serve, and the tool ask of agent and mcp: the answer from {passages} to {question}",
       chain::default_prompt(),
       Kind::Text,
       {},
       {"passages", "question"}},
      {"condense", "ask --session: {question} so that it stands without {history}",
       chain::default_condense_prompt().text()},
      {"summary", "chat --memory summary, summary-buffer: {summary} with {new_lines}",
       chain::default_summary_prompt().text()},
      {"multi-query",
       "--retriever multi-query: {n} other versions of {question}",
       chain::default_multi_query_prompt().text(),
       Kind::Template,
       {"n"}},
      {"self-query", "--retriever self-query: conditions on {fields} out of {question}",
       chain::default_self_query_prompt().text()},
      {"agent", "agent: the system message", chain::default_agent_prompt(), Kind::Text},
      {"agent-steps", "agent --kind react: behind it and before the tools, how steps are written", agent.steps,
       Kind::Text},
      {"agent-unread",
       "agent: {why} a step could not be read, and {how} steps are written",
       agent.unread.text(),
       Kind::Template,
       {"why", "how"}},
      {"agent-again", "agent: behind the result of a call that was made before", agent.again, Kind::Text},
      {"agent-limit", "agent --kind react: at the limit of steps", agent.limit, Kind::Text},
  };
  add_tasks(out);
  add_fixed(out);
  return out;
}

const std::vector<Known>& known_prompts() {
  static const std::vector<Known> all = all_prompts();
  return all;
}

const Known& known(const std::string& name) {
  std::string names;
  for (const auto& prompt : known_prompts()) {
    if (prompt.name == name) return prompt;
    names += (names.empty() ? "" : ", ") + prompt.name;
  }
  throw Error(Code::NotFound, "there is no prompt '" + name + "'; there are " + names);
}

[[noreturn]] void missing(const std::string& file, const std::string& name, const std::string& all) {
  throw Error(Code::Invalid, file + ": {" + name + "} is missing; the model would not be told it" +
                                 (all.empty() ? "" : ". There are " + all));
}

/// Its gaps are those of the default, and none is missing that it means nothing without.
void check(const Known& prompt, const std::string& text, const std::string& file) {
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto expected = chain::PromptTemplate(prompt.text).variables();
  std::string list;
  for (const auto& name : expected) list += (list.empty() ? "{" : ", {") + name + "}";
  std::vector<std::string> found;
  try {
    found = chain::PromptTemplate(text).variables();
  } catch (const Error& e) {
    throw Error(e.code(), file + ": " + e.what());
  }
  for (const auto& name : found)
    if (!has(expected, name))
      throw Error(Code::Invalid, file + ": {" + name + "} is nothing that is known here; there are " + list +
                                     " (a brace itself is written twice, {{ or }})");
  for (const auto& name : expected)
    if (!has(found, name) && !has(prompt.optional, name)) missing(file, name, list);
}

/// The file that replaces it; empty: none.
fs::path file_of(const Session& session, const std::string& name) {
  const std::string folder = session.get("prompts");
  if (folder.empty()) return {};
  if (!fs::is_directory(folder))
    throw Error(Code::NotFound, folder + ": the folder of the setting prompts is not there");
  const fs::path file = fs::path(folder) / (name + ".txt");
  return fs::exists(file) ? file : fs::path();
}

/// A file under no prompt's name does nothing, and is mostly one that was meant to.
void tell_of_others(const Session& session) {
  const std::string folder = session.get("prompts");
  if (folder.empty()) return;
  const auto& all = known_prompts();
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path file = entry.path();
    const auto same = [&](const Known& prompt) {
      return prompt.kind != Kind::Fixed && file.filename() == prompt.name + ".txt";
    };
    if (file.extension() == ".txt" && std::none_of(all.begin(), all.end(), same))
      session.note("note: " + file.string() +
                   " replaces no prompt; NAME.txt with a name of this list that is not fixed was expected");
  }
}

void list(Session& session) {
  base::OrderedJson rows = base::OrderedJson::array();
  for (const auto& prompt : known_prompts()) {
    const fs::path file = prompt.kind == Kind::Fixed ? fs::path() : file_of(session, prompt.name);
    rows.push_back({{"name", prompt.name},
                    {"used", prompt.used},
                    {"from", prompt.kind == Kind::Fixed ? "fixed"
                             : file.empty()             ? std::string("default")
                                                        : file.string()}});
  }
  tell_of_others(session);
  session.print({{"prompts", rows}}, [&](std::ostream& out) {
    for (const auto& row : rows)
      out << row["name"].get<std::string>() << "  (" << row["from"].get<std::string>() << ")\n    "
          << row["used"].get<std::string>() << "\n";
  });
}

void show(Session& session, const std::string& name) {
  const std::string text = own_prompt(session, name);
  session.print({{"name", name}, {"text", text}}, [&](std::ostream& out) { out << text << "\n"; });
}

}  // namespace

std::string own_prompt(const Session& session, const std::string& name) {
  constexpr uint64_t kMostBytes = 1 << 20;
  const Known& prompt = known(name);
  const fs::path file = prompt.kind == Kind::Fixed ? fs::path() : file_of(session, name);
  if (file.empty()) return prompt.text;
  std::string text = base::read_file(file, kMostBytes);
  while (!text.empty() && text.back() == '\n') text.pop_back();  // an editor's last line break
  if (prompt.kind == Kind::Template) check(prompt, text, file.string());
  for (const auto& need : prompt.needed)
    if (text.find("{" + need + "}") == text.npos) missing(file.string(), need, "");
  return text;
}

void add_own_prompts(Command& group) {
  group.subcommand("list", "All that hanok tells models by itself, and where each text comes from.").run(list);
  auto name = std::make_shared<std::string>();
  Command one = group.subcommand("show", "One of them, as it is in force.",
                                 "To have your own words instead:\n"
                                 "  hanok prompts show ask > ~/prompts/ask.txt\n"
                                 "  hanok config set prompts ~/prompts\n"
                                 "{words} in braces are filled in; a brace itself is written twice.");
  one.positional("NAME", *name, "a name of `hanok prompts list`");
  one.run([name](Session& session) { show(session, *name); });
}

}  // namespace hanok::app
