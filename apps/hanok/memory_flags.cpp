#include "memory_flags.h"

#include "hanok/error.h"
#include "own_prompts.h"

namespace hanok::app {

void MemoryFlags::add_to(Command& c) {
  c.choice("--memory", kind_, {"buffer", "window", "tokens", "summary", "summary-buffer", "vector"},
           "what the model is told of the conversation: everything; the last turns; the last that have so many tokens; "
           "a summary; the last turns and a summary of those before; the turns nearest in meaning (default: what its "
           "context holds)");
  c.option("--memory-turns", turns_, "turns of window and vector (default 5)", 1);
  c.option("--memory-tokens", tokens_, "tokens of tokens and summary-buffer (default 2000)", 1);
}

std::unique_ptr<chain::Memory> MemoryFlags::open(const Session& session, std::shared_ptr<const chain::ChatModel> model,
                                                 chain::Conversation& talk, const std::string& name) {
  chain::MemoryOptions options{.kind = chain::memory_kind(kind_),
                               .turns = turns_,
                               .max_tokens = tokens_,
                               .k = turns_,
                               .model = std::move(model)};
  options.summary_prompt = own_prompt(session, "summary");
  if (options.kind == chain::MemoryKind::Vector) {
    models_ = std::make_unique<ModelsInUse>(ModelsInUse::named(session, ""));
    options.embedder = models_->embedder();
    if (!options.embedder) throw Error(Code::NotFound, "--memory vector needs an embedding model\n" + model_advice());
  }
  const auto journal = name.empty() ? nullptr : store::Journal::open(session.data_folder());
  return std::make_unique<chain::Memory>(std::move(options), chain::turns_of(talk, journal, name));
}

}  // namespace hanok::app
