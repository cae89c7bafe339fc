#include "server/http/router.h"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <map>
#include <span>

namespace hanok::server {
namespace {

/// "/a/b" and "/a/b/" are a, b; "/a//b" has an empty one between.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return out;
  for (;;) {
    const size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == path.npos) return out;
    path.remove_prefix(slash + 1);
  }
}

bool is_capture(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

bool below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (prefix.empty() || path.size() == prefix.size() || path[prefix.size()] == '/' || prefix.ends_with('/'));
}

}  // namespace

std::string_view lane_name(Lane lane) {
  static constexpr std::array<std::string_view, kLanes> names{"quick", "write", "embed", "generate"};
  return names[static_cast<size_t>(lane)];
}

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
  std::unique_ptr<Node> capture;
  std::vector<const Route*> routes;  // those with a header first

  /// The routes of the best pattern that matches, with the segments that its captures take; empty: none does.
  const Node* find(std::span<const std::string_view> path, std::vector<std::string_view>& taken) const {
    if (path.empty()) return routes.empty() ? nullptr : this;
    if (const auto next = literal.find(path[0]); next != literal.end())
      if (const Node* found = next->second->find(path.subspan(1), taken)) return found;
    if (!capture || path[0].empty()) return nullptr;
    taken.push_back(path[0]);
    if (const Node* found = capture->find(path.subspan(1), taken)) return found;
    taken.pop_back();
    return nullptr;
  }
};

Router::Router(ProblemWriter problem) : root_(std::make_unique<Node>()) {
  groups_.emplace_back("", std::make_unique<ProblemWriter>(std::move(problem)));
}
Router::~Router() = default;

Router::Group Router::group(std::string prefix, std::string tag, ProblemWriter problem) {
  groups_.emplace_back(prefix, std::make_unique<ProblemWriter>(std::move(problem)));
  return Group(*this, std::move(prefix), std::move(tag), groups_.back().second.get());
}

Router::Group& Router::Group::add(std::string method, std::string pattern, Handler handler, RouteOptions options) {
  auto route = std::make_unique<Route>(
      Route{std::move(method), prefix_ + pattern, std::move(handler), std::move(options), tag_, problem_});
  router_.insert(route.get());
  router_.routes_.push_back(std::move(route));
  return *this;
}

Router::Group& Router::Group::not_served(const std::string& pattern, std::string why) {
  router_.not_served_.push_back({prefix_ + pattern, std::move(why), problem_});
  return *this;
}

void Router::insert(const Route* route) {
  Node* node = root_.get();
  for (const std::string_view segment : segments_of(route->pattern)) {
    std::unique_ptr<Node>& next = is_capture(segment) ? node->capture : node->literal[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  for (const Route* other : node->routes)
    if (other->method == route->method && other->options.with_header == route->options.with_header)
      throw Error(Code::Invalid, "two routes for " + route->method + " " + route->pattern + " and " + other->pattern);
  const auto before = route->options.with_header.empty() ? node->routes.end() : node->routes.begin();
  node->routes.insert(before, route);
}

Router::Found Router::find(Request& request) const {
  Found out;
  size_t longest = 0;
  for (const auto& [prefix, writer] : groups_)
    if (prefix.size() >= longest && below(request.path, prefix)) {
      if (out.problem && prefix.size() == longest) continue;  // the first of equals
      longest = prefix.size(), out.problem = writer.get();
    }
  std::vector<std::string_view> taken;
  const Node* node = request.path.starts_with('/') ? root_->find(segments_of(request.path), taken) : nullptr;
  if (!node) {
    out.refusal = {.status = 404, .message = "there is nothing at " + request.path, .code = "not_found"};
    for (const auto& [prefix, why, problem] : not_served_)
      if (below(request.path, prefix)) {
        out.problem = problem;
        out.refusal = {.status = 501, .message = request.path + ": " + why, .code = "not_implemented"};
        break;
      }
    return out;
  }
  std::string allow;
  for (const Route* route : node->routes) {
    const std::string& header = route->options.with_header;
    if (!header.empty() && request.header(header).empty()) continue;
    out.problem = route->problem;
    if (route->method == request.method || (request.method == "HEAD" && route->method == "GET")) {
      out.route = route;
      break;
    }
    if (allow.find(route->method) == allow.npos) allow += (allow.empty() ? "" : ", ") + route->method;
    if (route->method == "GET" && allow.find("HEAD") == allow.npos) allow += ", HEAD";
  }
  if (!out.route) {
    out.refusal = {.status = 405,
                   .message = request.method + " does not go with " + request.path + "; " + allow + " does",
                   .code = "method_not_allowed",
                   .headers = {{"allow", allow}}};
    return out;
  }
  request.route = out.route->pattern;
  size_t n = 0;
  for (const std::string_view segment : segments_of(out.route->pattern)) {
    if (!is_capture(segment)) continue;
    auto value = percent_decoded(taken[n++]);
    if (!value) {
      out.refusal = {.status = 400,
                     .message = request.path + ": '" + std::string(taken[n - 1]) +
                                "' is no percent-encoded UTF-8 text without NUL",
                     .code = "invalid"};
      out.route = nullptr;
      return out;
    }
    request.captures[std::string(segment.substr(1, segment.size() - 2))] = std::move(*value);
  }
  return out;
}

Reply Router::run(const Found& found, const Request& request) const {
  const Context::Scope scope(request.context);
  if (!found.route) return refuse(*found.problem, found.refusal, request);
  try {
    return found.route->handler(request);
  } catch (const std::exception& error) {
    return refuse(*found.problem, problem_of(error), request);
  }
}

Reply Router::handle(Request request) const {
  const Found found = find(request);
  if (found.route && found.route->options.scope > request.access.widest())
    return refuse(
        *found.problem,
        {.status = 403,
         .message = "this needs a key with the scope '" + std::string(scope_name(found.route->options.scope)) + "'",
         .code = "forbidden"},
        request);
  return run(found, request);
}

Reply refuse(const ProblemWriter& writer, const Problem& problem, const Request& request) {
  Reply out = writer(problem, request);
  if (out.status == 200) out.status = problem.status;  // a writer may say another: 410 for a version that is gone
  for (const auto& header : problem.headers) out.headers.push_back(header);
  if (problem.retry_after_s > 0) out.headers.emplace_back("retry-after", std::to_string(problem.retry_after_s));
  return out;
}

}  // namespace hanok::server
