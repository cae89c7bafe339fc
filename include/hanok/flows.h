// Chains from YAML files: `hanok run FILE`. Part of the door of room `chain`. docs/how-to/chains-in-yaml.md describes
// them.
//
//   const auto flow = chain::Flow::read(base::read_file("review.yaml"), "review.yaml");
//   std::cout << flow.run({{"text", draft}}, {.open_model = open}).output;
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/chain.h"
#include "hanok/chat.h"
#include "hanok/prompts.h"

namespace hanok::chain {

struct FlowOptions {
  /// A model by the name in the file; "" is the caller's own. Called once a name.
  std::function<std::shared_ptr<const ChatModel>(const std::string& name)> open_model = {};
  std::shared_ptr<store::Collection> collection = nullptr;  // of search and ask
  const EmbeddingModel* embedder = nullptr;                 // must outlive the run
  std::string ask_prompt = {};                              // of ask (AskOptions::prompt_template)
  std::filesystem::path folder = {};                        // that `read` may read below; empty: nothing
  std::function<void(const std::string& id, const std::string& value)> on_step = {};
};

struct FlowResult {
  std::string output;
  std::vector<std::pair<std::string, std::string>> values;  // of every step that ran, in their order
};

/// Checked when it is read: unknown keys, values of the wrong kind, names that nothing gives, each with its line.
class Flow {
 public:
  struct Impl;  // what was read

  /// Throws Invalid: "review.yaml, line 7: steps/1/prompt: ...".
  static Flow read(std::string_view yaml, const std::string& what);

  const std::string& name() const;
  const std::string& description() const;
  /// That must be given, and those with a value of their own.
  const std::vector<std::pair<std::string, std::string>>& inputs() const;
  bool needs_model() const;
  bool needs_documents() const;

  /// Throws Invalid for an input that is missing or none of its own, and what the steps throw, with the step's id.
  FlowResult run(const Values& inputs, const FlowOptions& options) const;
  /// What models would be told, step by step; gaps that only a step fills stay as they are. Throws Invalid for an
  /// input that is none of its own. `ask_prompt` as in FlowOptions.
  std::string prompts(const Values& inputs, const std::string& ask_prompt = {}) const;

 private:
  std::shared_ptr<const Impl> impl_;  // shared by copies; never changed
};

}  // namespace hanok::chain
