// kill -9 while several threads write records, again and again on one data folder.
//
//   records_recovery_test [--kills N] [--seed S]
//
// Each thread of the child has records of its own. It reports "intend", calls the store, reports "done"; calls of
// different threads become one transaction. After the kill every record must be as its thread's last "done" left it or,
// where an "intend" had no answer yet, as that meant it, a call in all its records or in none; none may be there twice,
// and each must be found by its vector, its word and its metadata. Half of the time an index file is torn as well.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "hanok/records.h"

namespace {

namespace fs = std::filesystem;
using namespace hanok;
using base::Random;
using store::WriteMode;

constexpr int kThreads = 3, kRecords = 80, kMost = 40;  // records of a thread; those of one call
constexpr size_t kDim = 8;

struct Change {
  int32_t record = 0, version = 0;  // version 0: removed
};

// One line of the pipe, written by one write() of less than PIPE_BUF bytes: it comes whole or not at all.
struct Line {
  int32_t thread = 0, done = 0, by_condition = 0, changes = 0;
  Change change[kMost];
};

using State = std::map<int, int>;  // record -> version; absent: not there

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "LOST: %s\n", what.c_str());
  std::exit(1);
}

std::string name(int thread, int n) { return "t" + std::to_string(thread) + "-" + std::to_string(n); }

store::Record record(int thread, int n, int version) {
  Random random(static_cast<uint64_t>(thread * kRecords + n) * 1'000'003 + static_cast<uint64_t>(version));
  store::Record out;
  out.ns = n % 3 ? "" : "space" + std::to_string(n % 2);
  out.id = name(thread, n);
  out.document = "mark" + std::to_string(thread) + "x" + std::to_string(n) + "x" + std::to_string(version);
  const size_t words = random.below(10) == 0 ? 1500 : 10;
  for (size_t w = 0; w < words; ++w) *out.document += " word" + std::to_string(random.below(300));
  out.metadata = {{"version", version}, {"thread", thread}, {"bucket", n % 10}};
  for (size_t i = 0; i < kDim; ++i) out.vector.push_back(static_cast<float>(random.normal()));
  out.sparse = {{static_cast<uint32_t>(n), 1000}, {1, static_cast<float>(version)}};
  return out;
}

void report(int pipe, const Line& line) {
  if (::write(pipe, &line, sizeof line) != sizeof line) ::_exit(3);
}

void add(Line& line, int record, int version) { line.change[line.changes++] = {record, version}; }

Line random_call(Random& random, int thread, int& version) {
  Line out{.thread = thread};
  const size_t kind = random.below(10);
  if (kind == 0) {  // all of a bucket, by a condition
    const auto bucket = static_cast<int>(random.below(10));
    out.by_condition = 1;
    for (int n = bucket; n < kRecords; n += 10) add(out, n, 0);
    return out;
  }
  const int count = 1 + static_cast<int>(random.below(random.below(3) ? 3 : kMost));
  const auto first = static_cast<int>(random.below(kRecords));
  for (int i = 0; i < count; ++i) add(out, (first + i) % kRecords, kind < 3 ? 0 : ++version);
  return out;
}

void perform(store::Records& records, const Line& line) {
  if (line.change[0].version != 0) {
    std::vector<store::Record> batch;
    for (int i = 0; i < line.changes; ++i)
      batch.push_back(record(line.thread, line.change[i].record, line.change[i].version));
    records.write(line.changes % 2 ? WriteMode::Replace : WriteMode::Merge, std::move(batch));
  } else if (line.by_condition) {
    records.remove(
        {.where = store::Filter(store::Json{{"thread", line.thread}, {"bucket", line.change[0].record % 10}})});
  } else {  // in one call, across namespaces
    std::vector<std::string> ids;
    for (int i = 0; i < line.changes; ++i) ids.push_back(name(line.thread, line.change[i].record));
    records.remove({.ids = ids});
  }
}

[[noreturn]] void child(const fs::path& folder, int pipe, uint64_t seed, int version) {
  try {
    const auto store = store::Store::open(folder);
    auto records = store->catalog().find("kills");
    if (!records) {
      try {  // small enough that indexes are built, extended and dropped all the time
        records = store->catalog().create({.name = "kills",
                                           .metric = store::Metric::L2,
                                           .settings = {{"index", {{"type", "hnsw"}, {"exact_below", 40}}}}});
      } catch (const Error& e) {
        std::fprintf(stderr, "child: %s\n", e.what());
        ::_exit(2);
      }
    }
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        try {
          Random random(seed + static_cast<uint64_t>(t));
          int own = version;
          for (;;) {
            Line line = random_call(random, t, own);
            report(pipe, line);
            perform(*records, line);
            line.done = 1;
            report(pipe, line);
            if (random.below(100) == 0) store->collection("kills")->compact();
          }
        } catch (const std::exception& e) {
          std::fprintf(stderr, "child: %s\n", e.what());
          ::_exit(2);
        }
      });
    for (auto& t : threads) t.join();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "child: %s\n", e.what());
  }
  ::_exit(2);
}

struct Run {
  std::vector<Line> done;
  std::map<int, Line> open;  // intended, not answered; by thread
};

