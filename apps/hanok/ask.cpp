#include <iostream>

#include "ask_session.h"
#include "base/file.h"
#include "chat_models.h"
#include "command.h"
#include "hanok/chain.h"
#include "models_in_use.h"
#include "own_prompts.h"
#include "retriever_flags.h"
#include "show.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string question, where, model, tokenizer, prompt_file, draft, combine = "stuff", talk, rerank;
  size_t k = 8, budget = 0;
  double threshold = -1;
  bool show_prompt = false;
  RetrieverFlags retriever;
};

chain::Combine combine_named(const std::string& name) {
  return name == "refine"       ? chain::Combine::Refine
         : name == "map-reduce" ? chain::Combine::MapReduce
                                : chain::Combine::Stuff;
}

void run(Session& session, const Flags& flags) {
  const auto snapshot = session.collection(false).snapshot();
  const auto models = ModelsInUse::for_search(session, *snapshot);
  const Chat chat = open_chat(session, {.model = flags.model,
                                        .tokenizer = flags.tokenizer,
                                        .adapters = {},
                                        .draft = flags.draft,
                                        .prompt_only = flags.show_prompt});
  chain::AskOptions options;
  options.search.k = flags.k;
  options.search.filter = parse_where(flags.where);
  options.search.embedder = models.embedder();
  const auto reranker = open_reranker(flags.rerank);
  options.search.reranker = reranker.get();
  options.model = chat.model.get();
  options.budget_tokens = flags.budget;
  options.answer_threshold = flags.threshold;
  options.prompt_template =
      flags.prompt_file.empty() ? own_prompt(session, "ask") : base::read_file(flags.prompt_file, 1 << 20);
  bool streamed = false;
  if (chat.model && !session.json && !flags.show_prompt)
    options.on_token = [&](std::string_view piece) {
      streamed = true;
      std::cout << piece << std::flush;
      return bool(std::cout);
    };
  options.combine = combine_named(flags.combine);
  std::unique_ptr<chain::Retriever> retriever;
  if (flags.retriever.given()) retriever = flags.retriever.make(session, options.search, options.model);
  options.retriever = retriever.get();
  AskSession talk(session, flags.talk);
  const std::string question = talk.standalone(flags.question, chat.model.get());
  const auto answer = chain::ask(*snapshot, question, options);
  if (!flags.show_prompt) talk.keep(flags.question, answer.answer);
  // Counted once more as a whole: what the server will be given.
  const auto tokens =
      chat.model ? base::OrderedJson(chat.model->count_tokens(answer.prompt)) : base::OrderedJson(nullptr);
  const auto tokenizer = chat.model ? base::OrderedJson(chat.tokenizer) : base::OrderedJson(nullptr);
  if (flags.show_prompt) {
    session.print(
        {{"prompt", answer.prompt}, {"prompt_tokens", tokens}, {"tokenizer", tokenizer}, {"dropped", answer.dropped}},
        [&](std::ostream& out) { out << answer.prompt << "\n"; });
    if (!session.json) {
      session.note("note: " + tokens.dump() + " tokens, counted by " + chat.tokenizer);
      for (const auto& d : answer.dropped) session.note("dropped: " + d);
    }
    return;
  }
  auto json = to_json(answer);
  json["retriever"] = flags.retriever.given() ? base::OrderedJson(flags.retriever.name()) : base::OrderedJson("hybrid");
  json["notes"] = answer.notes;
  json["question"] = question;
  json["prompt_tokens"] = tokens;
  json["tokenizer"] = tokenizer;
  session.print(json, [&](std::ostream& out) {
    if (!streamed) out << answer.answer;
    out << "\n";
    show_sources(out, session, answer);
    for (const auto& n : answer.notes) session.note("note: " + n);
  });
}

}  // namespace

void add_ask(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand(
      "ask", "Answer a question from your files, with sources.",
      "Without a language model the answer is made of the best supporting sentences, each with its source, or says plainly\n"
      "that the documents do not hold it. With --model a language model writes it from numbered passages, and\n"
      "every [n] is checked against its passage before it is shown.\n\n"
      "  hanok ask \"How much is a room in winter?\"\n"
      "  hanok ask \"도서관은 몇 시에 닫나요?\" --model http://127.0.0.1:8080/v1");
  c.words("QUESTION", flags->question, "the question");
  c.option("-k", flags->k, "passages to consider (default 8)", 1);
  c.option("--where", flags->where, "condition on metadata and path, name, format, title, page, heading (JSON)");
  c.option(
      "-m,--model", flags->model,
      "a .gguf file, a folder or ORG/NAME run here; or the URL of an OpenAI-compatible server, or URL#MODEL (HANOK_MODEL)");
  c.option(
      "--tokenizer", flags->tokenizer,
      "counts the budget as the model does: tokenizer.json, its folder, or ORG/NAME (default: by the model's name)");
  c.option(
      "--draft", flags->draft,
      "with a model of this process: a smaller one with the same tokens guesses what comes; the answer is the same");
  c.option("--budget", flags->budget, "tokens of passages given to the model at most (default: from its context)");
  c.option("--threshold", flags->threshold, "confidence below which the answer is 'not in your documents'", 0, 1);
  c.flag("--show-prompt", flags->show_prompt, "print what a model would be given, and stop");
  c.option("--prompt", flags->prompt_file, "a file with your own prompt: {passages} and {question} are filled in");
  c.choice("--combine", flags->combine, {"stuff", "map-reduce", "refine"},
           "more passages than one prompt holds: leave out the last ones, an answer of each group and one of these, or "
           "group after group (default stuff)");
  flags->retriever.add_to(c);
  c.option("--rerank", flags->rerank, "a cross-encoder (folder or ORG/NAME) orders what was found");
  c.option("--session", flags->talk,
           "a name: the question is understood with those before it, and kept with its answer (needs a model)");
  c.cache();
  c.trace();
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
