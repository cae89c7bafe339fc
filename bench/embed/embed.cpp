// Texts per second of one model on one list of texts; bench/embed/peers.py runs it beside its peers.
//   bench_embed MODEL_FOLDER TEXTS.json query|passage|none [SECONDS [float32|int8]]
// TEXTS.json is a list of strings. Prints one JSON object: texts, tokens, seconds of loading, of the first text, and of
// the best full run within SECONDS (at least one run).
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "hanok/lm.h"

namespace {

hanok::Prompt prompt_of(const std::string& name) {
  return name == "query" ? hanok::Prompt::Query : name == "passage" ? hanok::Prompt::Passage : hanok::Prompt::None;
}

int run(const std::string& folder, const std::string& file, hanok::Prompt prompt, double seconds,
        hanok::Precision precision) {
  namespace base = hanok::base;
  const auto texts = base::parse_json(base::read_file(file), file).get<std::vector<std::string>>();
  const base::Stopwatch load;
  const hanok::Embedder model(folder, {.precision = precision});
  const double loaded = load.seconds();
  if (!texts.empty()) (void)model.embed(std::span(texts).first(1), prompt);
  const double first = load.seconds();
  size_t tokens = 0;
  for (const auto& text : texts) tokens += model.tokens(text, prompt).size();
  double best = 0;
  const base::Stopwatch all;
  do {
    const base::Stopwatch one;
    (void)model.embed(texts, prompt);
    const double now = one.seconds();
    if (best == 0 || now < best) best = now;
  } while (all.seconds() < seconds);
  const base::Json out = {
      {"texts", texts.size()}, {"tokens", tokens}, {"load_s", loaded}, {"first_s", first}, {"run_s", best}};
  std::printf("%s\n", base::dump_json(out).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: bench_embed MODEL_FOLDER TEXTS.json query|passage|none [SECONDS [float32|int8]]\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2], prompt_of(argv[3]), argc > 4 ? std::atof(argv[4]) : 0,
               hanok::precision_named(argc > 5 ? argv[5] : "float32"));
  } catch (const hanok::Error& e) {
    std::fprintf(stderr, "bench_embed: %s\n", e.what());
    return hanok::exit_status(e.code());
  }
}
