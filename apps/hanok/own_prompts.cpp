#include "own_prompts.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <vector>

#include "base/file.h"
#include "command.h"
#include "hanok/agents.h"
#include "hanok/chain.h"
#include "hanok/condense.h"
#include "hanok/error.h"
#include "hanok/memory.h"
#include "hanok/retrievers.h"

namespace hanok::app {
namespace {

namespace fs = std::filesystem;

struct Known {
  const char *name, *used;
  std::string text;
};

const std::vector<Known>& known_prompts() {
  static const std::vector<Known> all = {
      {"ask", "ask, and the tool ask of agent and mcp: the answer from {passages} to {question}",
       chain::default_prompt()},
      {"condense", "ask --session: {question} so that it stands without {history}",
       chain::default_condense_prompt().text()},
      {"summary", "chat --memory summary, summary-buffer: {summary} with {new_lines}",
       chain::default_summary_prompt().text()},
      {"multi-query", "--retriever multi-query: {n} other versions of {question}",
       chain::default_multi_query_prompt().text()},
      {"self-query", "--retriever self-query: conditions on {fields} out of {question}",
       chain::default_self_query_prompt().text()},
      {"agent", "agent: the system message; how steps are written follows it", chain::default_agent_prompt()},
  };
  return all;
}

const Known& known(const std::string& name) {
  std::string names;
  for (const auto& prompt : known_prompts()) {
    if (prompt.name == name) return prompt;
    names += (names.empty() ? "" : ", ") + std::string(prompt.name);
  }
  throw Error(Code::NotFound, "there is no prompt '" + name + "'; there are " + names);
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
    const auto same = [&](const Known& prompt) { return file.filename() == std::string(prompt.name) + ".txt"; };
    if (file.extension() == ".txt" && std::none_of(all.begin(), all.end(), same))
      session.note("note: " + file.string() + " replaces no prompt; NAME.txt with a name of this list was expected");
  }
}

void list(Session& session) {
  base::OrderedJson rows = base::OrderedJson::array();
  for (const auto& prompt : known_prompts()) {
    const fs::path file = file_of(session, prompt.name);
    rows.push_back({{"name", prompt.name},
                    {"used", prompt.used},
                    {"from", file.empty() ? std::string("default") : file.string()}});
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
  const fs::path file = file_of(session, name);
  if (file.empty()) return prompt.text;
  std::string text = base::read_file(file, kMostBytes);
  while (!text.empty() && text.back() == '\n') text.pop_back();  // an editor's last line break
  return text;
}

void add_own_prompts(Command& group) {
  group.subcommand("list", "The prompts that can be replaced, and where each comes from.").run(list);
  auto name = std::make_shared<std::string>();
  Command one = group.subcommand("show", "One of them, as it is in force.",
                                 "To have your own words instead:\n"
                                 "  hanok prompts show ask > ~/prompts/ask.txt\n"
                                 "  hanok config set prompts ~/prompts");
  one.positional("NAME", *name, "ask, condense, summary, multi-query, self-query, agent");
  one.run([name](Session& session) { show(session, *name); });
}

}  // namespace hanok::app
