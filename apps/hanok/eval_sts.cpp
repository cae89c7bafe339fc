#include <fstream>
#include <iostream>
#include <sstream>

#include "command.h"
#include "hanok/similarity.h"
#include "texts.h"

namespace hanok::app {
namespace {

struct Pairs {
  std::vector<std::string> a, b;
  std::vector<double> gold;
};

// STS benchmark layout: tab-separated with a header that names score, sentence1, sentence2.
Pairs read_pairs(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw Error(Code::NotFound, file + ": cannot open it");
  auto split = [](const std::string& line) {
    std::vector<std::string> out;
    std::istringstream fields(line);
    for (std::string f; std::getline(fields, f, '\t');) out.push_back(f);
    return out;
  };
  std::string line;
  std::getline(in, line);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  const auto header = split(line);
  auto column = [&](const char* name) {
    const auto at = std::find(header.begin(), header.end(), name);
    if (at == header.end())
      throw Error(Code::Invalid, file + ": the first line must name the columns score, sentence1 and sentence2; '" +
                                     std::string(name) + "' is missing");
    return static_cast<size_t>(at - header.begin());
  };
  const size_t score = column("score"), first = column("sentence1"), second = column("sentence2");
  Pairs out;
  for (size_t number = 2; std::getline(in, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const auto f = split(line);
    if (f.size() <= std::max({score, first, second}))
      throw Error(Code::Invalid, file + ":" + std::to_string(number) + ": " + std::to_string(f.size()) +
                                     " columns, more were expected");
    out.gold.push_back(std::strtod(f[score].c_str(), nullptr));
    out.a.push_back(f[first]);
    out.b.push_back(f[second]);
  }
  if (out.gold.empty()) throw Error(Code::Invalid, file + ": holds no pairs");
  return out;
}

void run(Session& session, const std::string& file, const std::string& model_flag, const std::string& prompt) {
  const auto model = embedding_model(session, model_flag);
  const Pairs pairs = read_pairs(file);
  const Matrix a = embed_texts(session, model, pairs.a, parse_prompt(prompt)),
               b = embed_texts(session, model, pairs.b, parse_prompt(prompt));
  std::vector<double> cosines;
  for (size_t i = 0; i < pairs.gold.size(); ++i) cosines.push_back(cosine(a.row(i), b.row(i)));
  const double s = lm::spearman(cosines, pairs.gold), p = lm::pearson(cosines, pairs.gold);
  session.print({{"pairs", pairs.gold.size()}, {"spearman", s}, {"pearson", p}, {"model", model->name()}},
                [&](std::ostream& out) {
                  out << with_commas(pairs.gold.size()) << " pairs: Spearman " << s << ", Pearson " << p << " ("
                      << model->name() << ")\n";
                });
}

}  // namespace

void add_eval_sts(Command& group) {
  struct Flags {
    std::string file, model, prompt = "query";
  };
  auto flags = std::make_shared<Flags>();
  Command c =
      group.subcommand("sts", "How well cosines follow human judgements of similarity.",
                       "The file is tab-separated; its first line names the columns score, sentence1, sentence2.");
  c.positional("FILE", flags->file, "tab-separated pairs with scores");
  c.option("-m,--model", flags->model, "embedding model: folder or ORG/NAME (default: the setting embedding-model)");
  c.precision();
  c.choice("--prompt", flags->prompt, {"default", "query", "passage", "none"},
           "the model's prompt before each sentence (default query)");
  c.run([flags](Session& session) { run(session, flags->file, flags->model, flags->prompt); });
}

}  // namespace hanok::app
