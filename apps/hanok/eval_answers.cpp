#include <filesystem>
#include <iostream>

#include "chain/eval/answers.h"
#include "chain/eval/calibrate.h"
#include "command.h"
#include "models_in_use.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string file, model, half = "odd", vectors;
  size_t sample = 0, k = 8, pool = 0;
  double threshold = -1;
  bool each = false;
};

constexpr char kModelHelp[] = "embedding model: folder, ORG/NAME or none (default: the setting embedding-model)";
constexpr char kVectorsHelp[] = "a file that keeps the vectors of texts from run to run (default: none)";

chain::Half half_named(const std::string& name) {
  return name == "all" ? chain::Half::All : name == "even" ? chain::Half::Even : chain::Half::Odd;
}

void run(Session& session, const Flags& flags) {
  const auto models = ModelsInUse::named(session, flags.model);
  chain::AnswersOptions options;
  options.embedder = models.embedder();
  options.half = half_named(flags.half);
  options.sample = flags.sample;
  options.k = flags.k;
  options.pool = flags.pool;
  options.threshold = flags.threshold;
  options.vectors = flags.vectors;
  const auto report = session.with_bar([&] { return chain::evaluate_answers(chain::load_squad(flags.file), options); });
  if (flags.each) {
    for (const auto& outcome : report.outcomes) std::cout << base::dump_json(chain::to_json(outcome)) << "\n";
    return;
  }
  const auto value = chain::to_json(report);
  session.print(value, [&](std::ostream& out) {
    for (const auto& [key, v] : value.items())
      if (key != "curve") out << key << "  " << v << "\n";
    out << "threshold  answered  correct  abstained (without the gold paragraph; with a name exchanged)\n";
    for (const auto& p : report.curve) {
      char line[96];
      std::snprintf(line, sizeof line, "%9.2f  %8.3f  %7.3f  %9.3f  %9.3f\n", p.threshold, p.answered, p.correct,
                    p.abstained, p.exchanged);
      out << line;
    }
  });
}

struct AcrossFlags {
  std::string questions, model, half = "odd", vectors;
  std::vector<std::string> sets;
  size_t sample = 0, k = 8;
  double threshold = -1;
};

/// "x=xquad.en.json.gz": the name that the questions' paragraphs begin with, and the file.
std::vector<std::pair<std::string, std::filesystem::path>> named_sets(const std::vector<std::string>& arguments) {
  std::vector<std::pair<std::string, std::filesystem::path>> out;
  for (const auto& argument : arguments) {
    const size_t at = argument.find('=');
    if (at == std::string::npos || at == 0 || at + 1 == argument.size())
      throw Error(Code::Invalid, "'" + argument + "': expected NAME=FILE, as in x=xquad.en.json.gz");
    out.emplace_back(argument.substr(0, at), argument.substr(at + 1));
  }
  return out;
}

void across(Session& session, const AcrossFlags& flags) {
  const auto models = ModelsInUse::named(session, flags.model);
  chain::AnswersOptions options;
  options.embedder = models.embedder();
  options.half = half_named(flags.half);
  options.sample = flags.sample;
  options.k = flags.k;
  options.threshold = flags.threshold;
  options.vectors = flags.vectors;
  const auto reports = session.with_bar(
      [&] { return chain::evaluate_across(chain::load_across(flags.questions, named_sets(flags.sets)), options); });
  base::OrderedJson value = base::OrderedJson::array();
  for (const auto& report : reports) value.push_back(chain::to_json(report));
  session.print(value, [&](std::ostream& out) {
    out << "questions                   answered  cited  right, shown (of those with known answers)  abstained\n";
    for (const auto& r : reports) {
      char line[128];
      std::snprintf(line, sizeof line, "%-16s  %8zu  %8.3f  %5.3f  %5.3f  %5.3f (of %5zu)  %22.3f\n", r.name.c_str(),
                    r.questions, r.answered, r.cited, r.right, r.shown, r.with_answers, r.abstained);
      out << line;
    }
  });
}

struct CalibrateFlags {
  std::vector<std::string> files;
  std::string model, step = "threshold", vectors, write, across;
  size_t sample = 0;
};

/// "x=/somewhere/set.json" -> "x=set.json": where it lay is nobody's business.
std::string without_folder(const std::string& file) {
  const size_t name = file.find('=') == std::string::npos ? 0 : file.find('=') + 1;
  return file.substr(0, name) + std::filesystem::path(file.substr(name)).filename().string();
}

/// The command as somebody would type it again, for the first line of what it wrote.
std::string command_line(const CalibrateFlags& flags, const chain::EmbeddingModel* embedder) {
  std::string out = "hanok eval calibrate";
  for (const auto& file : flags.files) out += " " + without_folder(file);
  if (!flags.across.empty()) out += " --across " + without_folder(flags.across);
  out += " --step " + flags.step;
  if (flags.sample > 0) out += " --sample " + std::to_string(flags.sample);
  std::string model = embedder ? embedder->space().model : "none";
  if (model.starts_with("/")) model = std::filesystem::path(model).filename();  // where it lay is nobody's business
  return out + " -m " + model + " --write src/chain/answer";
}

