// 01: prompt styles. One question asked with a role, with conditions, with examples, and step by step.
// usage: 01_prompt_styles MODEL      a .gguf file, a folder, ORG/NAME or http://... (a small one answers small)
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 01_prompt_styles MODEL\n", 2;
  const auto model = chain::open_chat_model(argv[1], {.plain_if_none = true});
  const std::string question = "A farm has 3 spiders and 2 hens. How many legs is that?";

  for (const char* name : {"zero-shot", "role", "conditions", "few-shot", "chain-of-thought"}) {
    const chain::PromptStyle style = *chain::usual_style(name, question);
    const auto messages = chain::styled_prompt(style, question);
    const auto reply = model->chat(messages, {.temperature = 0, .max_tokens = 60, .stop = {"\nuser:"}});
    std::cout << "== " << name << ": " << messages.size() << " messages, " << reply.prompt_tokens << " + "
              << reply.completion_tokens << " tokens\n"
              << reply.text() << "\n";
  }

  // A style of your own, and its answers put to the vote (self-consistency).
  chain::PromptPlan plan{.question = question, .expected = "28", .temperatures = {0.8f}, .max_tokens = 60, .seed = 1};
  plan.styles = {{.name = "teacher", .role = "You are a patient teacher.", .chain_of_thought = true, .samples = 3}};
  const auto compared = chain::compare_prompts(plan, [&](const std::string&) { return model; });
  const chain::PromptRun& run = compared.runs.front();
  std::cout << "== " << run.style << ": " << run.texts.size() << " samples, " << run.agreement * 100
            << " % of them say: " << run.answer << "\n";
}
