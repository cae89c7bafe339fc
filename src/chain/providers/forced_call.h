// A tool call that must come: the model of this process chooses the tool and writes its arguments, and nothing else.
#pragma once

#include <span>
#include <string>

#include "hanok/chat.h"

namespace hanok::chain {

/// Two texts, each bound: the name (where there is a choice), then the arguments by the tool's schema; what stands
/// around them in the model's style is put there. `functions`: the tools that the prompt tells of, as tools_json() has
/// them; options.tools: those that may be called, at least one. `how` says how tokens are drawn, and how many there may
/// be. An answer that has no room for the call ends with ChatFinish::Length and no call. Throws Invalid and Unsupported
/// for schemas that cannot be kept to.
ChatReply force_tool_call(const LanguageModel& model, std::span<const Turn> turns, const std::string& functions,
                          const ChatOptions& options, const GenerateOptions& how);

}  // namespace hanok::chain
