// hanok index search and tune: speed and recall of an index on queries.
#include <algorithm>
#include <iostream>
#include <set>

#include "base/clock.h"
#include "base/random.h"
#include "base/threads.h"
#include "index/base_index.h"
#include "index/tune.h"
#include "index_command.h"

namespace hanok::app {

using namespace hanok::index;
using base::OrderedJson;

namespace {

constexpr size_t kPasses = 3;  // of every measurement; the best counts

// "ef=64,96" and "rerank=10,20" make four settings.
struct SearchSetting {
  std::string text;
  SearchOptions options;
};

size_t whole(const std::string& key, const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
    throw Error(Code::Invalid, "--set " + key + "=" + text + ": whole numbers, separated by commas, were expected");
  return std::stoul(text);
}

std::vector<SearchSetting> settings_of(const std::vector<std::string>& set) {
  std::vector<SearchSetting> out{{"", {}}};
  for (const auto& text : set) {
    const auto [key, values] = key_value(text);
    size_t SearchOptions::*field = key == "ef"       ? &SearchOptions::ef
                                   : key == "nprobe" ? &SearchOptions::nprobe
                                   : key == "rerank" ? &SearchOptions::rerank
                                                     : nullptr;
    if (!field) throw Error(Code::Invalid, "--set " + text + ": a search has the keys ef, nprobe, rerank");
    std::vector<SearchSetting> next;
    for (size_t from = 0; from <= values.size();) {
      const size_t comma = std::min(values.find(',', from), values.size());
      const std::string value = values.substr(from, comma - from);
      for (SearchSetting s : out) {
        s.text += (s.text.empty() ? "" : ",") + key + "=" + value;
        s.options.*field = whole(key, value);
        next.push_back(std::move(s));
      }
      from = comma + 1;
    }
    out = std::move(next);
  }
  return out;
}

struct Measured {
  std::vector<std::vector<Match>> found;
  double queries_per_second = 0, p50_us = 0, p99_us = 0;
};

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  const auto at = static_cast<size_t>(p * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(at), values.end());
  return values[at];
}

Measured measure(const Index& index, const formats::Vectors& queries, size_t k, const SearchOptions& options,
                 bool batch) {
  Measured best;
  const size_t n = queries.rows();
  for (size_t pass = 0; pass < kPasses; ++pass) {
    base::check_interrupt();
    Measured now;
    std::vector<double> each;
    const base::Stopwatch watch;
    if (batch) {
      now.found = index.search_batch(queries.values, k, options);
    } else {
      now.found.resize(n);
      for (size_t i = 0; i < n; ++i) {
        const base::Stopwatch one;
        now.found[i] = index.search(std::span(queries.values).subspan(i * queries.dim, queries.dim), k, options);
        each.push_back(one.seconds() * 1e6);
      }
    }
    const double seconds = watch.seconds();
    now.queries_per_second = seconds > 0 ? static_cast<double>(n) / seconds : 0;
    // A batch has no time of one query: its mean is shown for both.
    now.p50_us = batch ? seconds * 1e6 / static_cast<double>(std::max<size_t>(n, 1)) : percentile(each, 0.5);
    now.p99_us = batch ? now.p50_us : percentile(each, 0.99);
    if (now.queries_per_second >= best.queries_per_second) best = std::move(now);
  }
  return best;
}

double recall_of(const std::vector<std::vector<Match>>& found, const std::vector<std::set<Id>>& wanted) {
  size_t hits = 0, all = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    all += wanted[i].size();
    for (const Match& m : found[i]) hits += wanted[i].count(m.id);
  }
  return all ? static_cast<double>(hits) / static_cast<double>(all) : 1;
}

std::vector<std::set<Id>> first_k(const formats::IdRows& truth, size_t rows, size_t k) {
  std::vector<std::set<Id>> out(rows);
  for (size_t i = 0; i < rows; ++i)
    for (size_t r = 0; r < k; ++r) out[i].insert(truth.ids[i * truth.width + r]);
  return out;
}

// To time: stored vectors moved away, where queries lie.
formats::Vectors near_stored(const Index& index, size_t seed) {
  constexpr size_t kQueries = 300;
  formats::Vectors out;
  out.dim = index.options().dim;
  const auto ids = index.ids();
  base::Random random(seed);
  std::vector<float> rows;
  for (size_t i = 0; i < std::min(kQueries, ids.size()); ++i) {
    const auto row = *index.reconstruct(ids[random.below(ids.size())]);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  out.values = moved_away(rows, out.dim, index.options().metric, seed);
  return out;
}

}  // namespace

