// The chat model of a subcommand, and how its tokens are counted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "hanok/chat.h"
#include "session.h"

namespace hanok::app {

struct Chat {
  std::shared_ptr<const chain::ChatModel> model;  // nullptr: none is named (an extractive answer)
  /// The tokenizer.json that counts, "ORG/NAME (path)"; "estimate" where none is known.
  std::string tokenizer = "estimate";
};

struct ChatFlags {
  std::string model;      // "http://host:port/v1" or "...#name", a .gguf file, a folder, ORG/NAME; empty: the setting
  std::string tokenizer;  // a file, a folder or ORG/NAME; empty: the setting, else the tokenizer of the model's name
  std::string chat_template;  // "plain", a file with a template, or empty: the model's own
  size_t context = 0;         // tokens; 0: the model's own
  bool exact = false;
  std::vector<std::string> adapters;  // "NAME=FOLDER", or a folder under its own name
  std::string draft;
  /// -m, --context, --exact, --chat-template, --tokenizer.
  void add_to(Command& command);
  /// --adapter, --draft: of commands that write much.
  void add_local_to(Command& command);
  /// The names of `adapters`, in their order.
  std::vector<std::string> adapter_names() const;
  bool plain_if_none = false;  // plain_chat_template() where the model brings no template
  bool kept = true;            // answers come from the cache where caching is on
  bool prompt_only = false;    // a model that counts and says nothing, for --show-prompt; also where none is named
};

/// --json-schema, --regex, --grammar of a subcommand: what its texts must satisfy.
struct ConstraintFlags {
  std::string schema_file, regex, grammar_file;
  void add_to(Command& command);
  /// Reads the files.
  Constraint constraint() const;
  bool any() const { return !schema_file.empty() || !regex.empty() || !grammar_file.empty(); }
};

Chat open_chat(const Session& session, const ChatFlags& flags);
/// The same, and NotFound with how to get one where none is named.
Chat need_chat(const Session& session, const ChatFlags& flags);
/// How to get a chat model: a few lines for people.
std::string chat_model_advice();

}  // namespace hanok::app
