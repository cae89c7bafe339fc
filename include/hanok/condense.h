// A question that hangs on the ones before it, made to stand alone. Part of the door of room `chain`.
#pragma once

#include <string>

#include "hanok/memory.h"

namespace hanok::chain {

/// How it is asked for: {history} and {question}.
PromptTemplate default_condense_prompt();

/// "And in winter?" after "How much is a room?" becomes "How much is a room in winter?". The question itself where the
/// conversation is empty, or the model says nothing. Throws what chat() does.
std::string condense_question(const ChatModel& model, const Recall& history, const std::string& question,
                              const PromptTemplate& prompt = default_condense_prompt());

}  // namespace hanok::chain
