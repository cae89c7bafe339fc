// 08: sentence embeddings and similarity. Sentences that mean the same lie near each other, whatever their words.
// usage: 08_sentence_embeddings [MODEL]     a sentence-transformers folder; default: the tiny model of the tests
#include <iomanip>
#include <iostream>

#include <hanok/hanok.h>

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : HANOK_SOURCE_DIR "/tests/data/tiny_embedder";
  const hanok::Embedder model(folder);
  std::cout << model.name() << ": " << model.dim() << " dimensions, at most " << model.max_tokens() << " tokens\n";

  const std::vector<std::string> sentences = {"A cat sits on the mat.", "A cat sits on the mat.",
                                              "Rain is expected in the north."};
  const hanok::Matrix v = model.embed(sentences);
  for (size_t i = 0; i < v.rows; ++i) {
    for (size_t j = 0; j < v.rows; ++j)
      std::cout << std::fixed << std::setprecision(3) << hanok::cosine(v.row(i), v.row(j)) << "  ";
    std::cout << sentences[i] << "\n";
  }
  std::cout << "the same sentence twice: " << hanok::cosine(v.row(0), v.row(1)) << "\n";
}
