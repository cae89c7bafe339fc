#include "index/base_index.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>
#include <unordered_set>

#include "base/json.h"
#include "base/threads.h"
#include "index/kinds.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kMaxDim = 65536;  // sums of byte squares fit 32 bits up to here

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + n;
  return out;
}

std::string number(double x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

// Whether the whole text is a number that fits.
template <typename T>
bool read_all(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string_view metric_name(Metric metric) {
  return metric == Metric::L2 ? "l2" : metric == Metric::InnerProduct ? "ip" : "cosine";
}

Metric metric_from(std::string_view name) {
  for (const Metric m : {Metric::L2, Metric::InnerProduct, Metric::Cosine})
    if (metric_name(m) == name) return m;
  throw Error(Code::Invalid, "metric '" + std::string(name) + "' is not one of l2, ip, cosine");
}

std::string_view storage_name(Storage storage) {
  constexpr std::string_view kNames[] = {"f32", "f16", "bf16", "sq8", "u8"};
  return kNames[static_cast<size_t>(storage)];
}

std::optional<Storage> storage_from(std::string_view name) {
  for (const Storage s : {Storage::F32, Storage::F16, Storage::Bf16, Storage::Sq8, Storage::U8})
    if (storage_name(s) == name) return s;
  return std::nullopt;
}

const std::string* Keys::find(const std::string& key) {
  known_.push_back(key);
  const auto it = set_.find(key);
  return it == set_.end() ? nullptr : &it->second;
}

void Keys::bad(const std::string& key, const std::string& value, const std::string& expected) const {
  throw Error(Code::Invalid, "index '" + kind_ + "': " + key + "=" + value + ", expected " + expected);
}

size_t Keys::integer(const std::string& key, size_t fallback, size_t least, size_t most) {
  const std::string* text = find(key);
  if (!text) return fallback;
  size_t value = 0;
  if (!read_all(*text, value) || value < least || value > most)
    bad(key, *text, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}

double Keys::real(const std::string& key, double fallback, double least, double most) {
  const std::string* text = find(key);
  if (!text) return fallback;
  double value = 0;
  if (!read_all(*text, value) || !(value >= least && value <= most))
    bad(key, *text, "a number from " + number(least) + " to " + number(most));
  return value;
}

std::string Keys::choice(const std::string& key, const std::vector<std::string>& values) {
  const std::string* text = find(key);
  if (!text) return values.front();
  if (std::find(values.begin(), values.end(), *text) == values.end()) bad(key, *text, "one of " + list(values));
  return *text;
}

void Keys::done() const {
  for (const auto& [key, value] : set_)
    if (key != kAutoKey && key != kPromiseKey && std::find(known_.begin(), known_.end(), key) == known_.end())
      throw Error(Code::Invalid, "index '" + kind_ + "' has no key '" + key + "'; its keys are " +
                                     (known_.empty() ? "none" : list(known_)));
}

BaseIndex::BaseIndex(const Options& options) : options_(options) {
  if (options.dim < 1 || options.dim > kMaxDim)
    throw Error(Code::Invalid, "index: dim is " + std::to_string(options.dim) + ", expected 1 to 65536");
}

void BaseIndex::note(const std::string& key, std::string text) {
  std::lock_guard writing(writer_);
  options_.set[key] = std::move(text);
}

void BaseIndex::forget_promise() { options_.set.erase(kPromiseKey); }

void BaseIndex::check_vectors(std::span<const float> vectors, size_t first) const {
  if (vectors.size() % dim() != 0)
    throw Error(Code::Invalid, "vectors: " + std::to_string(vectors.size()) + " numbers are no whole rows of dim " +
                                   std::to_string(dim()));
  for (size_t row = 0; row * dim() < vectors.size(); ++row) {
    const auto v = vectors.subspan(row * dim(), dim());
    float largest = 0;
    for (size_t j = 0; j < dim(); ++j) {
      if (!std::isfinite(v[j]))
        throw Error(Code::Invalid, "vector " + std::to_string(first + row) + ": component " + std::to_string(j) +
                                       " is " + number(v[j]) + ", expected a finite number");
      largest = std::max(largest, std::abs(v[j]));
    }
    if (metric() != Metric::Cosine || largest >= std::numeric_limits<float>::min()) continue;
    if (largest == 0)
      throw Error(Code::Invalid,
                  "vector " + std::to_string(first + row) + " is zero, which has no direction: cosine is undefined");
    if (norm_of(v) < std::numeric_limits<float>::min())
      throw Error(Code::Invalid, "vector " + std::to_string(first + row) + " has the length " + number(norm_of(v)) +
                                     ", too short for a direction in float32: cosine takes lengths from 1.2e-38; scale "
                                     "the vector up");
  }
}

void BaseIndex::check_update(std::span<const Id> ids, std::span<const float> vectors) const {
  if (vectors.size() != ids.size() * dim())
    throw Error(Code::Invalid, "add: " + std::to_string(ids.size()) + " ids need " +
                                   std::to_string(ids.size() * dim()) + " numbers (dim " + std::to_string(dim()) +
                                   "), found " + std::to_string(vectors.size()));
  std::unordered_set<Id> seen(ids.size());
  for (const Id id : ids)
    if (!seen.insert(id).second) throw Error(Code::Invalid, "add: id " + std::to_string(id) + " comes twice");
  check_vectors(vectors);
}

void BaseIndex::check_add(std::span<const Id> ids, std::span<const float> vectors) const {
  check_update(ids, vectors);
  for (const Id id : ids)
    if (has(id))
      throw Error(Code::Exists, "add: id " + std::to_string(id) + " is in the index; update replaces its vector");
}

void BaseIndex::check_query(std::span<const float> query) const {
  if (query.size() != dim())
    throw Error(Code::Invalid,
                "query: has " + std::to_string(query.size()) + " numbers, the index has dim " + std::to_string(dim()));
  check_vectors(query);
}

void BaseIndex::check_queries(std::span<const float> queries) const { check_vectors(queries); }

void BaseIndex::check_range(std::span<const float> query, float radius) const {
  check_query(query);
  if (std::isnan(radius)) throw Error(Code::Invalid, "range search: radius is NaN, expected a number");
}

std::vector<std::vector<Match>> BaseIndex::search_batch(std::span<const float> queries, size_t k,
                                                        const SearchOptions& options) const {
  check_queries(queries);
  std::vector<std::vector<Match>> out(queries.size() / dim());
  SearchOptions one = options;
  one.threads = 1;
  constexpr size_t kGrain = 4;  // queries of some ten microseconds each: hand-out costs little beside them
  base::parallel_for(
      out.size(), kGrain,
      [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) out[i] = search(queries.subspan(i * dim(), dim()), k, one);
      },
      options.threads);
  return out;
}

std::string options_text(const Options& options, const MoreTexts& more) {
  base::Json json{{"dim", options.dim},
                  {"metric", metric_name(options.metric)},
                  {"seed", options.seed},
                  {"set", options.set},
                  {"more", more}};
  return base::dump_json(json);
}

OptionsRead read_options(const FileReader& file) {
  OptionsRead out;
  try {
    const auto json = base::parse_json(file.text("options"), "options");
    out.options.dim = json.at("dim").get<size_t>();
    out.options.metric = metric_from(json.at("metric").get<std::string>());
    out.options.seed = json.at("seed").get<uint64_t>();
    out.options.set = json.at("set").get<std::map<std::string, std::string>>();
    out.more = json.at("more").get<MoreTexts>();
  } catch (const std::exception& e) {
    file.corrupt(std::string("section 'options': ") + e.what());
  }
  if (out.options.dim < 1 || out.options.dim > kMaxDim)
    file.corrupt("section 'options': dim is " + std::to_string(out.options.dim) + ", expected 1 to 65536");
  return out;
}

uint64_t stored_number(const FileReader& file, const MoreTexts& more, const std::string& key) {
  const auto it = more.find(key);
  uint64_t value = 0;
  if (it == more.end() || !read_all(it->second, value))
    file.corrupt("section 'options': '" + key + "' is missing or no number");
  return value;
}

double stored_measure(const FileReader& file, const MoreTexts& more, const std::string& key, double most) {
  const auto it = more.find(key);
  if (it == more.end()) return 0;
  double value = -1;
  if (!read_all(it->second, value) || !(value >= 0 && value <= most))
    file.corrupt("section 'options': " + key + " '" + it->second + "' is no number from 0 to " +
                 std::to_string(std::lround(most)));
  return value;
}

Storage stored_type(const FileReader& file, const MoreTexts& more) {
  const auto it = more.find("storage");
  const auto storage = it == more.end() ? std::nullopt : storage_from(it->second);
  if (!storage) file.corrupt("section 'options' names no storage that is known");
  return *storage;
}

namespace {

constexpr float kLeast = 1e-20f, kMost = 1e30f;  // where a float sum of squares neither overflows nor loses digits

}  // namespace

double norm_of(std::span<const float> v) { return norm_of(v, math::distance().ip_f32(v.data(), v.data(), v.size())); }

double norm_of(std::span<const float> v, float squares) {
  double sum = squares;
  if (!(sum > kLeast && sum < kMost)) {
    sum = 0;
    for (const float x : v) sum += static_cast<double>(x) * x;
  }
  return std::sqrt(sum);
}

double normalise(std::span<const float> v, float* out) {
  const double norm = norm_of(v);
  if (norm > kLeast && norm < kMost) {
    const auto inverse = static_cast<float>(1 / norm);
    for (size_t j = 0; j < v.size(); ++j) out[j] = v[j] * inverse;
  } else {
    for (size_t j = 0; j < v.size(); ++j) out[j] = static_cast<float>(v[j] / norm);
  }
  return norm;
}

}  // namespace hanok::index