void index_search(Session& session, const IndexFlags& flags) {
  need(flags.index, "--index");
  need(flags.in, "--in");
  need_folder(flags.out);
  need_neighbours(flags.k);
  const auto index = open(flags.index);
  const auto queries = load_vectors(flags.in, flags.limit);
  if (queries.dim != index->options().dim)
    throw Error(Code::Invalid, flags.in + ": vectors of " + std::to_string(queries.dim) + " numbers, the index has " +
                                   std::to_string(index->options().dim));
  std::optional<std::vector<std::set<Id>>> wanted;
  if (!flags.truth.empty()) {
    const auto truth = formats::read_ids(flags.truth, queries.rows());
    if (truth.rows() < queries.rows() || truth.width < flags.k)
      throw Error(Code::Invalid, flags.truth + ": " + std::to_string(truth.rows()) + " rows of " +
                                     std::to_string(truth.width) + " ids, expected " + std::to_string(queries.rows()) +
                                     " rows of at least " + std::to_string(flags.k));
    wanted = first_k(truth, queries.rows(), flags.k);
  }
  for (auto& setting : settings_of(flags.set)) {
    setting.options.threads = std::max<size_t>(session.threads_flag, 1);
    const Measured m = measure(*index, queries, flags.k, setting.options, flags.batch);
    OrderedJson json{{"set", setting.text},
                     {"recall", nullptr},
                     {"queries_per_second", m.queries_per_second},
                     {"p50_us", m.p50_us},
                     {"p99_us", m.p99_us}};
    if (wanted) json["recall"] = recall_of(m.found, *wanted);
    session.print(json, [&](std::ostream& out) {
      out << (setting.text.empty() ? "defaults" : setting.text) << ": ";
      if (wanted) out << "recall " << json["recall"].get<double>() << ", ";
      out << static_cast<uint64_t>(m.queries_per_second) << " queries/s, p50 " << m.p50_us << " us, p99 " << m.p99_us
          << " us\n";
    });
    if (flags.out.empty()) continue;
    formats::IdRows rows{flags.k, {}};
    for (const auto& found : m.found)
      for (size_t r = 0; r < flags.k; ++r) rows.ids.push_back(r < found.size() ? found[r].id : -1);
    formats::write_ids(flags.out, rows);
  }
}

void index_tune(Session& session, const IndexFlags& flags) {
  need(flags.index, "--index");
  need_neighbours(flags.k);
  if (!(flags.recall > 0 && flags.recall <= 1))
    throw Error(Code::Invalid, "--recall " + std::to_string(flags.recall) + ": a share above 0, up to 1, was expected");
  const auto index = open(flags.index);
  const bool given = !flags.in.empty();
  const auto questions = given ? load_vectors(flags.in, flags.limit) : formats::Vectors{};
  if (given && questions.dim != index->options().dim)
    throw Error(Code::Invalid, flags.in + ": vectors of " + std::to_string(questions.dim) + " numbers, the index has " +
                                   std::to_string(index->options().dim));
  const Tuned tuned = tune_index(*index, flags.recall, flags.k, questions.values, flags.seed, session.threads_flag);
  const double reached = tuned.promise.least();
  if (!tuned.promise.kept())
    throw Error(Code::NotFound, "tune: no setting reaches recall " + std::to_string(flags.recall) +
                                    "; the best reaches " + std::to_string(reached) +
                                    "; build the index with finer codes or more neighbours");
  keep_tuned(*index, tuned);
  index->save(flags.index);
  const auto speed = measure(*index, given ? questions : near_stored(*index, flags.seed), flags.k, {}, false);
  const OrderedJson json{{"set", tuned.promise.setting},
                         {"recall", reached},
                         {"queries_per_second", speed.queries_per_second},
                         {"queries", tuned.promise.queries()},
                         {"promise", OrderedJson::parse(tuned.promise.json())}};
  session.print(json, [&](std::ostream& out) {
    out << (tuned.promise.setting.empty() ? "exact: nothing to set" : tuned.promise.setting);
    for (const auto& r : tuned.promise.reached) out << "\n  recall " << r.recall << " on " << r.queries << " " << r.on;
    out << "\n" << static_cast<uint64_t>(speed.queries_per_second) << " queries/s; stored in " << flags.index << "\n";
  });
}

}  // namespace hanok::app
