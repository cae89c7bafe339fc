#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <mutex>
#include <random>

#include "base/json.h"
#include "base/random.h"
#include "chain/tools/input.h"
#include "hanok/error.h"
#include "hanok/traces.h"

namespace hanok::chain {

struct Trace::Impl {
  Receive receive;
  std::mutex mutex;
  base::Random random{std::random_device{}()};

  std::string digits(size_t n) {
    const std::scoped_lock lock(mutex);
    std::string out;
    char word[17];
    while (out.size() < n) {
      std::snprintf(word, sizeof word, "%016llx", static_cast<unsigned long long>(random.next() | 1));  // never zero
      out += word;
    }
    return out.substr(0, n);
  }
};

/// Where a thread stands: which trace, under which span.
struct TracePlace {
  std::shared_ptr<Trace> trace;
  std::string id, parent;
};

namespace {

constexpr size_t kTraceDigits = 32, kSpanDigits = 16;

thread_local TracePlace* place = nullptr;

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Trace::Trace(Receive receive) : impl_(std::make_shared<Impl>()) { impl_->receive = std::move(receive); }

std::shared_ptr<Trace> Trace::to_file(const std::filesystem::path& file) {
  auto out = std::make_shared<std::ofstream>(file);
  if (!*out) throw Error(Code::Unavailable, "trace " + file.string() + ": cannot be written");
  return std::make_shared<Trace>([out](const TraceSpan& span) { *out << trace_line(span) << "\n" << std::flush; });
}

Tracing::Tracing(std::shared_ptr<Trace> trace) : trace_(std::move(trace)), before_(place) {
  place_ = std::make_unique<TracePlace>(TracePlace{trace_, "", ""});
  place = trace_ ? place_.get() : nullptr;
}
Tracing::~Tracing() { place = static_cast<TracePlace*>(before_); }

TracePoint TracePoint::here() {
  TracePoint out;
  if (place) out.trace_ = place->trace, out.id_ = place->id, out.parent_ = place->parent;
  return out;
}

void TracePoint::run(const std::function<void()>& work) const {
  if (!trace_) return work();
  const Tracing scope(trace_);
  place->id = id_, place->parent = parent_;
  work();
}

OpenSpan::OpenSpan(std::string_view name) {
  if (!place) return;
  auto& impl = *place->trace->impl_;
  span_ = std::make_unique<TraceSpan>();
  span_->name = name;
  span_->trace = place->id.empty() ? impl.digits(kTraceDigits) : place->id;
  span_->id = impl.digits(kSpanDigits);
  span_->parent = place->parent;
  span_->start_ns = now_ns();
  exceptions_ = std::uncaught_exceptions();
  place->id = span_->trace, place->parent = span_->id;
}

OpenSpan::~OpenSpan() {
  if (!span_ || !place) return;
  span_->end_ns = now_ns();
  if (span_->error.empty() && std::uncaught_exceptions() > exceptions_) span_->error = "an error passed by";
  place->parent = span_->parent;
  if (span_->parent.empty()) place->id.clear();
  auto& impl = *place->trace->impl_;
  const std::scoped_lock lock(impl.mutex);
  try {
    impl.receive(*span_);
  } catch (...) {  // a trace that cannot be written does not undo what was done
  }
}

void OpenSpan::set(std::string_view key, std::string value) {
  if (span_) span_->attributes.emplace_back(key, std::move(value));
}

void OpenSpan::fail(std::string why) {
  if (span_) span_->error = std::move(why);
}

namespace {

/// How OTLP marks a value: whole numbers stand in quotes there, too.
const char* value_kind(std::string_view key) {
  for (const std::string_view number :
       {"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.request.max_tokens", "gen_ai.request.seed"})
    if (key == number) return "intValue";
  return "stringValue";
}

constexpr size_t kShown = 60;  // bytes of an attribute in a line of the tree

/// Behind a span's name, of its attributes: what a tool was called with, how many tokens a model read and wrote.
std::string brief(const TraceSpan& span) {
  std::string input, output, arguments;
  for (const auto& [key, value] : span.attributes) {
    if (key == "gen_ai.usage.input_tokens") input = value;
    if (key == "gen_ai.usage.output_tokens") output = value;
    if (key == "gen_ai.tool.call.arguments") arguments = value;
  }
  if (!input.empty()) return "  " + input + " tokens read, " + output + " written";
  if (arguments.empty()) return "";
  std::string cut = cut_bytes(arguments, kShown);
  std::replace(cut.begin(), cut.end(), '\n', ' ');
  return "  " + cut;
}

}  // namespace

std::string trace_line(const TraceSpan& span) {
  using base::OrderedJson;
  constexpr int kInternal = 1, kOk = 1, kError = 2;  // SpanKind and StatusCode of OTLP
  OrderedJson attributes = OrderedJson::array();
  for (const auto& [key, value] : span.attributes)
    attributes.push_back({{"key", key}, {"value", {{value_kind(key), value}}}});
  OrderedJson one{{"traceId", span.trace}, {"spanId", span.id}};
  if (!span.parent.empty()) one["parentSpanId"] = span.parent;
  one["name"] = span.name;
  one["kind"] = kInternal;
  one["startTimeUnixNano"] = std::to_string(span.start_ns);
  one["endTimeUnixNano"] = std::to_string(span.end_ns);
  one["attributes"] = attributes;
  one["status"] =
      span.error.empty() ? OrderedJson{{"code", kOk}} : OrderedJson{{"code", kError}, {"message", span.error}};
  const OrderedJson service{{"key", "service.name"}, {"value", {{"stringValue", "hanok"}}}};
  OrderedJson scope{{"scope", {{"name", "hanok"}}}, {"spans", OrderedJson::array({one})}};
  OrderedJson resource{{"resource", {{"attributes", OrderedJson::array({service})}}},
                       {"scopeSpans", OrderedJson::array({scope})}};
  return base::dump_json(OrderedJson{{"resourceSpans", OrderedJson::array({resource})}});
}

std::string trace_tree(std::span<const TraceSpan> spans) {
  std::map<std::string, std::vector<const TraceSpan*>> below;
  for (const auto& s : spans) below[s.parent].push_back(&s);
  for (auto& [id, list] : below)
    std::stable_sort(list.begin(), list.end(), [](const auto* a, const auto* b) { return a->start_ns < b->start_ns; });
  std::string out;
  const std::function<void(const std::string&, size_t)> show = [&](const std::string& parent, size_t depth) {
    const auto found = below.find(parent);
    if (found == below.end()) return;
    for (const TraceSpan* s : found->second) {
      char time[32];
      std::snprintf(time, sizeof time, "%10.3f ms  ", static_cast<double>(s->end_ns - s->start_ns) / 1e6);
      out += time + std::string(2 * depth, ' ') + s->name + brief(*s) +
             (s->error.empty() ? "" : "  failed: " + s->error) + "\n";
      show(s->id, depth + 1);
    }
  };
  show("", 0);
  return out;
}

}  // namespace hanok::chain
