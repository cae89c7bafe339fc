// How a model writes: the flags of a subcommand, and the settings of a chat.
#pragma once

#include <string>
#include <vector>

#include "command.h"
#include "hanok/chat.h"

namespace hanok::app {

/// --temperature, --top-p, ... of a subcommand; what was not given is the model's own choice.
struct AnswerFlags {
  static constexpr double kNotGiven = -1000;
  double temperature = kNotGiven, top_p = kNotGiven, min_p = kNotGiven, typical = kNotGiven;
  double repeat_penalty = kNotGiven, frequency_penalty = kNotGiven, presence_penalty = kNotGiven, dry = kNotGiven;
  std::string top_k, seed;              // empty: not given
  std::vector<std::string> logit_bias;  // "ID=BIAS"
  size_t max_tokens = 0;
  std::vector<std::string> stop;

  void add_to(Command& command);
  chain::ChatOptions options() const;
  /// Changes one by its name without dashes; throws Invalid with what was expected.
  void set(const std::string& key, const std::string& value);
  /// A line each, for people.
  std::string describe() const;
};

}  // namespace hanok::app
