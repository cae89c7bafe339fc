#include "server/http/metrics.h"

#include <algorithm>
#include <cstdio>

#include "base/memory.h"

namespace hanok::server {
namespace {

// Whatever a client sends as its method must not become a row of its own.
bool is_known_method(const std::string& method) {
  static constexpr std::array<const char*, 7> known{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  return std::find(known.begin(), known.end(), method) != known.end();
}

std::string plain(double value) {
  char out[32];
  std::snprintf(out, sizeof out, "%.9g", value);
  return out;
}

void head(std::string& out, const std::string& name, const char* type, const char* help) {
  out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

void value(std::string& out, const std::string& name, const char* type, const char* help, double number) {
  head(out, name, type, help);
  out += name + " " + plain(number) + "\n";
}

}  // namespace

void Metrics::count(const Served& served) {
  std::lock_guard lock(mutex_);
  Row& row =
      rows_[{is_known_method(served.method) ? served.method : "other", served.route.empty() ? "none" : served.route}];
  ++row.by_status[served.status];
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), served.seconds) - kBounds.begin();
  ++row.within[static_cast<size_t>(bound)];
  row.seconds += served.seconds;
  row.bytes_in += served.bytes_in;
  row.bytes_out += served.bytes_out;
}

void Metrics::add(const std::string& kind, uint64_t n) {
  std::lock_guard lock(mutex_);
  counted_[kind] += n;
}

std::string Metrics::text(const ListenNumbers& now) const {
  std::string out;
  std::lock_guard lock(mutex_);
  const auto labels = [](const auto& key) { return "method=\"" + key.first + "\",route=\"" + key.second + "\""; };
  head(out, "hanok_http_requests_total", "counter", "requests that were answered; 499: the client was gone");
  for (const auto& [key, row] : rows_)
    for (const auto& [status, n] : row.by_status)
      out += "hanok_http_requests_total{" + labels(key) + ",status=\"" + std::to_string(status) + "\"} " +
             std::to_string(n) + "\n";
  head(out, "hanok_http_request_seconds", "histogram", "from the first byte of a request to the last of its answer");
  for (const auto& [key, row] : rows_) {
    uint64_t sum = 0;
    for (size_t i = 0; i <= kBounds.size(); ++i) {
      sum += row.within[i];
      out += "hanok_http_request_seconds_bucket{" + labels(key) + ",le=\"" +
             (i < kBounds.size() ? plain(kBounds[i]) : std::string("+Inf")) + "\"} " + std::to_string(sum) + "\n";
    }
    out += "hanok_http_request_seconds_sum{" + labels(key) + "} " + plain(row.seconds) +
           "\nhanok_http_request_seconds_count{" + labels(key) + "} " + std::to_string(sum) + "\n";
  }
  head(out, "hanok_http_bytes_total", "counter", "bytes of bodies that came, and of answers");
  for (const auto& [key, row] : rows_) {
    out += "hanok_http_bytes_total{" + labels(key) + ",way=\"in\"} " + std::to_string(row.bytes_in) + "\n";
    out += "hanok_http_bytes_total{" + labels(key) + ",way=\"out\"} " + std::to_string(row.bytes_out) + "\n";
  }
  value(out, "hanok_connections", "gauge", "connections that are open", static_cast<double>(now.connections));
  value(out, "hanok_connections_total", "counter", "connections that were taken", static_cast<double>(now.accepted));
  value(out, "hanok_connections_refused_total", "counter", "connections that were one too many",
        static_cast<double>(now.refused_connections));
  value(out, "hanok_body_bytes", "gauge", "bytes of requests that are being read or worked on",
        static_cast<double>(now.body_bytes));
  head(out, "hanok_lane_requests", "gauge", "requests that are worked on, or wait, by lane");
  for (size_t i = 0; i < kLanes; ++i) {
    const std::string lane(lane_name(static_cast<Lane>(i)));
    out += "hanok_lane_requests{lane=\"" + lane + "\",state=\"busy\"} " + std::to_string(now.busy[i]) + "\n";
    out += "hanok_lane_requests{lane=\"" + lane + "\",state=\"waiting\"} " + std::to_string(now.waiting[i]) + "\n";
  }
  for (const auto& [kind, n] : counted_)
    value(out, "hanok_" + kind + "_total", "counter", "counted by routes", static_cast<double>(n));
  value(out, "process_resident_memory_bytes", "gauge", "bytes of this process in memory",
        static_cast<double>(base::process_memory().resident));
  return out;
}

}  // namespace hanok::server
