// What the server counts, in Prometheus' text format.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "server/http/listener.h"

namespace hanok::server {

/// Every method may be called from several threads.
class Metrics {
 public:
  void count(const Served& served);
  /// "tokens" of {"prompt" | "completion"}, and what else a route counts: hanok_KIND_total.
  void add(const std::string& kind, uint64_t n);
  std::string text(const ListenNumbers& now) const;

 private:
  static constexpr std::array<double, 12> kBounds{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30};  // seconds
  struct Row {
    std::map<int, uint64_t> by_status;
    std::array<uint64_t, kBounds.size() + 1> within{};
    double seconds = 0;
    uint64_t bytes_in = 0, bytes_out = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Row> rows_;  // by method and route
  std::map<std::string, uint64_t> counted_;
};

}  // namespace hanok::server
