// `ask --session NAME`: a question is understood with the ones before it.
#pragma once

#include <memory>
#include <string>

#include "hanok/memory.h"
#include "session.h"

namespace hanok::app {

class AskSession {
 public:
  /// An empty name: every question stands alone.
  AskSession(const Session& session, const std::string& name);
  /// The question as it reads without the conversation; said in a note where it differs. Without a model, or at the
  /// beginning, it is the question itself.
  std::string standalone(const std::string& question, const chain::ChatModel* model) const;
  void keep(const std::string& question, const std::string& answer);

 private:
  const Session& session_;
  std::unique_ptr<chain::Memory> memory_;
};

}  // namespace hanok::app
