// 15: retriever and answers. Reads a folder, asks it questions in two languages, and shows where each answer stands.
#include <filesystem>
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

int main() {
  const auto folder = std::filesystem::temp_directory_path() / "hanok-example-15";
  std::filesystem::remove_all(folder);
  auto house = store::Store::open(folder);
  auto& collection = *house->collection("guide", true);

  const std::filesystem::path documents = "examples/docs";
  const auto report = chain::ingest(collection, std::span(&documents, 1));
  std::cout << report.added << " files read, " << report.failed.size() << " failed\n";

  for (const char* question :
       {"How much is the Moon room per night?", "헌책은 한 권에 얼마인가요?", "Who won the 1998 chess final?"}) {
    std::cout << "\n> " << question << "\n";
    const chain::Answer answer = chain::ask(collection, question);
    std::cout << answer.answer << "\n";
    for (const auto& c : answer.citations) {
      std::cout << "  [" << c.n << "] " << std::filesystem::path(c.path).filename().string();
      if (c.page > 0) std::cout << ", page " << c.page;
      std::cout << ": " << c.quote << "\n";
    }
  }
  std::filesystem::remove_all(folder);
}
