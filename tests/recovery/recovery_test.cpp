// kill -9 while a store is written, again and again on one data folder.
//
//   recovery_test [--kills N] [--seed S]
//
// The child picks an operation (put, put_many, remove, compact), reports "intend", does it, reports "done". The parent
// kills it after a random time. Then every document must be in the state its last "done" left it in or, where an
// "intend" had no answer yet, in the intended one; a batch in all its documents or in none. Half of the time an index
// file is torn as well; a quarter of the time the parent reads beside the child. Exit status 0 and "N kills, ...
// nothing lost" when all held.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "hanok/store.h"
#include "synthetic.h"

namespace {

namespace fs = std::filesystem;
using namespace hanok;
using base::Random;
using recovery::kPaths;

struct Change {
  int32_t document = 0, version = 0;  // version 0: removed
};

// One line of the pipe. A record is written by one write() of less than PIPE_BUF bytes, so it comes whole or not at
// all.
struct Record {
  int32_t done = 0, changes = 0;
  Change change[16];
};

using State = std::map<int, int>;  // document -> version; absent: not there

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "LOST: %s\n", what.c_str());
  std::exit(1);
}

void report(int pipe, const Record& record) {
  if (::write(pipe, &record, sizeof record) != sizeof record) ::_exit(3);
}

Record random_operation(Random& random, int& version) {
  Record out;
  if (random.below(4) == 0) {
    out.changes = 1;
    out.change[0] = {static_cast<int32_t>(random.below(kPaths)), 0};
    return out;
  }
  out.changes = random.below(3) == 0 ? 1 + static_cast<int32_t>(random.below(16)) : 1;
  const auto first = static_cast<int32_t>(random.below(kPaths));
  for (int32_t i = 0; i < out.changes; ++i) out.change[i] = {(first + i) % kPaths, ++version};
  return out;
}

void perform(store::Collection& collection, const Record& record) {
  if (record.change[0].version == 0) {
    collection.remove(recovery::path(record.change[0].document));
  } else if (record.changes == 1) {
    collection.put(recovery::document(record.change[0].document, record.change[0].version));
  } else {
    std::vector<store::NewDocument> batch;
    for (int32_t i = 0; i < record.changes; ++i)
      batch.push_back(recovery::document(record.change[i].document, record.change[i].version));
    collection.put_many(std::move(batch));
  }
}

[[noreturn]] void child(const fs::path& folder, int pipe, uint64_t seed, int version) {
  try {
    Random random(seed);
    const auto store = store::Store::open(folder);
    auto& collection = *store->collection("default", true);
    collection.set_vector_space(recovery::space());
    // Small enough that indexes of vectors are built, extended and dropped in the background all the time.
    collection.set_settings({{"index", {{"type", "hnsw"}, {"exact_below", 40}}}});
    for (;;) {
      Record record = random_operation(random, version);
      report(pipe, record);
      perform(collection, record);
      record.done = 1;
      report(pipe, record);
      if (random.below(60) == 0) collection.compact();
      if (random.below(20) == 0) collection.build_index({.threads = 1});
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "child: %s\n", e.what());
  }
  ::_exit(2);
}

struct Run {
  std::vector<Record> done;
  std::optional<Record> open;  // intended, not answered
};

// Until the time is over, what another process sees is whole: each call is one snapshot.
void read_along(const fs::path& folder, double seconds, Random& random, size_t& reads) {
  const base::Stopwatch clock;
  std::unique_ptr<store::Store> store;
  while (clock.seconds() < seconds) {
    try {
      if (!store) store = store::Store::open(folder, {.read_only = true});
      auto& collection = *store->collection("default");
      const int n = static_cast<int>(random.below(kPaths));
      const std::string text = collection.document_text(recovery::path(n));
      const int version = std::stoi(text.substr(text.find('x') + 1));
      if (text != recovery::document(n, version).text) fail(recovery::path(n) + ": a reader saw a part of it");
      const std::string word = "word" + std::to_string(random.below(300));
      std::vector<store::ChunkId> ids;
      for (const auto& match : collection.search_keyword(word, 10)) ids.push_back(match.chunk);
      for (const auto& chunk : collection.chunks(ids))
        if (chunk.text.find(" " + word) == std::string::npos)
          fail(chunk.path + ": a reader found '" + word + "' where it is not");
      ++reads;
    } catch (const Error& e) {  // no folder, no collection, no such document at this moment
      if (e.code() != Code::NotFound) fail(std::string("a reader met: ") + e.what());
    }
  }
}

Run run_and_kill(const fs::path& folder, Random& random, int version, size_t& reads) {
  int ends[2];
  if (::pipe(ends) != 0) fail("pipe");
  const uint64_t seed = random.next();
  const pid_t pid = ::fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    ::close(ends[0]);
    child(folder, ends[1], seed, version);
  }
  ::close(ends[1]);
  const auto microseconds = random.below(150'000);  // also before the store is open
  if (random.below(4) == 0)
    read_along(folder, static_cast<double>(microseconds) * 1e-6, random, reads);
  else
    ::usleep(static_cast<useconds_t>(microseconds));
  ::kill(pid, SIGKILL);
  Run out;
  for (Record r; ::read(ends[0], &r, sizeof r) == sizeof r;) {
    if (r.done)
      out.done.push_back(r), out.open.reset();
    else
      out.open = r;
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFSIGNALED(status)) fail("the child ended by itself with status " + std::to_string(WEXITSTATUS(status)));
  return out;
}