void calibrate(Session& session, const CalibrateFlags& flags) {
  const auto models = ModelsInUse::named(session, flags.model);
  chain::AnswersOptions options;
  options.embedder = models.embedder();
  options.half = chain::Half::Even;
  options.sample = flags.sample;
  options.vectors = flags.vectors;
  const chain::Step step = chain::step_named(flags.step);
  const std::string learned = session.with_bar([&] {
    if (flags.across.empty()) {
      std::vector<chain::SquadSet> sets;
      for (const auto& file : flags.files) sets.push_back(chain::load_squad(file));
      return chain::calibrate(sets, step, options);
    }
    if (step != chain::Step::Foreign) throw Error(Code::Invalid, "--across is for --step foreign, not " + flags.step);
    return chain::calibrate_across(chain::load_across(flags.across, named_sets(flags.files)), options);
  });
  if (!flags.write.empty())
    chain::write_learned(flags.write, step, options.embedder, command_line(flags, options.embedder), learned);
  session.print({{"step", flags.step}, {"mode", models.embedder() ? "hybrid" : "keyword"}, {"learned", learned}},
                [&](std::ostream& out) { out << learned; });
}

void add_across(Command& group) {
  auto flags = std::make_shared<AcrossFlags>();
  Command c = group.subcommand(
      "across", "Answers to questions in one language about paragraphs in another.",
      "QUESTIONS is JSON: lists of {\"id\", \"text\", \"gold\", \"from\"} by name. \"gold\" is the paragraph: the name of a set\n"
      "and its place in it, x4. \"from\" may name a question of that set with the same answer. All sets' paragraphs are in\n"
      "one collection; every question is asked with its paragraph there and taken away, and so are the sets' own ones.");
  c.positional("QUESTIONS", flags->questions, "the questions");
  c.positionals("NAME=FILE", flags->sets, "a set in SQuAD's JSON (.gz is read too)");
  c.option("-m,--model", flags->model, kModelHelp);
  c.choice("--half", flags->half, {"odd", "even", "all"}, "which articles (default odd; the even ones taught)");
  c.option("--sample", flags->sample, "only N of each set's own questions, drawn by a fixed seed");
  c.option("-k", flags->k, "passages considered (default 8)", 1);
  c.option("--threshold", flags->threshold, "confidence below which it abstains (default: that of `ask`)", 0, 1);
  c.option("--vectors", flags->vectors, kVectorsHelp);
  c.run([flags](Session& session) { across(session, *flags); });
}

void add_calibrate(Command& group) {
  auto flags = std::make_shared<CalibrateFlags>();
  Command c = group.subcommand(
      "calibrate", "Learn the numbers of answers from the even articles of question answering sets.",
      "Prints what it learned, or writes it into the files of src/chain/answer/ that hold it (--write).\n"
      "Each step builds on the numbers compiled in: run the steps in order, with a build between them\n"
      "(docs/how-answers-work.md).");
  c.positionals("FILE", flags->files, "SQuAD JSON (.gz is read too); NAME=FILE with --across");
  c.choice("--step", flags->step, {"short-answers", "sentences", "confidence", "threshold", "foreign"},
           "what to learn (default threshold)");
  c.option("--across", flags->across,
           "a file of questions across languages (see `hanok eval across`), which the step foreign learns from");
  c.option("-m,--model", flags->model, kModelHelp);
  c.option("--sample", flags->sample, "only N questions of each set, drawn by a fixed seed");
  c.option("--vectors", flags->vectors, kVectorsHelp);
  c.option("--write", flags->write,
           "the folder src/chain/answer of a source tree: writes its file for this step there");
  c.run([flags](Session& session) { calibrate(session, *flags); });
}

}  // namespace

void add_eval_answers(Command& group) {
  auto flags = std::make_shared<Flags>();
  Command c = group.subcommand(
      "answers", "EM, F1, right citations and abstention on a question answering set in SQuAD's format.",
      "Every question is asked with all paragraphs, with its own paragraph taken away, and with one of its names\n"
      "exchanged for another (the last two times the right thing is to abstain). The even articles taught the weights\n"
      "and the threshold; the odd ones are the test.");
  c.positional("FILE", flags->file, "SQuAD JSON (.gz is read too)");
  c.option("-m,--model", flags->model, kModelHelp);
  c.choice("--half", flags->half, {"odd", "even", "all"}, "which articles (default odd)");
  c.option("--sample", flags->sample, "only N questions, drawn by a fixed seed");
  c.option("-k", flags->k, "passages considered (default 8)", 1);
  c.option("--threshold", flags->threshold, "confidence below which it abstains (default: that of `ask`)", 0, 1);
  c.option("--pool", flags->pool, "paragraphs a collection, as in a small folder (default: all in one)", 1);
  c.option("--vectors", flags->vectors, kVectorsHelp);
  c.flag("--each", flags->each, "what became of each question instead: a line of JSON each");
  c.run([flags](Session& session) { run(session, *flags); });
  add_across(group);
  add_calibrate(group);
}

}  // namespace hanok::app
