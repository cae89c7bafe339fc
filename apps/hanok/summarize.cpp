#include <iostream>
#include <iterator>

#include "answer_flags.h"
#include "base/clock.h"
#include "chat_models.h"
#include "hanok/error.h"
#include "hanok/tasks.h"
#include "hanok/text.h"
#include "own_prompts.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string file;
  size_t sentences = 5, part_tokens = 0;
  ChatFlags model;
  AnswerFlags answer;
};

std::string read(const Session& session, const std::string& file) {
  if (file == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  const auto document = text::load(file);
  for (const auto& note : document.notes) session.note("note: " + note);
  return document.text;
}

chain::SummarizePrompts prompts(const Session& session, const std::string& behind) {
  return {own_prompt(session, "summarize" + behind), own_prompt(session, "summarize-part" + behind),
          own_prompt(session, "summarize-join" + behind)};
}

void run(Session& session, const Flags& flags) {
  const std::string text = read(session, flags.file);
  const Chat chat = need_chat(session, flags.model);
  const base::Stopwatch watch;
  const chain::SummarizeOptions options{.sentences = flags.sentences,
                                        .answer = flags.answer.options(),
                                        .part_tokens = flags.part_tokens,
                                        .prompts = prompts(session, ""),
                                        .korean_prompts = prompts(session, "-ko")};
  const auto summary = session.with_bar([&] { return chain::summarize(*chat.model, text, options); });
  session.print({{"text", summary.text},
                 {"parts", summary.parts},
                 {"rounds", summary.rounds},
                 {"prompt_tokens", summary.prompt_tokens},
                 {"completion_tokens", summary.completion_tokens},
                 {"seconds", watch.seconds()},
                 {"model", chat.model->name()},
                 {"warnings", summary.warnings}},
                [&](std::ostream& out) { out << summary.text << "\n"; });
  if (session.json) return;
  if (summary.rounds > 1)
    session.note("note: longer than the context: read in " + std::to_string(summary.parts) + " parts, summarised in " +
                 std::to_string(summary.rounds) + " rounds");
  for (const auto& warning : summary.warnings) session.note("note: " + warning);
}

}  // namespace

void add_summarize(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand("summarize", "Summarize a file with a language model, however long it is.",
                              "Reads what `hanok ingest` reads. What is longer than the model's context is read in "
                              "parts, and their summaries are\nsummarised.\n\n"
                              "  hanok summarize report.pdf -m model.gguf\n"
                              "  hanok summarize - -m http://127.0.0.1:8080/v1 < notes.txt");
  c.positional("FILE", flags->file, "a file of any format that hanok reads; - reads text from stdin");
  flags->model.add_to(c);
  c.option("--sentences", flags->sentences, "of the summary, about (default 5)", 1);
  c.option("--part-tokens", flags->part_tokens, "tokens of a part at most (default: what the context holds)");
  flags->answer.max_tokens = 300;
  flags->answer.temperature = 0;
  flags->answer.frequency_penalty = 0.4;
  flags->answer.add_to(c);
  c.cache();
  c.trace();
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
