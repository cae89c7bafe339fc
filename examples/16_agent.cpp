// 16: an agent with tools: a calculator, the documents of a folder, a function of our own, and a server of tools (MCP).
// usage: 16_agent MODEL [MCP-COMMAND]
#include <filesystem>
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 16_agent MODEL [MCP-COMMAND]\n", 2;
  const auto model = chain::open_chat_model(argv[1], {.plain_if_none = true});
  const auto folder = std::filesystem::temp_directory_path() / "hanok-example-16";
  std::filesystem::remove_all(folder);
  const auto house = store::Store::open(folder);
  const chain::DocumentTools documents{.collection = house->collection("guide", true)};
  const std::filesystem::path files = "examples/docs";
  chain::ingest(*documents.collection, std::span(&files, 1));

  // A tool is a name, a description, a JSON schema and a function.
  const auto dice = chain::make_tool({"dice", "Throws a die."}, [](const std::string&) { return std::string("4"); });
  chain::Toolbox tools{chain::make_calculator(), chain::make_search_tool(documents), dice};
  if (argc > 2)
    for (auto& tool : chain::connect_mcp(argv[2])) tools.push_back(std::move(tool));

  // Whatever the model writes is an action with an input that suits, or an answer: it is bound to that.
  const auto run = chain::run_agent(
      *model, tools, "What is 12.5% of 80?",
      {.kind = chain::AgentKind::React, .max_steps = 2, .answer = {.temperature = 0, .max_tokens = 200}});
  for (const auto& step : run.steps) std::cout << "step: " << step.tool << " " << step.input << "\n";
  std::cout << "unparsable: " << run.unparsable << ", ended by: " << chain::stop_name(run.stopped) << "\n";
  std::cout << "tools by themselves: " << tools[0]->call(R"({"expression": "12.5% of 80"})") << ", "
            << tools[1]->call(R"({"query": "Moon room"})").substr(0, 12) << "\n";
  std::filesystem::remove_all(folder);
}
