// Which kind for these vectors? By size and dimension, and above that by trying both approximate kinds on a sample.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>

#include "hanok/index.h"

namespace hanok::index {

struct Choice {
  std::string kind;                        // "flat", "hnsw" or "ivf"
  std::string why;                         // one sentence with the numbers that decided
  std::map<std::string, std::string> set;  // keys that the choice needs
};

/// What is to be indexed; `row` writes vector i of `vectors` into dim floats.
struct Question {
  Options options;  // dim, metric, seed, threads; set = keys that all kinds have
  size_t vectors = 0;
  size_t exact_up_to = 0;  // so many are scanned
  double recall = 0.99;    // of ten neighbours, at which the approximate kinds are compared
  bool small = false;      // least memory rather than least time
  std::function<void(size_t i, float* out)> row;
};

/// Vectors of `dim` numbers that a scan of all answers fast enough: kScanBytes of codes, some half a millisecond.
size_t scanned_fast(size_t dim);

/// Of three digits, for people.
std::string short_number(double x);

/// Microseconds of this thread's processor time that a search for k takes, one query [n, dim] at a time.
double search_us(const Index& index, std::span<const float> queries, size_t k, const SearchOptions& options);

/// The comparison takes processor time, so two machines may choose differently; each kind by itself is the same
/// everywhere.
Choice choose(const Question& question);

}  // namespace hanok::index
