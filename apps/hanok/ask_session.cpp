#include "ask_session.h"

#include "hanok/condense.h"
#include "own_prompts.h"

namespace hanok::app {

namespace {
constexpr size_t kTurns = 4;  // that a question may hang on
}

AskSession::AskSession(const Session& session, const std::string& name) : session_(session) {
  if (name.empty()) return;
  memory_ = std::make_unique<chain::Memory>(chain::MemoryOptions{.kind = chain::MemoryKind::Window, .turns = kTurns},
                                            store::Journal::open(session.data_folder()), name);
}

std::string AskSession::standalone(const std::string& question, const chain::ChatModel* model) const {
  if (!memory_ || memory_->turns() == 0) return question;
  if (!model) {
    session_.note("note: without a model the question is understood by itself, not with those before it");
    return question;
  }
  std::string out = chain::condense_question(*model, memory_->recall(), question, own_prompt(session_, "condense"));
  if (out != question) session_.note("note: understood as: " + out);
  return out;
}

void AskSession::keep(const std::string& question, const std::string& answer) {
  if (memory_) memory_->save(question, answer);
}

}  // namespace hanok::app
