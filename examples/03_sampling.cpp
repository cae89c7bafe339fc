// 03: sampling. The same beginning continued with different temperatures, top-p, top-k and min-p; a seed makes a text
// come again.
// usage: 03_sampling MODEL      a model of this process: a .gguf file, a folder, ORG/NAME
#include <iostream>
#include <set>

#include <hanok/hanok.h>

using namespace hanok;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 03_sampling MODEL\n", 2;
  const LanguageModel model(chain::find_language_model(argv[1]));
  const auto prompt = model.encode("Once upon a time");

  struct Way {
    const char* name;
    Sampling sampling;
  };
  const Way ways[] = {{"greedy", {.temperature = 0}},
                      {"temperature 0.5", {.temperature = 0.5f, .top_k = 0, .top_p = 1, .min_p = 0}},
                      {"temperature 1.5", {.temperature = 1.5f, .top_k = 0, .top_p = 1, .min_p = 0}},
                      {"top-k 5", {.temperature = 1, .top_k = 5, .top_p = 1, .min_p = 0}},
                      {"top-p 0.5", {.temperature = 1, .top_k = 0, .top_p = 0.5f, .min_p = 0}},
                      {"min-p 0.2", {.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0.2f}}};
  for (const Way& way : ways) {
    std::set<std::string> texts;
    for (uint64_t seed = 0; seed < 5; ++seed) {
      Sampling sampling = way.sampling;
      sampling.seed = seed;
      texts.insert(model.generate(prompt, {.max_tokens = 12, .sampling = sampling}).text);
    }
    std::cout << way.name << ": " << texts.size() << " different texts of 5, such as:" << *texts.begin() << "\n";
  }

  const GenerateOptions warm{.max_tokens = 12, .sampling = {.temperature = 1.2f, .seed = 42}};
  const bool same = model.generate(prompt, warm).ids == model.generate(prompt, warm).ids;
  std::cout << "the same seed twice: " << (same ? "the same text" : "different texts") << "\n";
}
