// 13: a prompt template, and a chain of prompt, model and parser. What goes through it can be seen as it comes.
// usage: 13_prompt_template_and_chain MODEL
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 13_prompt_template_and_chain MODEL\n", 2;
  const auto model = chain::open_chat_model(argv[1], {.plain_if_none = true});
  const auto show = [](std::string_view piece) { return bool(std::cout << piece << std::flush); };

  // Gaps are filled once; a brace inside a value is only a brace.
  const chain::PromptTemplate question("Name three {things} of {country}, separated by commas.");
  std::cout << question.format({{"things", "{rivers}"}, {"country", "Korea"}}) << "\n";

  // prompt | model | parser: one function from values to a text.
  const chain::LLMChain rivers = chain::prompt(question.partial({{"things", "rivers"}})) |
                                 chain::ask(model, {.temperature = 0, .max_tokens = 24, .stop = {"\nuser:"}}) |
                                 chain::to_text();
  std::cout << "chain: ";
  rivers.stream({{"country", "Korea"}}, show);

  // A model that fails is tried again, then another chain answers; several questions go at once.
  const auto sure = rivers.retry().fallback(
      chain::step<chain::Values, std::string>("sorry", [](const auto&) { return std::string("I do not know."); }));
  const std::vector<chain::Values> countries{{{"country", "France"}}, {{"country", "Italy"}}};
  std::cout << "\nanswers: " << sure.batch(countries).size() << "\n";

  // What happened, as a tree.
  std::vector<chain::TraceSpan> spans;
  {
    const chain::Tracing scope(
        std::make_shared<chain::Trace>([&](const chain::TraceSpan& span) { spans.push_back(span); }));
    rivers.invoke({{"country", "Spain"}});
  }
  std::cout << chain::trace_tree(spans);
}
