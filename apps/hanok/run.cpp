// hanok run: a chain from a YAML file.
#include <filesystem>
#include <iostream>

#include "base/file.h"
#include "chat_models.h"
#include "command.h"
#include "hanok/error.h"
#include "hanok/flows.h"
#include "models_in_use.h"
#include "own_prompts.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string file, folder = ".";
  std::vector<std::string> inputs;
  bool show_prompt = false;
  ChatFlags model;
};

chain::Values values_of(const std::vector<std::string>& inputs) {
  chain::Values out;
  for (const auto& one : inputs) {
    const size_t equals = one.find('=');
    if (equals == one.npos || equals == 0) throw Error(Code::Invalid, "--input " + one + ": NAME=VALUE was expected");
    std::string value = one.substr(equals + 1);
    if (value.starts_with("@")) value = base::read_file(value.substr(1), 16 << 20);
    out[one.substr(0, equals)] = std::move(value);
  }
  return out;
}

void run(Session& session, const Flags& flags) {
  const auto flow = chain::Flow::read(base::read_file(flags.file, 1 << 20), flags.file);
  const auto inputs = values_of(flags.inputs);
  if (flags.show_prompt) {
    const auto prompts = flow.prompts(inputs, own_prompt(session, "ask"));
    return session.print({{"prompts", prompts}}, [&](std::ostream& out) { out << prompts; });
  }
  chain::FlowOptions options{.folder = flags.folder};
  std::unique_ptr<ModelsInUse> models;
  if (flow.needs_documents()) {
    options.collection = session.store(false).collection(session.collection_name());
    models = std::make_unique<ModelsInUse>(ModelsInUse::for_search(session, *options.collection->snapshot()));
    options.embedder = models->embedder();
  }
  options.ask_prompt = own_prompt(session, "ask");
  const std::string named = flags.model.model.empty() ? session.get("model") : flags.model.model;
  if (flow.needs_model() || (!named.empty() && named != "extractive"))  // `ask` answers without one, too
    options.open_model = [&](const std::string& name) {
      ChatFlags one = flags.model;
      if (!name.empty()) one.model = name;
      if (one.chat_template.empty()) one.plain_if_none = true;
      return need_chat(session, one).model;
    };
  options.on_step = [&](const std::string& id, const std::string& value) {
    session.note(id + ": " + value.substr(0, value.find('\n')));
  };
  const auto result = flow.run(inputs, options);
  base::OrderedJson steps = base::OrderedJson::object();
  for (const auto& [id, value] : result.values) steps[id] = value;
  session.print({{"name", flow.name()}, {"output", result.output}, {"steps", steps}},
                [&](std::ostream& out) { out << result.output << "\n"; });
}

}  // namespace

void add_run(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c =
      root.subcommand("run", "Run a chain of prompts, searches and answers from a YAML file.",
                      "  hanok run examples/chains/two-agent-review.yaml --input task=\"A notice about the lift.\"\n"
                      "  hanok run chain.yaml --input letter=@letter.txt --show-prompt\n\n"
                      "docs/how-to/chains-in-yaml.md describes the file.");
  c.positional("FILE", flags->file, "the chain (YAML)");
  c.option("-i,--input", flags->inputs, "NAME=VALUE, or NAME=@FILE; may be given several times");
  c.option("--folder", flags->folder, "the folder that `read` steps may read below (default: this one)");
  c.flag("--show-prompt", flags->show_prompt, "print what models would be told, and stop");
  flags->model.add_to(c);
  c.cache();
  c.trace();
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
