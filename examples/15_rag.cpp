// 15: retrievers and answers. Reads a folder and a text, finds passages in several ways, and answers questions in two
// languages with the places where the answers stand.
#include <filesystem>
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

int main() {
  const auto folder = std::filesystem::temp_directory_path() / "hanok-example-15";
  std::filesystem::remove_all(folder);
  const auto house = store::Store::open(folder);
  auto& collection = *house->collection("guide", true);

  // The same calls again read what is new, and forget what a folder or a source no longer holds.
  const std::filesystem::path documents = "examples/docs";
  const chain::SourceText news[] = {{"The library stays closed on 9 October, Hangul Day.", "news/october"}};
  const auto files = chain::index_files(collection, std::span(&documents, 1));
  const auto texts = chain::index_texts(collection, news, {.cleanup = chain::Cleanup::Incremental});
  std::cout << files.added << " files and " << texts.added << " text read, " << files.failed.size() << " failed\n";

  // A retriever is one way of finding passages; all have one interface.
  for (const char* name : {"hybrid", "mmr", "parent", "compression"}) {
    const auto retriever = chain::make_retriever(name, {.search = {.k = 1}});
    const auto found = retriever->retrieve(*collection.snapshot(), "When is the library closed in October?").found;
    for (const auto& hit : found.hits) std::cout << name << ": " << hit.chunk.path << ": " << hit.chunk.text << "\n";
  }

  // An answer over any of them, and where it stands.
  const auto retriever = chain::make_retriever("neighbours");
  for (const char* question :
       {"How much is the Moon room per night?", "헌책은 한 권에 얼마인가요?", "Who won the 1998 chess final?"}) {
    const chain::Answer answer = chain::ask(collection, question, {.retriever = retriever.get()});
    std::cout << "\n> " << question << "\n" << answer.answer << "\n";
    for (const auto& c : answer.citations)
      std::cout << "  [" << c.n << "] " << std::filesystem::path(c.path).filename().string()
                << (c.page > 0 ? ", page " + std::to_string(c.page) : "") << ": " << c.quote << "\n";
  }
  std::filesystem::remove_all(folder);
}
