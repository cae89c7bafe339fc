// What every kind shares: checks at the door, options as text, the order of results.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/index.h"
#include "index/file.h"
#include "index/gate.h"

namespace hanok::index {

/// Best first, ties by id. One comparison for both senses: larger scores are negated into distances by
/// `signed_distance`.
inline float signed_distance(Metric metric, float distance) { return metric == Metric::L2 ? distance : -distance; }
inline bool nearer(Metric metric, const Match& a, const Match& b) {
  const float x = signed_distance(metric, a.distance), y = signed_distance(metric, b.distance);
  return x != y ? x < y : a.id < b.id;
}

std::string_view metric_name(Metric metric);                 // "l2", "ip", "cosine"
Metric metric_from(std::string_view name);                   // throws Invalid, naming the three
std::string_view storage_name(Storage storage);              // "f32", "f16", "bf16", "sq8", "u8"
std::optional<Storage> storage_from(std::string_view name);  // nullopt for another name

/// Reads the kind's own keys out of Options::set; done() throws Invalid for a key nobody asked for, naming those there
/// are.
class Keys {
 public:
  Keys(std::string kind, const Options& options) : kind_(std::move(kind)), set_(options.set) {}
  size_t integer(const std::string& key, size_t fallback, size_t least, size_t most);
  double real(const std::string& key, double fallback, double least, double most);
  /// One of `values`; the first is the default.
  std::string choice(const std::string& key, const std::vector<std::string>& values);
  void done() const;

 private:
  const std::string* find(const std::string& key);
  [[noreturn]] void bad(const std::string& key, const std::string& value, const std::string& expected) const;
  std::string kind_;
  std::map<std::string, std::string> set_;
  std::vector<std::string> known_;
};

/// options(), the checks and the locks. A kind calls check_* first in every public function, then trusts its input.
///
/// Locks: a change holds writer_ from its first check to its end, so that one change happens at a time and what it
/// reads stays as it is; gate_ keeps readers away only while what they read is swapped or moved. save() holds writer_
/// alone: searches go on.
class BaseIndex : public Index {
 public:
  const Options& options() const override { return options_; }
  /// One search() a query, over options.threads threads. Kinds with a better way override it.
  std::vector<std::vector<Match>> search_batch(std::span<const float> queries, size_t k,
                                               const SearchOptions& options = {}) const override;
  /// Keeps a text with the options, in files too: what Keys lets pass (kinds.h). Not beside who reads options().
  void note(const std::string& key, std::string text);

 protected:
  explicit BaseIndex(const Options& options);  // throws Invalid for a dim outside 1..65,536

  /// For set_search_defaults(): what was measured holds for another setting. Caller holds writer_.
  void forget_promise();
  size_t dim() const { return options_.dim; }
  Metric metric() const { return options_.metric; }
  /// Whether the id is there. Caller holds writer_ or a Gate::Reader.
  virtual bool has(Id id) const = 0;

  /// Whole rows, finite, of some length under cosine. first: the number that a message gives the first of them.
  void check_vectors(std::span<const float> vectors, size_t first = 0) const;
  /// As many ids as rows, none twice here and none that has() knows; then check_vectors. Caller holds writer_.
  void check_add(std::span<const Id> ids, std::span<const float> vectors) const;
  /// The same but for ids that are there.
  void check_update(std::span<const Id> ids, std::span<const float> vectors) const;
  void check_query(std::span<const float> query) const;
  void check_queries(std::span<const float> queries) const;
  /// check_query, and a radius that is a number (infinity is one).
  void check_range(std::span<const float> query, float radius) const;

  Options options_;
  mutable std::mutex writer_;
  mutable Gate gate_;
};

/// Options and any further texts as the section "options" of a file; threads are not kept.
using MoreTexts = std::map<std::string, std::string>;
std::string options_text(const Options& options, const MoreTexts& more = {});
struct OptionsRead {
  Options options;
  MoreTexts more;
};
/// Throws Corrupt.
OptionsRead read_options(const FileReader& file);

// What stands in `more`. Each throws Corrupt for what it is not.
uint64_t stored_number(const FileReader& file, const MoreTexts& more, const std::string& key);
/// From 0 to `most`; 0 where it is missing, as in files that were written before it was measured.
double stored_measure(const FileReader& file, const MoreTexts& more, const std::string& key, double most);
/// By the key "storage".
Storage stored_type(const FileReader& file, const MoreTexts& more);

/// |v| in double: of no finite vector does it overflow or vanish.
double norm_of(std::span<const float> v);
/// The same where v's sum of squares in float is known already.
double norm_of(std::span<const float> v, float squares);
/// v / |v|. The norm is taken in double, so that no finite vector overflows. Returns the norm.
double normalise(std::span<const float> v, float* out);

}  // namespace hanok::index
