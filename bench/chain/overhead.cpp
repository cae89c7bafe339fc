// What a chain costs beside its model, and a turn of memory among many sessions.
//   bench_chain [CALLS] [SESSIONS]       peers: bench/chain/overhead.py
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

namespace {

/// Says one word at once.
class Instant : public chain::ChatModel {
 public:
  std::string name() const override { return "instant"; }
  size_t context_tokens() const override { return 0; }
  size_t count_tokens(std::string_view text) const override { return text.size() / 4; }
  chain::ChatReply chat(std::span<const chain::Message>, const chain::ChatOptions&) const override {
    return {.message = {"assistant", "yes"}};
  }
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

int main(int argc, char** argv) {
  const size_t calls = argc > 1 ? std::stoul(argv[1]) : 200'000, sessions = argc > 2 ? std::stoul(argv[2]) : 10'000;
  const auto model = std::make_shared<Instant>();
  const auto chain =
      chain::prompt({{"system", "Speak {language}."}, {"user", "{text}"}}) | chain::ask(model) | chain::to_text();
  const chain::Values values{{"language", "Korean"}, {"text", "Good morning"}};
  double start = now();
  size_t letters = 0;
  for (size_t i = 0; i < calls; ++i) letters += chain.invoke(values).size();
  std::cout << "chain_us " << (now() - start) / static_cast<double>(calls) * 1e6 << " (" << letters << ")\n";

  const auto folder = std::filesystem::temp_directory_path() / "hanok-bench-chain";
  std::filesystem::remove_all(folder);
  const auto journal = store::Journal::open(folder);
  std::vector<double> turns;
  start = now();
  for (size_t i = 0; i < sessions; ++i) {
    chain::Memory memory({.kind = chain::MemoryKind::Window}, journal, "session-" + std::to_string(i));
    memory.save("a question", "an answer");
  }
  const double filled = now() - start;
  for (size_t i = 0; i < 500; ++i) {
    const double begun = now();
    chain::Memory memory({.kind = chain::MemoryKind::Window}, journal, "session-" + std::to_string(i * 17 % sessions));
    chain::say(*model, memory, "and now?");
    turns.push_back(now() - begun);
  }
  std::sort(turns.begin(), turns.end());
  std::cout << "sessions " << sessions << " made in " << filled << " s; a turn: median_ms " << turns[250] * 1e3
            << " p99_ms " << turns[495] * 1e3 << "\n";
  std::filesystem::remove_all(folder);
}
