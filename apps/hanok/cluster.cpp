#include <fstream>
#include <iostream>
#include <set>

#include "base/file.h"
#include "chain/embedder/groups.h"
#include "command.h"
#include "hanok/similarity.h"
#include "lm/map.h"
#include "texts.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string file, model, method = "kmeans", svg;
  size_t k = 0, min_size = 2;
  double threshold = 0.75;
};

constexpr size_t kMostSuggested = 20;  // more groups than this are no longer looked through by eye

std::vector<std::vector<size_t>> by_kmeans(const Matrix& rows, size_t k) {
  const size_t most = k > 0 ? k : std::min(kMostSuggested, rows.rows > 1 ? rows.rows - 1 : 1);
  const chain::Grouping grouping(rows, most);
  if (k == 0) k = grouping.suggested();
  std::vector<std::vector<size_t>> groups(k);
  const auto assignment = grouping.groups(std::min(k, rows.rows));
  for (size_t i = 0; i < rows.rows; ++i) groups[assignment[i]].push_back(i);
  std::erase_if(groups, [](const auto& g) { return g.empty(); });
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return groups;
}

void run(Session& session, const Flags& flags) {
  const auto model = embedding_model(session, flags.model);
  const auto texts = read_texts(flags.file);
  const Matrix rows = embed_meanings(session, model, texts, Prompt::Query);
  const auto groups = flags.method == "kmeans"
                          ? by_kmeans(rows, flags.k)
                          : lm::community_detection(rows, {static_cast<float>(flags.threshold), flags.min_size});
  if (!flags.svg.empty()) base::write_file_atomic(flags.svg, lm::svg_map(rows, groups, texts));
  base::OrderedJson value = base::OrderedJson::array();
  size_t grouped = 0;
  for (const auto& g : groups) {
    base::OrderedJson members = base::OrderedJson::array();
    for (const size_t i : g) members.push_back({{"index", i}, {"text", texts[i]}});
    value.push_back({{"size", g.size()}, {"members", members}});
    grouped += g.size();
  }
  session.print({{"clusters", value}, {"texts", texts.size()}, {"ungrouped", texts.size() - grouped}},
                [&](std::ostream& out) {
                  for (size_t g = 0; g < groups.size(); ++g) {
                    out << "cluster " << g + 1 << " (" << groups[g].size() << ")\n";
                    for (const size_t i : groups[g]) out << "  " << texts[i] << "\n";
                  }
                  if (grouped < texts.size()) out << texts.size() - grouped << " in no group\n";
                  if (!flags.svg.empty()) out << "map: " << flags.svg << "\n";
                });
}

}  // namespace

void add_cluster(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand("cluster", "Groups of sentences that belong together, and a map of them.",
                              "  hanok cluster sentences.txt --svg map.svg\n"
                              "  hanok cluster sentences.txt --method community --threshold 0.8");
  c.positional("FILE", flags->file, "a text a line, or .jsonl; - is stdin");
  c.option("-m,--model", flags->model, "model: a folder or ORG/NAME (default: the setting embedding-model)");
  c.precision();
  c.cache();
  c.choice("--method", flags->method, {"kmeans", "community"},
           "k-means, or groups around dense centres (default kmeans)");
  c.option("-k", flags->k, "clusters for k-means (default: the k with the best silhouette)");
  c.option("--threshold", flags->threshold, "community: lowest cosine to the centre (default 0.75)", -1, 1);
  c.option("--min-size", flags->min_size, "community: smallest group (default 2)");
  c.option("--svg", flags->svg, "write a 2-D map: principal axes, labels, a legend of the groups");
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
