#include <algorithm>
#include <filesystem>
#include <iostream>

#include "chat_models.h"
#include "hanok/error.h"
#include "hanok/tasks.h"
#include "own_prompts.h"
#include "texts.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string what, question;
  std::vector<std::string> labels;
  bool plain = false;
  ChatFlags model;
};

base::OrderedJson to_json(const chain::Labelled& r) {
  base::OrderedJson all;
  for (const auto& [label, p] : r.probabilities) all[label] = p;
  return {{"label", r.label}, {"confidence", r.confidence}, {"probabilities", all}};
}

void run(Session& session, const Flags& flags) {
  const bool file = flags.what == "-" || std::filesystem::exists(flags.what);
  const std::vector<std::string> texts = file ? read_texts(flags.what) : std::vector<std::string>{flags.what};
  if (texts.empty()) throw Error(Code::Invalid, flags.what + ": holds no text");
  const Chat chat = need_chat(session, flags.model);
  const chain::LabelOptions options{.labels = flags.labels,
                                    .question = flags.question,
                                    .calibrate = !flags.plain,
                                    .prompt = own_prompt(session, "sentiment"),
                                    .korean_prompt = own_prompt(session, "sentiment-ko")};
  const auto results = session.with_bar([&] { return chain::label_texts(*chat.model, texts, options); });
  base::OrderedJson json{{"results", base::OrderedJson::array()}, {"model", chat.model->name()}};
  std::map<std::string, size_t> counts;
  for (size_t i = 0; i < texts.size(); ++i) {
    json["results"].push_back(to_json(results[i]));
    json["results"].back()["text"] = texts[i];
    ++counts[results[i].label];
  }
  json["counts"] = counts;
  session.print(json, [&](std::ostream& out) {
    for (size_t i = 0; i < texts.size(); ++i) {
      char confidence[16];
      std::snprintf(confidence, sizeof confidence, "%.2f", results[i].confidence);
      out << results[i].label << "\t" << confidence << "\t" << texts[i] << "\n";
    }
    if (texts.size() > 1)
      for (const auto& [label, n] : counts) out << n << " " << label << "\n";
  });
}

}  // namespace

void add_sentiment(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c =
      root.subcommand("sentiment", "Say how a text feels, by a language model's own probabilities.",
                      "A file is read line by line. The label is the one that the model finds likeliest, the "
                      "confidence its share among the labels,\nset right for what the model says of a text "
                      "without content.\n\n"
                      "  hanok sentiment \"정말 즐거운 하루였다.\" -m model.gguf\n"
                      "  hanok sentiment reviews.txt -m model.gguf\n"
                      "  hanok sentiment mail.txt --label question --label complaint --question \"What is it?\"");
  c.positional("TEXT", flags->what, "a text, or a file with one a line (.jsonl: the key text of each; - is stdin)");
  flags->model.add_to(c);
  c.option("--label", flags->labels, "in place of positive, neutral and negative; may be given several times");
  c.option("--question", flags->question, "what the labels answer (default: what is the sentiment?)");
  c.flag("--uncalibrated", flags->plain, "the model's probabilities as they are");
  c.cache();
  c.trace();
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
