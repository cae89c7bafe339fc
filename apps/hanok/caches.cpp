#include "caches.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>

#include "chain/cache/prefixes.h"
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

namespace {

/// What people are told of a cache, each thing once.
chain::CacheOptions told(const Session& session, const std::string& besides) {
  const auto said = std::make_shared<std::atomic<int>>(0);
  const auto note = [&session, said](int bit, const std::string& line) {
    if (!(said->fetch_or(bit) & bit)) session.note(line);
  };
  return {.besides = besides,
          .on_use =
              [note](chain::CacheUse use) {
                if (use == chain::CacheUse::Given)
                  note(1, "note: answered from the cache (`--cache off` asks the model, `hanok cache clear` forgets)");
                if (use == chain::CacheUse::Passed)
                  note(2,
                       "note: not from the cache, which keeps answers at temperature 0 or with a seed, without "
                       "probabilities");
              },
          .on_fault =
              [note](const Error& error) {
                note(4,
                     "note: the model answers without the cache, which cannot be used: " + std::string(error.what()));
              }};
}

/// nullptr where caching is off, or it cannot be opened: answers are worth more than that they come fast.
std::shared_ptr<store::Journal> open_journal(const Session& session, const chain::CacheOptions& options) {
  if (!caching(session)) return nullptr;
  try {
    return store::Journal::open(session.data_folder());
  } catch (const Error& error) {
    options.on_fault(error);
  } catch (const std::filesystem::filesystem_error& error) {
    options.on_fault(Error(Code::Unavailable, error.what()));
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<const chain::ChatModel> with_cache(const Session& session,
                                                   std::shared_ptr<const chain::ChatModel> model,
                                                   const std::string& besides, bool seeds) {
  auto options = told(session, besides);
  options.seeds = seeds;
  auto journal = open_journal(session, options);
  return journal ? chain::cached(std::move(model), std::move(journal), options) : model;
}

std::shared_ptr<const chain::EmbeddingModel> with_cache(const Session& session,
                                                        std::shared_ptr<const chain::EmbeddingModel> model) {
  const auto options = told(session, "");
  auto journal = open_journal(session, options);
  return journal ? chain::cached(std::move(model), std::move(journal), options) : model;
}

std::shared_ptr<const chain::Kept> kept_answers(const Session& session) {
  const auto options = told(session, "");
  auto journal = open_journal(session, options);
  return journal ? std::make_shared<const chain::Kept>(std::move(journal), chain::kAnswers, options) : nullptr;
}

std::string state_of(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  uint64_t bytes = 0;
  fs::file_time_type::duration newest{};
  const auto look = [&](const fs::path& file) {
    const auto size = fs::file_size(file, ignored);
    if (!ignored) bytes += size;
    const auto time = fs::last_write_time(file, ignored);
    if (!ignored) newest = std::max(newest, time.time_since_epoch());
  };
  if (fs::is_directory(path, ignored))
    for (const auto& entry : fs::directory_iterator(path, ignored)) look(entry.path());
  else
    look(path);
  return fs::absolute(path).lexically_normal().string() + " " + std::to_string(bytes) + " " +
         std::to_string(newest.count());
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
