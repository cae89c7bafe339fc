// --memory of `chat`: what the model is told of a conversation.
#pragma once

#include <memory>
#include <string>

#include "command.h"
#include "hanok/memory.h"
#include "models_in_use.h"

namespace hanok::app {

class MemoryFlags {
 public:
  /// --memory, --memory-turns, --memory-tokens.
  void add_to(Command& command);
  bool given() const { return !kind_.empty(); }
  /// Over the turns of `talk`; its summaries are kept with the session where it has a name. Throws NotFound where a
  /// memory by meaning finds no embedding model.
  std::unique_ptr<chain::Memory> open(const Session& session, std::shared_ptr<const chain::ChatModel> model,
                                      chain::Conversation& talk, const std::string& name);

 private:
  std::string kind_;
  size_t turns_ = 5, tokens_ = 2000;
  std::unique_ptr<ModelsInUse> models_;  // the embedder of a memory by meaning
};

}  // namespace hanok::app