Run run_and_kill(const fs::path& folder, Random& random, int version) {
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
  ::usleep(static_cast<useconds_t>(random.below(200'000)));  // also before the store is open
  ::kill(pid, SIGKILL);
  Run out;
  for (Line line; ::read(ends[0], &line, sizeof line) == sizeof line;) {
    if (line.done)
      out.done.push_back(line), out.open.erase(line.thread);
    else
      out.open[line.thread] = line;
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFSIGNALED(status)) fail("the child ended by itself with status " + std::to_string(WEXITSTATUS(status)));
  return out;
}

State after(State state, const Line& line) {
  for (int i = 0; i < line.changes; ++i) {
    const auto& c = line.change[i];
    if (c.version == 0)
      state.erase(c.record);
    else
      state[c.record] = c.version;
  }
  return state;
}

void check_whole(const store::RecordSnapshot& now, int thread, int n, int version) {
  const auto expected = record(thread, n, version);
  const std::string which = expected.id + " version " + std::to_string(version);
  const auto number = now.find(expected.ns, expected.id);
  if (!number) fail(which + ": is not found by its id");
  const auto found = now.fetch({{*number}}, {.vector = true, .sparse = true}).at(0);
  if (found.document != expected.document || found.metadata != expected.metadata || found.vector != expected.vector ||
      !(found.sparse == expected.sparse))
    fail(which + ": something of it is not as it was written");
  const auto is = [&](const std::vector<store::Match>& matches) {
    return matches.size() == 1 && matches[0].chunk == *number;
  };
  if (!is(now.nearest(expected.vector, {.k = 1}))) fail(which + ": is not found by its vector");
  const std::string word = expected.document->substr(0, expected.document->find(' '));
  if (!is(now.by_words(word, {.k = 2}))) fail(which + ": is not found by its word");
  const store::Selection same{.ns = expected.ns,
                              .where = store::Filter(store::Json{{"version", version}, {"thread", thread}})};
  if (now.select(same) != std::vector<store::ChunkId>{*number}) fail(which + ": is not found by its metadata");
}

using States = std::map<int, State>;  // by thread

States check(const fs::path& folder, const States& before, const Run& run) {
  const auto store = store::Store::open(folder);
  const auto records = store->catalog().find("kills");
  if (!records) {
    if (!run.done.empty()) fail("the collection is gone");
    return before;
  }
  const auto now = records->read();
  States found, expected = before;
  size_t all = 0;
  for (const auto& r : now->get({})) {
    ++all;
    const auto thread = r.metadata.at("thread").get<int>();
    const int n = std::stoi(r.id.substr(r.id.find('-') + 1));
    if (!found[thread].emplace(n, r.metadata.at("version").get<int>()).second) fail(r.id + ": is there twice");
  }
  if (all != now->count()) fail("the count differs from what is there");
  for (const auto& line : run.done) expected[line.thread] = after(std::move(expected[line.thread]), line);
  for (int t = 0; t < kThreads; ++t) {
    const auto open = run.open.find(t);
    if (found[t] != expected[t] && !(open != run.open.end() && found[t] == after(expected[t], open->second)))
      fail("records of thread " + std::to_string(t) + " differ from what was acknowledged");
    for (const auto& [n, version] : found[t]) check_whole(*now, t, n, version);
  }
  for (const auto& finding : store->verify()) fail(finding);
  return found;
}

void tear_an_index_file(const fs::path& folder, Random& random) {
  std::vector<fs::path> files;
  if (!fs::exists(folder / "index")) return;
  for (const auto& entry : fs::directory_iterator(folder / "index")) files.push_back(entry.path());
  if (files.empty()) return;
  const auto& file = files[random.below(files.size())];
  if (random.below(3) == 0)
    fs::remove(file);
  else
    fs::resize_file(file, fs::file_size(file) / 2);
}

}  // namespace

int main(int argc, char** argv) {
  int kills = 60;
  uint64_t seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--kills") kills = std::atoi(argv[i + 1]);
    if (std::string(argv[i]) == "--seed") seed = static_cast<uint64_t>(std::atoll(argv[i + 1]));
  }
  ::setenv("HANOK_LOG", "error", 0);  // torn files are announced, and here there are many
  ::setenv("HANOK_THREADS", "1", 0);  // a forked child has no worker threads, so neither side may start any
  const base::TempFolder folder;
  const base::Stopwatch clock;
  Random random(seed);
  States states;
  int version = 0;
  size_t calls = 0;
  for (int i = 0; i < kills; ++i) {
    const Run run = run_and_kill(folder.path(), random, version);
    calls += run.done.size();
    for (const auto& line : run.done)
      for (int k = 0; k < line.changes; ++k) version = std::max(version, line.change[k].version);
    version += kMost;  // beyond what an unanswered call may have used
    if (random.below(2) == 0) tear_an_index_file(folder.path(), random);
    states = check(folder.path(), states, run);
  }
  std::printf(
      "%d kills, %zu calls of %d threads acknowledged, nothing lost, doubled, half written or unfindable (%.1f s, seed %llu)\n",
      kills, calls, kThreads, clock.seconds(), static_cast<unsigned long long>(seed));
}
