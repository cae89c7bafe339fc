// A flow as it was read: steps with their templates.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "hanok/flows.h"

namespace hanok::chain {

struct FlowStep {
  enum class Kind { Prompt, Text, Search, Ask, Read, Each, Route } kind = Kind::Text;
  std::string id, place;  // "review.yaml, line 7 (summary)", for messages

  PromptTemplate text, system;  // of Prompt and Text; the query, question or path of Search, Ask and Read
  std::string model;            // of Prompt; "": the caller's
  ChatOptions options = {.temperature = 0.0f, .max_tokens = 512};
  std::vector<std::string> choices;       // the answer is one of these
  std::string schema;                     // the answer is JSON that satisfies it
  bool list = false;                      // the answer is a list, kept as JSON
  size_t k = 4;                           // of Search
  std::string over;                       // Each: the name of a list; Route: unused
  PromptTemplate on;                      // of Route
  std::vector<FlowStep> steps;            // of Each, with {item}
  std::map<std::string, FlowStep> cases;  // of Route
  std::shared_ptr<FlowStep> otherwise;    // of Route; none: an error
};

struct Flow::Impl {
  std::string what, name, description, output;
  std::vector<std::pair<std::string, std::string>> inputs;  // with their own values
  std::vector<std::string> needed;                          // inputs that have none
  std::vector<FlowStep> steps;
};

}  // namespace hanok::chain
