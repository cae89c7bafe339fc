// hanok agent: a question answered by a model with tools.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/file.h"
#include "chain/tools/input.h"
#include "chat_models.h"
#include "command.h"
#include "hanok/agents.h"
#include "hanok/error.h"
#include "models_in_use.h"
#include "own_prompts.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string question, tools, kind = "auto", log, replay, sql, shell;
  std::vector<std::string> mcp, files, hosts;
  size_t max_steps = 15, max_tokens = 0, answer_tokens = 320;
  double max_seconds = 0, temperature = 0;
  bool approve = false;
  ChatFlags model;
};

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> out;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');)
    if (!name.empty()) out.push_back(name);
  return out;
}

/// The tools that were named, and what they work on.
class Tools {
 public:
  Tools(Session& session, const Flags& flags, std::shared_ptr<const chain::ChatModel> model)
      : session_(session), flags_(flags), model_(std::move(model)) {}

  chain::Toolbox make() {
    std::vector<std::string> names = names_in(flags_.tools);
    if (flags_.tools.empty()) names = usual();
    chain::Toolbox out;
    for (const auto& name : names) out.push_back(tool(name));
    for (const auto& server : flags_.mcp)
      for (auto& tool : chain::connect_mcp(server)) out.push_back(std::move(tool));
    return out;
  }

 private:
  /// Without --tools: the calculator, the documents where there are some, and what other flags name.
  std::vector<std::string> usual() const {
    std::vector<std::string> out{"calculator"};
    if (std::filesystem::exists(session_.data_folder() + "/hanok.db")) out.push_back("search"), out.push_back("fetch");
    if (!flags_.files.empty()) out.push_back("read_file"), out.push_back("list_files");
    if (!flags_.sql.empty()) out.push_back("sql");
    if (!flags_.hosts.empty()) out.push_back("http_get");
    if (!flags_.shell.empty()) out.push_back("shell");
    return out;
  }

  std::shared_ptr<const chain::AgentTool> tool(const std::string& name) {
    const std::vector<std::filesystem::path> folders(flags_.files.begin(), flags_.files.end());
    if (name == "calculator") return chain::make_calculator();
    if (name == "search") return chain::make_search_tool(documents());
    if (name == "fetch") return chain::make_fetch_tool(documents());
    if (name == "ask") return chain::make_ask_tool(documents());
    if (name == "list_documents") return chain::make_list_documents_tool(documents());
    if (name == "read_file") return need(folders.empty(), name, "--files FOLDER"), chain::make_read_file_tool(folders);
    if (name == "list_files")
      return need(folders.empty(), name, "--files FOLDER"), chain::make_list_files_tool(folders);
    if (name == "sql") return need(flags_.sql.empty(), name, "--sql FILE"), chain::make_sql_tool(flags_.sql);
    if (name == "http_get")
      return need(flags_.hosts.empty(), name, "--allow-host HOST"), chain::make_http_get_tool({.hosts = flags_.hosts});
    if (name == "shell")
      return need(flags_.shell.empty(), name, "--shell FOLDER"), chain::make_shell_tool(flags_.shell);
    throw Error(Code::Invalid,
                "there is no tool '" + name +
                    "'; there are calculator, search, fetch, ask, list_documents, read_file, list_files, "
                    "sql, http_get and shell");
  }

  static void need(bool missing, const std::string& name, const std::string& flag) {
    if (missing) throw Error(Code::Invalid, "the tool " + name + " needs " + flag);
  }

  chain::DocumentTools documents() {
    if (!documents_.collection) {
      documents_.collection = session_.store(false).collection(session_.collection_name());
      models_ = std::make_unique<ModelsInUse>(ModelsInUse::for_search(session_, *documents_.collection->snapshot()));
      documents_.embedder = models_->embedder();
      documents_.model = model_;
      documents_.prompt_template = own_prompt(session_, "ask");
    }
    return documents_;
  }

  Session& session_;
  const Flags& flags_;
  std::shared_ptr<const chain::ChatModel> model_;
  chain::DocumentTools documents_;
  std::unique_ptr<ModelsInUse> models_;
};

/// What was done, on one line of some length; all of it stands in --json, --log and --trace.
std::string line_of(const chain::AgentStep& step) {
  constexpr size_t kShown = 160;  // bytes of the input, and of what came of it
  const auto cut = [](const std::string& text) {
    std::string out = chain::cut_bytes(text, kShown);
    std::replace(out.begin(), out.end(), '\n', ' ');
    return out;
  };
  return step.tool + " " + cut(step.input) + " -> " + cut(step.observation);
}

/// At a terminal: y, n, or all of this run.
bool approved(const chain::Tool& tool, const std::string& input, bool& all) {
  if (all) return true;
  std::cerr << "Call " << tool.name << " with " << input << "? [y/N/all] " << std::flush;
  std::string line;
  std::getline(std::cin, line);
  all = line == "all";
  return all || line == "y" || line == "yes";
}