State after(State state, const Record& record) {
  for (int32_t i = 0; i < record.changes; ++i) {
    const auto& c = record.change[i];
    if (c.version == 0)
      state.erase(c.document);
    else
      state[c.document] = c.version;
  }
  return state;
}

State found_state(const store::Collection& collection) {
  State out;
  for (const auto& info : collection.documents())
    out[std::stoi(info.path.substr(info.path.find('/') + 1))] = info.metadata.at("version").get<int>();
  return out;
}

// A document that is there is there with everything: text, chunks, postings, vectors, metadata.
void check_whole(const store::Collection& collection, int n, int version) {
  const auto expected = recovery::document(n, version);
  const auto info = collection.find(expected.info.path);
  const std::string which = expected.info.path + " version " + std::to_string(version);
  if (!info || info->content_hash != expected.info.content_hash) fail(which + ": content hash");
  if (collection.document_text(expected.info.path) != expected.text) fail(which + ": text");
  const auto ids = collection.chunk_ids(info->id);
  const auto chunks = collection.chunks(ids);
  if (chunks.size() != expected.chunks.size()) fail(which + ": " + std::to_string(chunks.size()) + " chunks");
  for (size_t i = 0; i < chunks.size(); ++i)
    if (chunks[i].span != expected.chunks[i].span) fail(which + ": span of chunk " + std::to_string(i));
  if (collection.search_keyword(recovery::marker(n, version), 100).size() != ids.size()) fail(which + ": postings");
  const store::Filter filter(store::Json{{"version", version}});
  if (collection.matching(filter) != ids) fail(which + ": metadata");
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::span<const float> row(expected.vectors.data() + i * recovery::kDim, recovery::kDim);
    const float cosine = collection.dense_scores(row, {&ids[i], 1})[0];
    if (!(cosine > 0.9999f)) fail(which + ": vector of chunk " + std::to_string(i));
    const auto near = collection.search_dense(row, 3);
    if (near.empty() || !(near[0].score > 0.9999f))
      fail(which + ": chunk " + std::to_string(i) + " is not found by its vector");
  }
}

void tear_an_index_file(const fs::path& folder, Random& random) {
  std::vector<fs::path> files;
  if (!fs::exists(folder / "index")) return;
  for (const auto& entry : fs::directory_iterator(folder / "index")) files.push_back(entry.path());
  if (files.empty()) return;
  const auto& file = files[random.below(files.size())];
  const auto size = fs::file_size(file);
  if (random.below(3) == 0) {
    fs::remove(file);
  } else if (random.below(2) == 0 || size == 0) {
    fs::resize_file(file, size / 2);
  } else {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(random.below(size)));
    bytes.put(static_cast<char>(random.below(256)));
  }
}

State check(const fs::path& folder, const State& before, const Run& run) {
  const auto store = store::Store::open(folder);
  auto& collection = *store->collection("default", true);
  State expected = before;
  for (const auto& r : run.done) expected = after(std::move(expected), r);
  const State found = found_state(collection);
  if (found != expected && !(run.open && found == after(expected, *run.open)))
    fail("documents differ from what was acknowledged: " + std::to_string(found.size()) + " found, " +
         std::to_string(expected.size()) + " expected");
  for (const auto& [n, version] : found) check_whole(collection, n, version);
  for (const auto& finding : store->verify()) fail(finding);
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  int kills = 200;
  uint64_t seed = 1;
  if (const char* text = std::getenv("HANOK_KILLS")) kills = std::atoi(text);
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--kills") kills = std::atoi(argv[i + 1]);
    if (std::string(argv[i]) == "--seed") seed = static_cast<uint64_t>(std::atoll(argv[i + 1]));
  }
  ::setenv("HANOK_LOG", "error", 0);  // torn files are announced, and here there are many
  ::setenv("HANOK_THREADS", "1", 0);  // a forked child has no worker threads, so neither side may start any
  const base::TempFolder folder;
  const base::Stopwatch clock;
  Random random(seed);
  State state;
  int version = 0;
  size_t operations = 0, reads = 0;
  for (int i = 0; i < kills; ++i) {
    const Run run = run_and_kill(folder.path(), random, version, reads);
    operations += run.done.size();
    for (const auto& r : run.done)
      for (int32_t k = 0; k < r.changes; ++k) version = std::max(version, r.change[k].version);
    version += 20;  // beyond what an unanswered batch may have used
    if (random.below(2) == 0) tear_an_index_file(folder.path(), random);
    state = check(folder.path(), state, run);
  }
  std::printf(
      "%d kills, %zu operations acknowledged, %zu reads beside them, nothing lost, nothing half written (%.1f s, seed "
      "%llu)\n",
      kills, operations, reads, clock.seconds(), static_cast<unsigned long long>(seed));
}
