// What a chain costs beside its model, and a turn of memory among many sessions.
//   bench_chain [CALLS] [SESSIONS]       peers: bench/chain/overhead.py
#include <fcntl.h>
#include <unistd.h>

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

constexpr size_t kTurns = 2000;

/// What the disk itself takes for as much: two pages over old ones, and until they are on it.
class Disk {
 public:
  explicit Disk(const std::filesystem::path& file) : file_(::open(file.c_str(), O_CREAT | O_RDWR, 0600)) {
    const std::vector<char> zeros(kPlaces * pages_.size());
    if (::write(file_, zeros.data(), zeros.size()) < 0 || ::fsync(file_) != 0) std::abort();
  }
  ~Disk() { ::close(file_); }
  void write() {
    const double begun = now();
    const auto at = static_cast<off_t>(times_.size() % kPlaces * pages_.size());
    if (::pwrite(file_, pages_.data(), pages_.size(), at) < 0 || ::fdatasync(file_) != 0) std::abort();
    times_.push_back(now() - begun);
  }
  std::vector<double> times() const { return times_; }

 private:
  static constexpr size_t kPlaces = 500;
  const int file_;
  std::vector<char> pages_ = std::vector<char>(2 * 8192, 'x');
  std::vector<double> times_;
};

void show(const std::string& what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  std::cout << what << ": median_ms " << times[times.size() / 2] * 1e3 << " p99_ms "
            << times[times.size() * 99 / 100] * 1e3 << " p99.9_ms " << times[times.size() * 999 / 1000] * 1e3
            << " longest_ms " << times.back() * 1e3 << "\n";
}

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
  Disk disk(folder / "disk");
  for (size_t i = 0; i < kTurns; ++i) {
    disk.write();
    const double begun = now();
    chain::Memory memory({.kind = chain::MemoryKind::Window}, journal, "session-" + std::to_string(i * 17 % sessions));
    chain::say(*model, memory, "and now?");
    turns.push_back(now() - begun);
  }
  std::cout << "sessions " << sessions << " made in " << filled << " s\n";
  show("a turn", turns);
  show("disk alone", disk.times());
  std::filesystem::remove_all(folder);
}