base::OrderedJson to_json(const chain::AgentRun& run, const std::string& model) {
  base::OrderedJson steps = base::OrderedJson::array();
  for (const auto& s : run.steps)
    steps.push_back({{"tool", s.tool},
                     {"input", s.input},
                     {"observation", s.observation},
                     {"thought", s.thought},
                     {"failed", s.failed},
                     {"seconds", s.seconds}});
  const bool answered = run.stopped == chain::AgentStop::Answered;
  return {{"answer", run.answer},
          {"steps", steps},
          {"unparsable", run.unparsable},
          {"stopped", answered ? base::OrderedJson(nullptr) : base::OrderedJson(chain::stop_name(run.stopped))},
          {"kind", chain::agent_kind_name(run.kind)},
          {"notes", run.notes},
          {"prompt_tokens", run.prompt_tokens},
          {"completion_tokens", run.completion_tokens},
          {"seconds", run.seconds},
          {"model", model}};
}

void show(Session& session, const chain::AgentRun& run, const std::string& model) {
  session.print(to_json(run, model), [&](std::ostream& out) { out << run.answer << "\n"; });
  if (session.json) return;
  for (const auto& n : run.notes) session.note("note: " + n);
  if (run.stopped != chain::AgentStop::Answered)
    session.note("note: stopped at the limit of " + std::string(chain::stop_name(run.stopped)) + " after " +
                 std::to_string(run.steps.size()) + " steps");
}

void run(Session& session, const Flags& flags) {
  if (!flags.replay.empty())
    return show(session, chain::replay_agent(base::read_file(flags.replay, 64 << 20)), "replay");
  if (flags.question.empty())
    throw Error(Code::Invalid, "a question was expected (hanok agent \"What is 12.5% of 80?\"), or --replay FILE");
  ChatFlags named = flags.model;
  if (named.chat_template.empty()) named.plain_if_none = true;
  const Chat chat = need_chat(session, named);
  const auto tools = Tools(session, flags, chat.model).make();

  chain::AgentOptions options{.kind = chain::agent_kind(flags.kind),
                              .max_steps = flags.max_steps,
                              .max_seconds = flags.max_seconds,
                              .max_tokens = flags.max_tokens};
  options.system = own_prompt(session, "agent");
  options.prompts = {own_prompt(session, "agent-steps"), own_prompt(session, "agent-unread"),
                     own_prompt(session, "agent-again"), own_prompt(session, "agent-limit")};
  options.answer.temperature = static_cast<float>(flags.temperature);
  options.answer.max_tokens = flags.answer_tokens;
  bool all = false;
  if (flags.approve)
    options.approve = [&](const chain::Tool& tool, const std::string& input) { return approved(tool, input, all); };
  options.on_step = [&](const chain::AgentStep& s) { session.note(line_of(s)); };
  std::ofstream log;
  if (!flags.log.empty()) {
    log.open(flags.log);
    if (!log) throw Error(Code::Unavailable, flags.log + ": cannot be written");
    options.log = [&](const std::string& line) { log << line << "\n" << std::flush; };
  }
  show(session, chain::run_agent(*chat.model, tools, flags.question, options), chat.model->name());
}

}  // namespace

void add_agent(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand(
      "agent", "Answer a question with the help of tools.",
      "  hanok agent -m model.gguf \"How many days is it from 2026-03-01 to Christmas?\"\n"
      "  hanok agent --tools calculator,search --max-steps 6 \"What do two nights in the Moon room cost?\"\n"
      "  hanok agent --mcp \"npx some-server\" --approve \"...\"\n\n"
      "Every step of a model in this process is bound to the tools and their inputs. docs/agents.md says more.");
  c.positional("QUESTION", flags->question, "the question", false);
  flags->model.add_to(c);
  c.option(
      "--tools", flags->tools,
      "names parted by commas: calculator, search, fetch, ask, list_documents, read_file, list_files, sql, http_get, "
      "shell (default: calculator, search and fetch where there are documents, and those that a flag below names)");
  c.option("--files", flags->files, "a folder that read_file and list_files may read; may be given several times");
  c.option("--sql", flags->sql, "a SQLite file that sql may read");
  c.option("--allow-host", flags->hosts, "a host that http_get may ask; may be given several times");
  c.option("--shell", flags->shell, "a folder that shell works in, behind walls (needs bubblewrap)");
  c.option("--mcp", flags->mcp, "an MCP server whose tools are added: a command, or a URL; may be given several times");
  c.choice("--kind", flags->kind, {"auto", "functions", "react"}, "how tools are called (default: as the model can)");
  c.option("--max-steps", flags->max_steps, "calls of tools at most (default 15)", 1);
  c.option("--max-seconds", flags->max_seconds, "seconds at most", 0, 1e6);
  c.option("--max-tokens", flags->max_tokens, "tokens read and written at most", 1);
  c.option("--step-tokens", flags->answer_tokens, "tokens of one step at most (default 320)", 32);
  c.option("--temperature", flags->temperature, "0: always the likeliest token (default 0)", 0, 100);
  c.flag("--approve", flags->approve, "ask before each call of a tool");
  c.option("--log", flags->log, "write what happens into this file, for --replay");
  c.option("--replay", flags->replay, "take the steps of a log again, without a model and tools, and compare");
  c.cache();
  c.trace();
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
