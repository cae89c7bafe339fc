// Agents: a model that answers with the help of tools. Part of the door of room `chain`.
//
//   const chain::Toolbox tools{chain::make_calculator(), chain::make_search_tool(collection)};
//   const auto run = chain::run_agent(*model, tools, "How many days is it from 2026-03-01 to Christmas?");
//   std::cout << run.answer;
//
// Every step is bound to the tools that there are and to their schemas where the model can be bound: an action that
// cannot be read cannot come out of it. What a tool gives back is data: whatever stands in it, no other tool than those
// in the box can be called.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/chat.h"
#include "hanok/prompts.h"
#include "hanok/tools.h"

namespace hanok::chain {

enum class AgentKind {
  Auto,       // Functions where the model knows tools, else React
  Functions,  // the model's own way of calling tools
  React,      // thought, action, observation in turns (Yao et al. 2023), each step a JSON object
};
std::string_view agent_kind_name(AgentKind kind);  // "auto", "functions", "react"
AgentKind agent_kind(std::string_view name);       // throws Invalid

struct AgentStep {
  std::string thought, tool, input;  // input: a JSON object
  std::string observation;           // what the tool gave, or why it could not
  bool failed = false;
  double seconds = 0;
};

/// Why a run ended: Answered, or at a limit.
enum class AgentStop { Answered, Steps, Time, Tokens };
std::string_view stop_name(AgentStop stop);  // "answer", "steps", "time", "tokens"

struct AgentRun {
  std::string answer;
  std::vector<AgentStep> steps;
  size_t unparsable = 0;  // answers of the model that were neither an action nor an answer
  AgentStop stopped = AgentStop::Answered;
  AgentKind kind = AgentKind::React;  // what was done
  std::vector<std::string> notes;     // what was cut, refused or left out, a line each
  size_t prompt_tokens = 0, completion_tokens = 0;
  double seconds = 0;
};

std::string default_agent_prompt();

/// What hanok itself tells the model of an agent, beside the system message and the observations.
struct AgentPrompts {
  std::string steps;      // behind the system message of React, before the tools: how steps are written
  PromptTemplate unread;  // {why} what it said could not be read, and {how} steps are written
  std::string again;      // behind the observation of an action that was done before
  std::string limit;      // no more tools can be used (React)
};
AgentPrompts default_agent_prompts();

struct AgentOptions {
  AgentKind kind = AgentKind::Auto;
  size_t max_steps = 15;
  double max_seconds = 0;  // 0: none
  size_t max_tokens = 0;   // read and written together; 0: no limit
  std::string system = default_agent_prompt();
  AgentPrompts prompts = default_agent_prompts();
  ChatOptions answer = {.temperature = 0.0f, .max_tokens = 320};  // of a step
  size_t observation_tokens = 800;  // what the model is shown of an observation; the rest is cut, and said
  bool answer_at_limit = true;      // one more call, bound to an answer, when a limit of steps is reached
  /// Asked before a tool is called; false: the model is told that it was not allowed. Empty: all are.
  std::function<bool(const Tool& tool, const std::string& input)> approve = {};
  std::function<void(const AgentStep&)> on_step = {};
  /// Gets every event as a line of JSON (docs/formats/agent-log.md), for replay_agent().
  std::function<void(const std::string& line)> log = {};
};

/// Throws what chat() throws, Invalid for tools with the same name. Errors of tools are observations, but for
/// Cancelled. An action that was done before is not done again: the model is told so, and after the second time it has
/// to answer.
AgentRun run_agent(const ChatModel& model, const Toolbox& tools, const std::string& question,
                   const AgentOptions& options = {});

/// The same run from its log: no model and no tool is asked, and every message that the model was told is compared.
/// Throws Corrupt where the log is none, or the run goes another way than it did.
AgentRun replay_agent(std::string_view log);

}  // namespace hanok::chain
