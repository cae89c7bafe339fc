// 09: groups of sentences, and what to read next. k-means with a suggested k, nearest neighbours of a liked item.
// usage: 09_clusters_and_recommendations [MODEL]     default: the tiny model of the tests (its groups follow letters,
// not meaning)
#include <iostream>

#include <hanok/hanok.h>

int main(int argc, char** argv) {
  const hanok::Embedder model(argc > 1 ? argv[1] : HANOK_SOURCE_DIR "/tests/data/tiny_embedder");
  const std::vector<std::string> books = {"a ship in a storm",  "a ship in a long storm", "a ship and a storm",
                                          "bread and butter",   "butter on bread",        "bread with salted butter",
                                          "bread, butter, salt"};
  const hanok::Matrix v = model.embed(books);

  auto assign = [&](size_t k) { return hanok::index::cluster(v.data, v.dim, k).assignment; };
  const size_t k = hanok::lm::suggest_clusters(v, 4, assign);
  const auto group = assign(k);
  std::cout << k << " clusters suggested\n";
  for (size_t i = 0; i < books.size(); ++i) std::cout << "  " << group[i] << "  " << books[i] << "\n";

  const size_t liked = 0;
  const hanok::Matrix one{1, v.dim, {v.row(liked).begin(), v.row(liked).end()}};
  std::cout << "because you liked '" << books[liked] << "':\n";
  const auto nearest = hanok::lm::semantic_search(one, v, 3);
  for (const auto& hit : nearest[0])
    if (hit.index != liked) std::cout << "  " << books[hit.index] << " (" << hit.score << ")\n";
}
