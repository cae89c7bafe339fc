// The chat model of a subcommand, and how its tokens are counted.
#pragma once

#include <memory>
#include <string>

#include "hanok/chain.h"
#include "session.h"

namespace hanok::app {

struct Chat {
  std::unique_ptr<chain::ChatModel> model;  // nullptr: an extractive answer
  /// The tokenizer.json that counts, "ORG/NAME (path)"; "estimate" where none is known.
  std::string tokenizer = "estimate";
};

struct ChatFlags {
  std::string model;      // "http://host:port/v1" or "...#name", a .gguf file, a folder, ORG/NAME; empty: the setting
  std::string tokenizer;  // a file, a folder or ORG/NAME; empty: the setting, else the tokenizer of the model's name
  bool prompt_only = false;  // a model that counts and says nothing, for --show-prompt; also where none is named
};

Chat open_chat(const Session& session, const ChatFlags& flags);

}  // namespace hanok::app
