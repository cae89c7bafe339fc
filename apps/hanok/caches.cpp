#include "caches.h"

#include <atomic>
#include <filesystem>
#include <iostream>

#include "command.h"
#include "hanok/caches.h"
#include "hanok/error.h"

namespace hanok::app {

bool caching(const Session& session) {
  const auto [text, from] = session.setting("cache");
  if (text != "on" && text != "off")
    throw Error(Code::Invalid, "cache is '" + text + "' (from " + from + "): on or off was expected");
  return text == "on";
}

std::shared_ptr<const chain::ChatModel> with_cache(const Session& session,
                                                   std::shared_ptr<const chain::ChatModel> model,
                                                   const std::string& besides) {
  const auto tell = [&session, told = std::make_shared<std::atomic<int>>(0)](chain::CacheUse use) {
    const int bit = 1 << static_cast<int>(use);
    if (told->fetch_or(bit) & bit) return;  // once
    if (use == chain::CacheUse::Given)
      session.note("note: answered from the cache (`--cache off` asks the model, `hanok cache clear` forgets)");
    if (use == chain::CacheUse::Passed)
      session.note(
          "note: not from the cache, which keeps answers at temperature 0 or with a seed, without probabilities");
  };
  return chain::cached(std::move(model), store::Journal::open(session.data_folder()),
                       {.besides = besides, .on_use = tell});
}

std::unique_ptr<chain::EmbeddingModel> with_cache(const Session& session, const chain::EmbeddingModel& model) {
  return chain::cached(model, store::Journal::open(session.data_folder()));
}

namespace {

/// nullptr where nothing was kept yet: looking makes no file.
std::shared_ptr<store::Journal> journal_if_there(const Session& session) {
  const std::filesystem::path folder = session.data_folder();
  return std::filesystem::exists(folder / "journal.db") ? store::Journal::open(folder) : nullptr;
}

void show(Session& session) {
  const auto journal = journal_if_there(session);
  const auto held = journal ? chain::cache_contents(*journal) : chain::CacheContents();
  const auto [value, from] = session.setting("cache");
  session.print({{"cache", value},
                 {"from", from},
                 {"answers", held.answers},
                 {"answer_bytes", held.answer_bytes},
                 {"vectors", held.vectors},
                 {"vector_bytes", held.vector_bytes}},
                [&, value = value, from = from](std::ostream& out) {
                  out << "cache " << value << " (" << from << "), in " << session.data_folder() << "\n"
                      << "  answers  " << with_commas(held.answers) << ", "
                      << human_bytes(static_cast<double>(held.answer_bytes)) << "\n"
                      << "  vectors  " << with_commas(held.vectors) << ", "
                      << human_bytes(static_cast<double>(held.vector_bytes)) << "\n";
                });
}

void clear(Session& session, const std::string& what) {
  const auto journal = journal_if_there(session);
  const size_t answers = journal && what != "vectors" ? chain::clear_answers(*journal) : 0;
  const size_t vectors = journal && what != "answers" ? chain::clear_vectors(*journal) : 0;
  session.print({{"answers", answers}, {"vectors", vectors}}, [&](std::ostream& out) {
    out << "forgot " << with_commas(answers) << " answers and " << with_commas(vectors) << " vectors\n";
  });
}

}  // namespace

void add_cache(Command& root) {
  Command group = root.group("cache", "Answers and vectors that are kept with --cache: show, clear.");
  group.subcommand("show", "How many answers and vectors are kept, and what they take.").run(show);
  auto what = std::make_shared<std::string>("all");
  Command one = group.subcommand("clear", "Forget them.", "  hanok cache clear\n  hanok cache clear --only answers");
  one.choice("--only", *what, {"answers", "vectors", "all"}, "one of both alone (default all)");
  one.run([what](Session& session) { clear(session, *what); });
}

}  // namespace hanok::app
