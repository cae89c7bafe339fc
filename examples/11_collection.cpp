// 11: a local collection with metadata. Text goes in, conditions and words find it again, and it is still there
// tomorrow.
#include <filesystem>
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

namespace {

store::NewDocument note(const std::string& path, const std::string& words, const store::Json& metadata) {
  text::Document document = text::load_bytes("note.txt", words);
  store::NewDocument out;
  out.info.path = path;
  out.info.format = document.format;
  out.info.metadata = metadata;
  out.chunks = text::split(document);
  out.text = document.text;
  return out;
}

}  // namespace

int main() {
  const auto folder = std::filesystem::temp_directory_path() / "hanok-example-11";
  std::filesystem::remove_all(folder);
  {
    auto house = store::Store::open(folder);
    auto& recipes = *house->collection("recipes", true);
    recipes.put(note("kimchi", "배추를 소금에 절이고 고춧가루 양념을 바른다.",
                     {{"minutes", 180}, {"tags", {"매운맛", "채소"}}}));
    recipes.put(note("tteok", "쌀가루를 찌고 꿀을 곁들인다.", {{"minutes", 40}, {"tags", {"단맛"}}}));
    recipes.put(note("bibimbap", "Warm rice, five vegetables, one egg, a spoon of chili paste.",
                     {{"minutes", 30}, {"tags", {"채소"}}}));
  }
  // Another process, another day: open again and ask.
  auto house = store::Store::open(folder, {.read_only = true});
  const auto& recipes = *house->collection("recipes");
  std::cout << recipes.document_count() << " recipes\n";

  const store::Filter quick(store::Json{{"minutes", {{"$lt", 60}}}});
  for (const auto& m : recipes.search_keyword("vegetables and rice", 3, quick))
    std::cout << "quick: " << recipes.chunks(std::span(&m.chunk, 1))[0].path << "\n";

  const store::Filter vegetables(store::Json{{"tags", "채소"}});
  for (const auto& m : recipes.search_keyword("고춧가루를 쓰는 요리는?", 3, vegetables))
    std::cout << "채소: " << recipes.chunks(std::span(&m.chunk, 1))[0].text << "\n";
  std::filesystem::remove_all(folder);
}
