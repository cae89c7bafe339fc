// What happened inside a chain, a retrieval or an agent: spans as OpenTelemetry has them. Part of the door of room
// `chain`.
//
//   const auto trace = hanok::chain::Trace::to_file("run.jsonl");
//   const hanok::chain::Tracing scope(trace);          // everything that this thread does under it is written down
//   chain.invoke({{"text", "hello"}});
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hanok::chain {

/// A piece of work that has ended.
struct TraceSpan {
  std::string trace, id, parent;     // 32, 16 and 16 hexadecimal digits; no parent: empty
  std::string name;                  // "chat", "prompt", "tool calculator", ...
  int64_t start_ns = 0, end_ns = 0;  // since 1970, UTC
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string error;  // empty: it went well
};

/// Receives spans as they end. Safe to share between threads.
class Trace {
 public:
  using Receive = std::function<void(const TraceSpan&)>;  // one call at a time
  explicit Trace(Receive receive);
  /// OTLP as JSON, a line a span, as OpenTelemetry's file exporter writes and its collector reads. Throws Unavailable
  /// where the file cannot be written.
  static std::shared_ptr<Trace> to_file(const std::filesystem::path& file);

 private:
  friend class OpenSpan;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Makes a trace the one of this thread while the object lives, with what chains do for it on other threads. Outside of
/// every scope nothing is written down, and a span costs a comparison.
class Tracing {
 public:
  explicit Tracing(std::shared_ptr<Trace> trace);
  ~Tracing();
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;

 private:
  std::shared_ptr<Trace> trace_;
  void* before_;
  std::unique_ptr<struct TracePlace> place_;
};

/// Where a thread stands in its trace, to go on from there on another one.
class TracePoint {
 public:
  static TracePoint here();
  /// Runs `work` as if it were called where this was taken.
  void run(const std::function<void()>& work) const;

 private:
  std::shared_ptr<Trace> trace_;
  std::string id_, parent_;
};

/// A piece of work from here to the end of the block; an exception that passes by is its error.
class OpenSpan {
 public:
  explicit OpenSpan(std::string_view name);
  ~OpenSpan();
  OpenSpan(const OpenSpan&) = delete;
  OpenSpan& operator=(const OpenSpan&) = delete;

  bool traced() const { return span_ != nullptr; }
  void set(std::string_view key, std::string value);
  void fail(std::string why);

 private:
  std::unique_ptr<TraceSpan> span_;
  int exceptions_ = 0;
};

/// Spans as a tree, a line each with its time, children in the order in which they began.
std::string trace_tree(std::span<const TraceSpan> spans);
/// One line of OTLP JSON.
std::string trace_line(const TraceSpan& span);

}  // namespace hanok::chain
