#include <iostream>

#include "chain/eval/answers.h"
#include "chain/eval/calibrate.h"
#include "command.h"
#include "models_in_use.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string file, model, half = "odd";
  size_t sample = 0, k = 8;
  double threshold = -1;
};

void run(Session& session, const Flags& flags) {
  const auto models = ModelsInUse::named(session, flags.model);
  chain::AnswersOptions options;
  options.embedder = models.embedder();
  options.half = flags.half == "all" ? chain::Half::All : flags.half == "even" ? chain::Half::Even : chain::Half::Odd;
  options.sample = flags.sample;
  options.k = flags.k;
  options.threshold = flags.threshold;
  options.on_progress = session.progress_bar();
  const auto report = chain::evaluate_answers(chain::load_squad(flags.file), options);
  const auto value = chain::to_json(report);
  session.print(value, [&](std::ostream& out) {
    for (const auto& [key, v] : value.items())
      if (key != "curve") out << key << "  " << v << "\n";
    out << "threshold  answered  correct  abstained (without the gold paragraph)\n";
    for (const auto& p : report.curve) {
      char line[96];
      std::snprintf(line, sizeof line, "%9.2f  %8.3f  %7.3f  %9.3f\n", p.threshold, p.answered, p.correct, p.abstained);
      out << line;
    }
  });
}

void calibrate(Session& session, const std::vector<std::string>& files, const std::string& model,
               const std::string& step, size_t sample) {
  const auto models = ModelsInUse::named(session, model);
  chain::AnswersOptions options;
  options.embedder = models.embedder();
  options.half = chain::Half::Even;
  options.sample = sample;
  options.on_progress = session.progress_bar();
  std::vector<chain::SquadSet> sets;
  for (const auto& file : files) sets.push_back(chain::load_squad(file));
  const std::string learned = chain::calibrate(sets,
                                               step == "short-answers" ? chain::Step::ShortAnswers
                                               : step == "sentences"   ? chain::Step::Sentences
                                               : step == "confidence"  ? chain::Step::Confidence
                                                                       : chain::Step::Threshold,
                                               options);
  session.print({{"step", step}, {"mode", models.embedder() ? "hybrid" : "keyword"}, {"learned", learned}},
                [&](std::ostream& out) { out << learned; });
}

void add_calibrate(Command& group) {
  struct CalibrateFlags {
    std::vector<std::string> files;
    std::string model, step = "threshold";
    size_t sample = 0;
  };
  auto flags = std::make_shared<CalibrateFlags>();
  Command c =
      group.subcommand("calibrate", "Learn the numbers of answers from the even articles of question answering sets.",
                       "Prints C++ text for src/chain/answer/weights.h. Each step builds on the weights compiled in:\n"
                       "run the steps in order, with a build between them (docs/how-answers-work.md).");
  c.positionals("FILE", flags->files, "SQuAD JSON (.gz is read too)");
  c.choice("--step", flags->step, {"short-answers", "sentences", "confidence", "threshold"},
           "what to learn (default threshold)");
  c.option("-m,--model", flags->model,
           "embedding model: folder, ORG/NAME or none (default: the setting embedding-model)");
  c.option("--sample", flags->sample, "only N questions of each set, drawn by a fixed seed");
  c.run([flags](Session& session) { calibrate(session, flags->files, flags->model, flags->step, flags->sample); });
}

}  // namespace

void add_eval_answers(Command& group) {
  auto flags = std::make_shared<Flags>();
  Command c = group.subcommand(
      "answers", "EM, F1, right citations and abstention on a question answering set in SQuAD's format.",
      "Every question is asked twice: with all paragraphs, and with its own paragraph taken away (then the right\n"
      "thing is to abstain). The even articles taught the weights and the threshold; the odd ones are the test.");
  c.positional("FILE", flags->file, "SQuAD JSON (.gz is read too)");
  c.option("-m,--model", flags->model,
           "embedding model: folder, ORG/NAME or none (default: the setting embedding-model)");
  c.choice("--half", flags->half, {"odd", "even", "all"}, "which articles (default odd)");
  c.option("--sample", flags->sample, "only N questions, drawn by a fixed seed");
  c.option("-k", flags->k, "passages considered (default 8)", 1);
  c.option("--threshold", flags->threshold, "confidence below which it abstains (default: that of `ask`)", 0, 1);
  c.run([flags](Session& session) { run(session, *flags); });
  add_calibrate(group);
}

}  // namespace hanok::app
