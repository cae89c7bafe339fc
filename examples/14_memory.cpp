// 14: memory. A conversation is kept under a name, and the model is told the last turns of it, or a summary.
// usage: 14_memory MODEL
#include <filesystem>
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 14_memory MODEL\n", 2;
  const auto model = chain::open_chat_model(argv[1], {.plain_if_none = true});
  const chain::ChatOptions options{.temperature = 0, .max_tokens = 24, .stop = {"\nuser:"}};
  const auto folder = std::filesystem::temp_directory_path() / "hanok-example-14";
  std::filesystem::remove_all(folder);
  const auto journal = store::Journal::open(folder);

  // The last two turns are told; all are kept, also for another process.
  chain::Memory memory({.kind = chain::MemoryKind::Window, .turns = 2}, journal, "trip");
  chain::Recall told;
  for (const char* question : {"My name is Mina.", "I go to Busan.", "I like the sea.", "What is my name?"})
    chain::say(*model, memory, question, options, "You are a travel guide.", &told);
  std::cout << "told: " << told.turns << " turns, left out: " << told.left_out << "\n";
  for (const auto& message : told.messages)
    if (message.role == "user") std::cout << "  " << message.text() << "\n";

  // Another memory of the same conversation: what does not fit 60 tokens is summarised by the model.
  chain::Memory summary(
      {.kind = chain::MemoryKind::SummaryBuffer, .max_tokens = 60, .model = model, .summary_answer = options}, journal,
      "trip");
  const auto recall = summary.recall();
  std::cout << "kept: " << summary.turns() << " turns; told: " << recall.turns << ", summarised: " << recall.summarised
            << "\n";
  std::filesystem::remove_all(folder);
}
